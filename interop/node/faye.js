// faye-websocket with permessage-deflate as a peer. It cannot send a message in fragments.

import { createServer } from "node:http";
import WebSocket from "faye-websocket";
import deflate from "permessage-deflate";

import { arrive, next, receive, serve } from "./lines.js";

let accepted; // promise of the connection that the server accepts
let socket;

function adopt(ws) {
  socket = ws;
  ws.on("message", ({ data }) => {
    const text = typeof data === "string";
    arrive({ op: text ? "text" : "binary", data: Buffer.from(data).toString("base64") });
  });
  ws.on("close", ({ code, reason }) => arrive({ closed: { code, reason } }));
}

const options = (compress) => ({ extensions: compress ? [deflate] : [], maxLength: 1 << 26 });

serve({
  async listen({ subprotocol, compress }) {
    const server = createServer();
    accepted = new Promise((resolve) =>
      server.on("upgrade", (request, nc, body) => {
        adopt(new WebSocket(request, nc, body, subprotocol ? [subprotocol] : [], options(compress)));
        resolve();
      }));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { port: server.address().port };
  },
  async accept() {
    await accepted;
    return { subprotocol: socket.protocol };
  },
  async dial({ url, subprotocol, compress }) {
    adopt(new WebSocket.Client(url, subprotocol ? [subprotocol] : [], options(compress)));
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return { subprotocol: socket.protocol };
  },
  send({ op, fragments }) {
    const data = Buffer.from(fragments[0], "base64");
    socket.send(op === "text" ? data.toString() : data);
  },
  receive,
  ping: ({ data }) => new Promise((resolve) => socket.ping(data, resolve)),
  close({ code, reason }) {
    socket.close(code, reason);
    return next((what) => what.closed);
  },
});
