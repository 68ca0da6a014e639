// A stock socket.io-client against the gateway's transport.
//
//   node socketio.js URL default|websocket|polling
//
// Ends with 0 when everything was as it should be; otherwise with 1, and says
// what was not.
import assert from "node:assert/strict";
import { once } from "node:events";
import { io } from "socket.io-client";

const [url, transport] = process.argv.slice(2);
const transports = transport === "default" ? undefined : [transport];

const connect = (path = "", options = {}) => io(url + path, { transports, forceNew: true, ...options });

// next resolves with the arguments of the socket's next event of this name.
const next = (socket, name) => new Promise((resolve) => socket.once(name, (...args) => resolve(args)));

async function echo(socket, ...args) {
  const back = next(socket, "message-back");
  socket.emit("message", ...args);
  assert.deepEqual(await back, args);
}

async function basics() {
  const socket = connect("", { auth: { token: "größer 🐙" } });
  assert.deepEqual(await next(socket, "auth"), [{ token: "größer 🐙" }]);
  await echo(socket, 1, "2", { 3: [true, null] }, "größer 🐙 \u2028 \x1e", "\"]},");
  assert.deepEqual(await socket.emitWithAck("message-with-ack", { a: "b" }), { a: "b" });
  const callback = new Promise((resolve) => socket.emit("message-with-ack", 1, [2], (...args) => resolve(args)));
  assert.deepEqual(await callback, [1, [2]]);

  const bytes = Buffer.from([0, 1, 2, 0xff]);
  await echo(socket, bytes, { deep: [bytes, "x"] });
  const answered = await socket.emitWithAck("message-with-ack", { file: bytes });
  assert.deepEqual(answered, { file: bytes });

  const long = "ü🐙".repeat(100_000); // 600 kB
  await echo(socket, long);
  await echo(socket, Buffer.alloc(600_000, 7));
  await echo(socket, "after");
  socket.close();
}

async function namespaces() {
  const root = connect();
  await next(root, "auth");
  const custom = root.io.socket("/custom");
  await next(custom, "auth");
  assert.notEqual(root.id, custom.id);
  await Promise.all([echo(root, "root"), echo(custom, "custom")]);

  const unknown = root.io.socket("/unknown");
  const [refusal] = await next(unknown, "connect_error");
  assert.equal(refusal.message, "Invalid namespace");

  const gone = next(custom, "disconnect");
  custom.emit("leave");
  assert.equal((await gone)[0], "io server disconnect");
  custom.connect();
  await next(custom, "auth");
  await Promise.all([echo(root, "root"), echo(custom, "custom")]);
  root.close();
  custom.close();
}

// Pings come every 300 ms here: the client must live through some.
async function heartbeats() {
  const socket = connect();
  await next(socket, "auth");
  for (let i = 0; i < 3; i++) await once(socket.io, "ping");
  await echo(socket, "alive");
  socket.close();
}

// Whenever the upgrade comes, echoes are in order and complete.
async function inOrder() {
  const socket = connect();
  let expected = 0;
  const done = new Promise((resolve, reject) => {
    socket.on("message-back", (n) => {
      if (n !== expected) reject(new Error(`echo ${n} instead of ${expected}`));
      if (++expected === 300) resolve();
    });
    socket.on("disconnect", (reason) => reject(new Error(`disconnected: ${reason}`)));
  });
  for (let i = 0; i < 300; i++) {
    socket.emit("message", i);
    if (i % 10 === 0) await new Promise(setImmediate);
  }
  await done;
  const engine = socket.io.engine;
  const last = transport === "polling" ? "polling" : "websocket";
  if (engine.transport.name !== last) await once(engine, "upgrade");
  assert.equal(engine.transport.name, last);
  socket.off("disconnect");
  socket.close();
}

const limit = setTimeout(() => {
  console.error("took longer than three minutes");
  process.exit(1);
}, 180_000);
try {
  for (const check of [basics, namespaces, heartbeats]) await check();
  await Promise.all(Array.from({ length: 12 }, inOrder));
  clearTimeout(limit);
} catch (err) {
  console.error(err);
  process.exit(1);
}
