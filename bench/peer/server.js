// The live city on Socket.IO: the same rooms, messages and token check as the
// gateway, in the way a Socket.IO server is usually written. It is told what to
// do on standard input, as bench/server.go is, and ends with it.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Server } from "socket.io";

const ROOMS = 200;
const secret = process.env.JWT_SECRET;

const rooms = new Map();
for (let i = 0; i < ROOMS; i++) {
  const slug = `room-${String(i).padStart(3, "0")}`;
  rooms.set(slug, {
    room_slug: slug, online_count: i, typing_count: 1, active_count: i, idle_count: 0,
    agent_count: 0, stale: false, source: "matrix", as_of: Date.now(),
  });
}
const slugs = [...rooms.keys()];

function verify(token) {
  const [head, body, signature] = token.split(".");
  if (JSON.parse(Buffer.from(head, "base64url")).alg !== "HS256") throw new Error("algorithm");
  const proof = createHmac("sha256", secret).update(`${head}.${body}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (given.length !== proof.length || !timingSafeEqual(given, proof)) throw new Error("signature");
  const claims = JSON.parse(Buffer.from(body, "base64url"));
  if (claims.iss !== "daarion-auth" || claims.type !== "access") throw new Error("issuer or type");
  if (!(claims.exp * 1000 > Date.now())) throw new Error("expired");
  return claims;
}

const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false, perMessageDeflate: false });
io.use((socket, next) => {
  try {
    socket.data.user = verify(socket.handshake.auth.token).sub;
    next();
  } catch (err) {
    next(err);
  }
});
io.on("connection", (socket) => {
  socket.join("city");
  socket.emit("snapshot", { rooms: [...rooms.values()] });
});

let turn = 0;
function change() {
  const slug = slugs[turn++ % ROOMS];
  const now = Date.now();
  const room = { ...rooms.get(slug), online_count: Math.floor((performance.timeOrigin + performance.now()) * 1000), as_of: now };
  rooms.set(slug, room);
  io.to("city").emit("room.presence", room);
}

function tell(n) {
  for (let i = 0; i < n; i++) change();
}

let rate = 0, since = 0, told = 0;
setInterval(() => {
  const due = Math.floor(((performance.now() - since) / 1000) * rate) - told;
  if (due > 0) {
    told += due;
    tell(due);
  }
}, 5);

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [command, argument] = line.split(" ");
    const n = Number(argument);
    if (command === "rate") {
      rate = n;
      since = performance.now();
      told = 0;
    } else if (command === "more") {
      tell(n);
    }
  })
  .on("close", () => process.exit(0));

// The default backlog of 511 would make a storm of connections wait for TCP's
// retransmissions, which says nothing about Socket.IO.
http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => console.log(`ready ${http.address().port}`));
