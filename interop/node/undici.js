// undici, the client in Node, as a peer. It is a browser's: it has no ping, no fragments, and few codes.

import { WebSocket } from "undici";

import { arrive, next, receive, serve } from "./lines.js";

let socket;

serve({
  async dial({ url, subprotocol }) {
    socket = new WebSocket(url, subprotocol ? [subprotocol] : []);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => {
      const text = typeof data === "string";
      arrive({ op: text ? "text" : "binary", data: Buffer.from(data).toString("base64") });
    });
    socket.addEventListener("close", ({ code, reason }) => arrive({ closed: { code, reason } }));
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", (event) => reject(event.error ?? new Error("no connection")));
    });
    return { subprotocol: socket.protocol };
  },
  send({ op, fragments }) {
    const data = Buffer.from(fragments[0], "base64");
    socket.send(op === "text" ? data.toString() : data);
  },
  receive,
  close({ code, reason }) {
    code === 1005 ? socket.close() : socket.close(code, reason);
    return next((what) => what.closed);
  },
});
