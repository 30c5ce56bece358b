// The official server, for the tests of our client. It says its port in a line, and ends with its input.
import { createServer } from "node:http";
import { Server } from "socket.io";
import * as msgpack from "socket.io-msgpack-parser";

const o = JSON.parse(process.argv[2]);
const http = createServer();
const io = new Server(http, {
  pingInterval: 2000,
  pingTimeout: 5000,
  ...(o.msgpack ? { parser: msgpack } : {}),
  ...(o.recovery ? { connectionStateRecovery: {} } : {}),
});

function common(socket) {
  socket.on("echo", (...args) => socket.emit("echo", ...args));
  socket.on("ack", (...args) => args.pop()(...args));
  socket.on("say", (text, done) => {
    io.of(socket.nsp.name).to("room").emit("said", text, Buffer.from([1, 2, 255]));
    done(text);
  });
  socket.on("where", (done) => done(socket.nsp.name, socket.handshake.auth, socket.conn.transport.name));
  socket.on("question me", async (text, done) => {
    try {
      const got = await socket.timeout(5000).emitWithAck("question", text);
      done(got.answer, got.data.length);
    } catch (e) {
      done(e.message, 0);
    }
  });
  socket.on("join", (done) => {
    socket.join("room");
    done();
  });
  socket.on("send me away", () => socket.disconnect());
  socket.on("cut", () => socket.conn.close());
  socket.on("later", () => {
    // What is emitted when the client has gone is what it misses.
    socket.once("disconnect", () => {
      io.to("room").emit("said", "missed 1", Buffer.from([1]));
      io.to("room").emit("said", "missed 2", Buffer.from([1, 2]));
    });
    socket.conn.close();
  });
  socket.on("never", () => {});
}

io.on("connection", common);
io.of("/other").on("connection", common);
io.of("/admin").use((socket, next) => {
  if (socket.handshake.auth.token === "secret") return next();
  const e = new Error("unauthorized");
  e.data = { code: 401 };
  next(e);
});
io.of("/admin").on("connection", common);

http.listen(o.port || 0, "127.0.0.1", () => console.log(http.address().port));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
