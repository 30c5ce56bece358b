// What the official clients do with the server of server_test.go, and what must come of it. It runs in Node and in a page: io is the
// client's function, and options are those of every connection.

// Scenarios that a client of version 3 does not know.
const since4 = new Set(["recovery", "timeouts"]);

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// within rejects what takes too long.
function within(promise, what, ms = 10_000) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// once waits for an event and returns its arguments.
const once = (s, event) => within(new Promise((done) => s.once(event, (...args) => done(args))), event);

// ask emits an event and waits for its acknowledgement.
const ask = (s, event, ...args) => within(new Promise((done) => s.emit(event, ...args, (...answer) => done(answer))), event);

// plain makes of binary what can be compared, whatever its type.
function plain(v) {
  if (v instanceof ArrayBuffer || ArrayBuffer.isView(v)) {
    const b = v instanceof ArrayBuffer ? new Uint8Array(v) : new Uint8Array(v.buffer, v.byteOffset, v.byteLength);
    return { binary: Array.from(b) };
  }
  if (Array.isArray(v)) return v.map(plain);
  if (v && typeof v === "object") return Object.fromEntries(Object.entries(v).map(([k, one]) => [k, plain(one)]));
  return v;
}

function same(got, want, what) {
  const [a, b] = [JSON.stringify(plain(got)), JSON.stringify(plain(want))];
  if (a !== b) throw new Error(`${what}: got ${a.slice(0, 300)}, want ${b.slice(0, 300)}`);
}

// bare says that bytes are array buffers: the client's MessagePack takes views of them for objects in a page.
let bare = false;

function bytes(n) {
  const b = new Uint8Array(n);
  for (let i = 0; i < n; i++) b[i] = i * 7;
  return bare ? b.buffer : b;
}

// upgraded waits until a client that starts with polling is on WebSocket.
async function upgraded(s, options) {
  const transports = options.transports || ["polling", "websocket"];
  const engine = s.io.engine;
  if (transports.length > 1 && engine.transport.name !== "websocket") await once(engine, "upgrade");
  same(engine.transport.name, transports[transports.length - 1], "transport");
}

