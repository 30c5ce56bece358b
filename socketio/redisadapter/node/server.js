// An official server with an official adapter. Its arguments are the format and the path of Redis's socket. It says its port, then carries out
// orders, one line of JSON each, and answers each with a line. Binary is {"$": base64}.
const { createServer } = require("http");
const { createInterface } = require("readline");
const { Server } = require("socket.io");
const { createClient } = require("redis");
const { createAdapter, createShardedAdapter } = require("@socket.io/redis-adapter");
const streams = require("@socket.io/redis-streams-adapter");
const { Emitter } = require("@socket.io/redis-emitter");

const [format, path] = process.argv.slice(2);
const say = (value) => process.stdout.write(JSON.stringify(value, encode) + "\n");

// encode is for JSON.stringify, which calls toJSON before.
function encode(key, value) {
  const raw = this[key];
  return Buffer.isBuffer(raw) || raw instanceof Uint8Array ? { $: Buffer.from(raw).toString("base64") } : value;
}

const decode = (_, value) => (value && value.$ !== undefined ? Buffer.from(value.$, "base64") : value);

async function main() {
  const client = () => createClient({ socket: { path } }).on("error", () => {});
  const pub = client();
  const sub = client();
  await Promise.all([pub.connect(), sub.connect()]);
  const adapters = {
    pubsub: () => createAdapter(pub, sub),
    specific: () => createAdapter(pub, sub, { publishOnSpecificResponseChannel: true }),
    sharded: () => createShardedAdapter(pub, sub),
    streams: () => streams.createAdapter(pub),
    recovering: () => streams.createAdapter(pub),
  };
  const options = { adapter: adapters[format]() };
  if (format === "recovering") options.connectionStateRecovery = {};
  const http = createServer();
  const io = new Server(http, options);
  const heard = [];
  io.on("connection", (socket) => {
    socket.data = { from: "node", n: 9007199254740994 };
    socket.on("join", async (room, done) => {
      await socket.join(room);
      done(true);
    });
  });
  io.on("sum", (n, done) => done(n + 2));
  io.on("hello", (...args) => heard.push(args));

  const choice = (o) => {
    let b = io.except(o.except || []);
    for (const room of o.rooms || []) b = b.to(room);
    if (o.volatile) b = b.volatile;
    return b;
  };
  const emitter = new Emitter(pub);
  const chosen = (o) => {
    let b = emitter.except(o.except || []);
    for (const room of o.rooms || []) b = b.to(room);
    return b;
  };
  const operations = {
    emit: (o) => void choice(o).emit(...o.args),
    ask: (o) => choice(o).timeout(10000).emitWithAck(...o.args),
    sockets: async (o) => (await choice(o).fetchSockets()).map((s) => ({ id: s.id, rooms: [...s.rooms], data: s.data, handshake: s.handshake })),
    ids: async (o) => (await choice(o).fetchSockets()).map((s) => s.id),
    join: (o) => void choice(o).socketsJoin(o.args),
    leave: (o) => void choice(o).socketsLeave(o.args),
    disconnect: (o) => void choice(o).disconnectSockets(true),
    serverEmit: (o) => void io.serverSideEmit(...o.args),
    serverAsk: (o) => io.serverSideEmitWithAck(...o.args),
    allRooms: async () => [...(await io.of("/").adapter.allRooms())],
    servers: () => io.of("/").adapter.serverCount(),
    heard: () => heard.splice(0),
    emitterEmit: (o) => void chosen(o).emit(...o.args),
    emitterJoin: (o) => void chosen(o).socketsJoin(o.args),
    emitterLeave: (o) => void chosen(o).socketsLeave(o.args),
    emitterDisconnect: (o) => void chosen(o).disconnectSockets(true),
    emitterServer: (o) => void emitter.serverSideEmit(...o.args),
  };
  http.listen(0, "127.0.0.1", () => say(http.address().port));
  for await (const line of createInterface({ input: process.stdin })) {
    const o = JSON.parse(line, decode);
    try {
      say({ value: (await operations[o.do](o)) ?? null });
    } catch (e) {
      say({ error: String(e) });
    }
  }
  process.exit(0);
}

main();
