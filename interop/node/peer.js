// Node's ws package as a peer.

import { WebSocket, WebSocketServer } from "ws";

import { arrive, next, receive, serve } from "./lines.js";

let accepted; // promise of the connection that the server accepts
let socket;

function adopt(ws) {
  socket = ws;
  ws.on("message", (data, isBinary) => arrive({ op: isBinary ? "binary" : "text", data: data.toString("base64") }));
  ws.on("close", (code, reason) => arrive({ closed: { code, reason: reason.toString() } }));
  ws.on("error", () => {}); // the close event follows
}

const commands = {
  async listen({ subprotocol, compress, deflate }) {
    const server = new WebSocketServer({
      host: "127.0.0.1",
      port: 0,
      handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
      perMessageDeflate: compress ? { threshold: 0, ...deflate } : false,
    });
    accepted = new Promise((resolve) => server.once("connection", (ws) => { adopt(ws); resolve(); }));
    await new Promise((resolve, reject) => server.once("listening", resolve).once("error", reject));
    return { port: server.address().port };
  },
  async accept() {
    await accepted;
    return { subprotocol: socket.protocol };
  },
  async dial({ url, subprotocol, compress, deflate }) {
    adopt(new WebSocket(url, subprotocol ? [subprotocol] : [], { perMessageDeflate: compress ? { threshold: 0, ...deflate } : false }));
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return { subprotocol: socket.protocol };
  },
  async send({ op, fragments }) {
    for (const [i, fragment] of fragments.entries()) {
      const options = { binary: op === "binary", fin: i === fragments.length - 1 };
      await new Promise((resolve, reject) =>
        socket.send(Buffer.from(fragment, "base64"), options, (err) => (err ? reject(err) : resolve())));
    }
  },
  receive,
  async ping({ data }) {
    const pong = new Promise((resolve) => socket.once("pong", resolve));
    socket.ping(data);
    const got = (await pong).toString();
    if (got !== data) throw new Error(`pong has ${got} instead of ${data}`);
  },
  async close({ code, reason }) {
    code === 1005 ? socket.close() : socket.close(code, reason);
    return next((what) => what.closed);
  },
};

serve(commands);
