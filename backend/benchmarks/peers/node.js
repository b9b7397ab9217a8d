// Node's own Socket.IO server, as its documentation starts it: node.js PORT PAD
import { Server } from "socket.io";

const [port, pad] = process.argv.slice(2).map(Number);
const padding = "x".repeat(pad);
const io = new Server(port);
let seq = 0;

io.on("connection", (socket) => {
  socket.emit("session:ready", { user: socket.handshake.auth.token });
  socket.on("room:join", ({ room_id }, ack) => {
    socket.join(room_id);
    ack({ ok: true });
  });
  socket.on("message:send", ({ room_id, text }, ack) => {
    io.to(room_id).emit("message:created", { seq: ++seq, text, pad: padding });
    ack({ ok: true });
  });
});
