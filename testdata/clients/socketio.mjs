// Two people with the real socket.io-client, as a page of the first server would
// use it. Arguments: the address, a token for the first of them, and the
// transports ("default", "websocket" or "polling"). Ends with 0 when everything
// came as it should; the test that runs this bounds the time.
import assert from "node:assert/strict";
import { io } from "socket.io-client";

const [base, token, transports] = process.argv.slice(2);
const options = transports === "default" ? {} : { transports: [transports] };

const heard = (socket, event, fits = () => true) =>
  new Promise((resolve) => {
    const listen = (data) => {
      if (!fits(data)) return;
      socket.off(event, listen);
      resolve(data);
    };
    socket.on(event, listen);
  });

const connect = async (auth) => {
  const socket = io(base, { ...options, auth, forceNew: true });
  socket.on("connect_error", (error) => console.error("connect_error:", error.message));
  await heard(socket, "connect");
  return socket;
};

const place = { spaceType: "global", spaceId: "lobby", subspace: `main-${transports}`, userAccount: "admin" };
const alice = await connect({ token });
const guest = await connect();

const aliceJoined = heard(alice, "space-joined");
alice.emit("join-space", { ...place, position: { x: 1, y: 1.6, z: -3 } });
assert.equal((await aliceJoined).users.length, 1);

const arrival = heard(alice, "user-joined");
const guestJoined = heard(guest, "space-joined");
const ack = await guest.emitWithAck("join-space", place);
assert.deepEqual(ack, { success: true, space: `global:lobby:main-${transports}` });
const { users } = await guestJoined;
assert.deepEqual(new Set(users.map((u) => u.socketId)), new Set([alice.id, guest.id]));
const shown = users.find((u) => u.socketId === alice.id);
assert.equal(shown.userAccount, "alice");
assert.deepEqual(shown.position, { x: 1, y: 1.6, z: -3 });
const { socketId, userAccount } = await arrival;
assert.deepEqual([socketId, userAccount], [guest.id, null]);

// Motion: the newest place always arrives.
const last = heard(guest, "aframe-update", (m) => m.entityData.position?.x === 20);
for (let x = 1; x <= 20; x++) {
  alice.emit("aframe-update", { position: { x, y: 1.6, z: 0 }, rotation: { x: 0, y: 90, z: 0 } });
}
assert.equal((await last).userAccount, "alice");

// Chat reaches everybody, the writer too, and is acknowledged when stored.
const lines = [heard(alice, "chat-message"), heard(guest, "chat-message")];
const stored = await guest.emitWithAck("chat-message", { content: "héllo 🦊 שלום" });
for (const line of await Promise.all(lines)) {
  assert.equal(line.content, "héllo 🦊 שלום");
  assert.equal(line.id, stored.message.id);
  assert.equal(line.user_account, null);
}

// What is written over REST reaches the same people.
const overRest = [heard(alice, "chat-message"), heard(guest, "chat-message")];
const written = await fetch(`${base}/api/chat/global/lobby/messages`, {
  method: "POST",
  headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
  body: JSON.stringify({ content: "over REST", subspace: place.subspace }),
});
assert.equal(written.ok, true, await written.text());
for (const line of await Promise.all(overRest)) {
  assert.deepEqual([line.content, line.user_account], ["over REST", "alice"]);
}

const offer = heard(guest, "webrtc-offer");
alice.emit("webrtc-offer", { targetSocketId: guest.id, offer: { type: "offer", sdp: "v=0" } });
assert.deepEqual(await offer, { offer: { type: "offer", sdp: "v=0" }, fromSocketId: alice.id, fromUser: "alice" });

const refusal = heard(guest, "chat-error");
const failed = await guest.emitWithAck("chat-message", { content: { not: "text" } });
assert.equal(failed.success, false);
assert.match((await refusal).error, /content/);

if (transports === "default") assert.equal(alice.io.engine.transport.name, "websocket");
if (transports === "polling") assert.equal(alice.io.engine.transport.name, "polling");

const gone = heard(guest, "user-left");
const aliceId = alice.id;
alice.disconnect();
assert.equal((await gone).socketId, aliceId);
guest.disconnect();
