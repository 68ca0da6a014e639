// One shared space on Socket.IO as the first server did it: every update is
// relayed to everybody else at once.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false, perMessageDeflate: false });

io.on("connection", (socket) => {
  let room = "";
  socket.on("join-space", (data) => {
    room = `${data.spaceType}:${data.spaceId}:${data.subspace ?? "main"}`;
    socket.join(room);
    const users = [...(io.sockets.adapter.rooms.get(room) ?? [])].map((id) => ({ socketId: id, userAccount: null }));
    socket.emit("space-joined", { success: true, ...data, users, timestamp: Date.now() });
    socket.to(room).emit("user-joined", { socketId: socket.id, userAccount: null, timestamp: Date.now() });
  });
  socket.on("aframe-update", (entityData) => {
    if (room) socket.to(room).emit("aframe-update", { socketId: socket.id, userAccount: null, entityData, timestamp: Date.now() });
  });
});

createInterface({ input: process.stdin }).on("close", () => process.exit(0));
http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => console.log(`ready ${http.address().port}`));