const scenarios = {
  async echo({ open, options, msgpack }) {
    const s = await open("/");
    // The client's MessagePack takes whole numbers above 64 bits for others.
    const large = msgpack ? 2 ** 63 : 1e21;
    const values = [["text"], ["€ 😀 \u2028 <>&\" \u0001"], [1, -2.5, large, true, null, "", []], [{ a: [{ b: {} }], "": 0 }], [], ["x".repeat(200_000)]];
    for (const args of values) {
      s.emit("echo", ...args);
      same(await once(s, "echo"), args, "echo");
    }
    await upgraded(s, options);
    for (const args of values) {
      s.emit("echo", ...args);
      same(await once(s, "echo"), args, "echo");
    }
    for (const n of [0, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53) + 1]) same(await ask(s, "ack", n), [n], "number");
  },

  async binary({ open, options }) {
    const s = await open("/");
    const values = [[bytes(3)], [{ name: "a", data: bytes(1000), more: [bytes(0), { deep: bytes(70_000) }] }, "behind", bytes(1)]];
    for (let i = 0; i < 2; i++) {
      for (const args of values) {
        s.emit("echo", ...args);
        same(await once(s, "echo"), args, "echo");
        same(await ask(s, "ack", ...args), args, "ack");
      }
      await upgraded(s, options);
    }
    same(await ask(s, "upload", { name: "f", data: bytes(300_000) }), [{ name: "f", bytes: 300_000 }], "upload");
  },

  async acknowledgements({ open }) {
    const s = await open("/");
    same(await ask(s, "sum", { a: 1, b: 2 }), [3], "sum");
    same(await ask(s, "refuse", 1), [{ error: { message: "not today", data: { code: 7 } } }], "refuse");
    s.on("question", (text, cb) => cb({ answer: text, data: bytes(3) }));
    same(await ask(s, "question me", "why"), ["why", 3], "question");
    const many = Array.from({ length: 200 }, (_, i) => i);
    same((await Promise.all(many.map((i) => ask(s, "ack", i)))).flat(), many, "many at once");
  },

  // What is emitted before, amid and after the upgrade comes in order, in both directions, with and without binary.
  async order({ open, options }) {
    const s = await open("/");
    const n = 600;
    const got = [];
    const all = within(new Promise((done) => s.on("echo", (i) => got.push(i) === n && done())), "all echoes");
    for (let i = 0; i < n; i++) {
      s.emit("echo", i, i % 3 ? "x" : bytes(10));
      if (i % 50 === 0) await wait(2);
    }
    await all;
    same(got, Array.from({ length: n }, (_, i) => i), "order");
    await upgraded(s, options);
  },

  async namespaces({ open, io, url, options }) {
    const main = await open("/");
    const other = await open("/custom");
    if (main.id === other.id) throw new Error("two namespaces, one id");
    other.emit("where");
    same(await once(other, "here"), ["/custom"], "namespace");
    const dynamic = await open("/dynamic-7");
    dynamic.emit("where");
    same(await once(dynamic, "here"), ["/dynamic-7"], "namespace");
    const [error] = await once(main.io.socket("/unknown", options), "connect_error");
    same(error.message, "Invalid namespace", "unknown namespace");

    const auth = { token: "secret", nested: { a: 1 } };
    const admin = await open("/admin", { auth });
    same(await ask(admin, "auth"), [auth], "auth");
    const refused = io(url + "/admin", { ...options, forceNew: true, auth: { token: "wrong" } });
    const [why] = await once(refused, "connect_error");
    same([why.message, why.data], ["unauthorized", { code: 401 }], "refused");
    refused.disconnect();
    main.emit("echo", "still here");
    same(await once(main, "echo"), ["still here"], "echo");
  },

  async rooms({ open }) {
    const [a, b, c] = [await open("/"), await open("/"), await open("/")];
    const got = { a: [], b: [], c: [] };
    for (const [name, s] of Object.entries({ a, b, c })) s.on("said", (text) => got[name].push(text));
    const room = "room " + a.id;
    for (const s of [a, b]) await ask(s, "join", room);
    await ask(a, "say", { room, text: "others" }); // to the room, without the sender
    await ask(c, "say to all", { room, text: "all of the room" });
    await ask(b, "leave", room);
    await ask(c, "say to all", { room, text: "only a" });
    await ask(c, "say to all", { room: b.id, text: "only b" });
    await Promise.all([a, b, c].map((s) => ask(s, "ack")));
    same(got, { a: ["all of the room", "only a"], b: ["others", "all of the room", "only b"], c: [] }, "rooms");
  },

  async disconnects({ open }) {
    const watcher = await open("/");
    let s = await open("/");
    let id = s.id;
    s.emit("send me away");
    same((await once(s, "disconnect"))[0], "io server disconnect", "reason");
    same(await ask(watcher, "ended", id), ["server namespace disconnect"], "reason");
    s = await open("/");
    id = s.id;
    s.disconnect();
    same(await ask(watcher, "ended", id), ["client namespace disconnect"], "reason");
    s = await open("/");
    id = s.id;
    s.io.engine.close();
    const [reason] = await ask(watcher, "ended", id);
    if (!["transport close", "transport error"].includes(reason)) throw new Error("reason: " + reason);
  },

  async reconnection({ open, options }) {
    const s = await open("/plain", { reconnectionDelay: 10, reconnectionDelayMax: 20 });
    for (let i = 0; i < 3; i++) {
      await upgraded(s, options);
      const id = s.id;
      const again = once(s, "connect");
      s.emit("cut");
      const [reason] = await once(s, "disconnect");
      if (!["transport close", "transport error"].includes(reason)) throw new Error("reason: " + reason);
      s.emit("echo", "kept", i);
      const echo = once(s, "echo");
      await again;
      if (s.id === id) throw new Error("the same id after a reconnection");
      same(await echo, ["kept", i], "what was emitted meanwhile");
    }
  },

  async recovery({ open, options }) {
    const s = await open("/", { reconnectionDelay: 50, reconnectionDelayMax: 60 });
    const watcher = await open("/");
    await ask(s, "join", "recovered " + s.id);
    for (let i = 0; i < 2; i++) {
      await upgraded(s, options);
      const { id } = s;
      const got = [];
      s.on("said", (text) => got.push(text));
      const first = once(s, "said");
      await ask(watcher, "say to all", { room: "recovered " + id, text: "before" });
      await first;
      const again = once(s, "connect");
      s.emit("cut");
      await once(s, "disconnect");
      await ask(watcher, "say to all", { room: "recovered " + id, text: "missed" });
      await again;
      same([s.recovered, s.id], [true, id], "recovered");
      await ask(watcher, "say to all", { room: "recovered " + id, text: "after" });
      await ask(s, "ack");
      same(got, ["before", "missed", "after"], "what came");
      s.off("said");
    }
  },

  async timeouts({ open }) {
    const s = await open("/");
    const error = await within(new Promise((done) => s.timeout(50).emit("never", done)), "timeout");
    same(error.message, "operation has timed out", "timeout");
    same(await s.timeout(5000).emitWithAck("sum", { a: 2, b: 2 }), 4, "emitWithAck");
  },
};

// run runs all scenarios of a client and tells report of each: its name, and an error or nothing. recovering is the address of a
// server with connection state recovery, which adds an argument to events, and url that of one without.
export async function run({ io, url, recovering, version, msgpack, options, report }) {
  bare = msgpack && "document" in globalThis;
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (version < 4 && since4.has(name)) continue;
    const sockets = [];
    const open = async (namespace, more) => {
      const s = io((name === "recovery" ? recovering : url) + namespace, { ...options, forceNew: true, ...more });
      sockets.push(s);
      await once(s, "connect");
      return s;
    };
    try {
      await scenario({ io, url, msgpack, options, open });
      await report(name);
    } catch (error) {
      await report(name, String(error && error.stack ? error.stack : error));
    }
    for (const s of sockets) s.disconnect();
  }
}
