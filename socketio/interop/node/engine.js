// Runs engine.io-client in Node with the echo server of engine_test.go, and writes a line of JSON for each scenario. Its argument is JSON:
// url, version (of the socket.io-client that it belongs to, 4 or 3), and the client's options.
import { createRequire } from "node:module";

const { url, version, options } = JSON.parse(process.argv[2]);
const require = createRequire(new URL(version === 3 ? "node_modules/socket.io-client-3/" : "node_modules/socket.io-client/", import.meta.url));
const engine = require("engine.io-client");

const within = (promise, what) => Promise.race([
  promise,
  new Promise((_, reject) => setTimeout(() => reject(new Error(what + ": nothing within 10 s")), 10_000).unref()),
]);
const once = (s, event) => within(new Promise((done) => s.once(event, (...args) => done(args))), event);

// open makes a client, whose messages are in got.
async function open() {
  const s = version === 3 ? engine(url, options) : new engine.Socket(url, options);
  s.got = [];
  // The client says undefined where a message is empty.
  s.on("message", (data = "") => s.got.push(typeof data === "string" ? data : "binary " + Buffer.from(data).toString("hex")));
  await once(s, "open");
  return s;
}

function same(got, want, what) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(want)];
  if (a !== b) throw new Error(`${what}: got ${a.slice(0, 300)}, want ${b.slice(0, 300)}`);
}

// until waits until a client has got that many messages.
async function until(s, n) {
  while (s.got.length < n) await once(s, "message");
}

const upgrades = !options.transports || options.transports.length > 1;

const scenarios = {
  async messages() {
    const s = await open();
    const want = [];
    for (let i = 0; i < 400; i++) {
      if (i === 150 && upgrades && s.transport.name === "polling") await once(s, "upgrade");
      if (i % 3) {
        s.send("text € " + i);
        want.push("text € " + i);
      } else {
        s.send(Buffer.from([i, 0, 255]));
        want.push("binary " + Buffer.from([i, 0, 255]).toString("hex"));
      }
    }
    for (const text of ["", "\n", "x".repeat(900_000)]) {
      s.send(text);
      want.push(text);
    }
    await until(s, want.length);
    same(s.got, want, "messages");
    same(s.transport.name, upgrades || options.transports[0] === "websocket" ? "websocket" : "polling", "transport");
    s.close();
  },

  async heartbeat() {
    const s = await open();
    for (let i = 0; i < 4; i++) await once(s, version === 3 ? "heartbeat" : "ping");
    s.send("still here");
    await until(s, 1);
    s.close();
  },

  async closes() {
    let s = await open();
    if (upgrades) await once(s, "upgrade");
    s.send("close"); // the server says something, and then closes
    const [reason] = await once(s, "close");
    same([reason, s.got], ["transport close", ["bye"]], "the server closes");
    s = await open();
    s.send("last"); // is not lost
    s.close();
    await once(s, "close");
  },

  async tooLarge() {
    const s = await open();
    if (upgrades) await once(s, "upgrade");
    s.send("x".repeat(1_000_001));
    const [reason] = await once(s, "close");
    if (!["transport close", "transport error"].includes(reason)) throw new Error("reason: " + reason);
  },
};

for (const [name, scenario] of Object.entries(scenarios)) {
  try {
    await scenario();
    console.log(JSON.stringify({ name }));
  } catch (error) {
    console.log(JSON.stringify({ name, error: String(error.stack) }));
  }
}
process.exit(0);
