// Node's ws package as a peer: it does what the lines of JSON on its standard input tell it, one at a time, and answers
// each with a line on its standard output. The other end is peer_node_test.go.

import { createInterface } from "node:readline";
import { WebSocket, WebSocketServer } from "ws";

let accepted; // promise of the connection that the server accepts
let socket;
let arrived = []; // messages, and at last the end
let wake = () => {};

function adopt(ws) {
  socket = ws;
  ws.on("message", (data, isBinary) => arrive({ op: isBinary ? "binary" : "text", data: data.toString("base64") }));
  ws.on("close", (code, reason) => arrive({ closed: { code, reason: reason.toString() } }));
  ws.on("error", () => {}); // the close event follows
}

function arrive(what) {
  arrived.push(what);
  wake();
}

// next returns the first that arrived for which take is true, and leaves the others.
async function next(take) {
  for (;;) {
    const i = arrived.findIndex(take);
    if (i >= 0) return arrived[i].closed ? arrived[i] : arrived.splice(i, 1)[0];
    await new Promise((resolve) => (wake = resolve));
  }
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
  receive: () => next(() => true),
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

createInterface({ input: process.stdin })
  .on("close", () => process.exit())
  .on("line", async (line) => {
    const { do: name, ...rest } = JSON.parse(line);
    let answer;
    try {
      answer = (await commands[name](rest)) ?? {};
    } catch (err) {
      answer = { error: String(err) };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  });
