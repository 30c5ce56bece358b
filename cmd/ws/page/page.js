// The page of ws serve: it opens a WebSocket, sends what it is told to, and lists what passes. The state is the socket,
// the messages whose echo has not come yet, and the totals; the list is rendered from entries that keep the beginning
// of their payload.

const shownSize = 4096; // bytes or characters of a payload; the rest is only counted
const shownEntries = 500; // older ones leave the list

const $ = (id) => document.getElementById(id);
const utf8 = new TextEncoder();

let socket = null;
let awaited = []; // {data, at}: sent and not yet echoed, in order
let totals = null;

// Connection

function connect() {
  const subprotocols = $("subprotocols").value.split(",").map((s) => s.trim()).filter(Boolean);
  const started = performance.now();
  let ws;
  try {
    ws = new WebSocket($("url").value, subprotocols);
  } catch (err) {
    log({ kind: "cannot connect", note: err.message, bad: true });
    return;
  }
  ws.binaryType = "arraybuffer";
  ws.onopen = () => {
    log({ kind: "open", note: ws.protocol && `subprotocol ${ws.protocol}`, rtt: performance.now() - started });
    showState();
  };
  ws.onmessage = (event) => received(event.data, performance.now());
  ws.onclose = (event) => closed(ws, event);
  socket = ws;
  awaited = [];
  showState();
}

function closed(ws, event) {
  const how = event.wasClean ? "(clean)" : "(not clean: no closing handshake)";
  log({ kind: "close", direction: "received", note: `${closeText(event.code, event.reason)} ${how}`, bad: !event.wasClean });
  if (ws === socket) {
    socket = null;
    showState();
  }
}

const codeNames = {
  1000: "normal closure", 1001: "going away", 1002: "protocol error", 1003: "unsupported data",
  1005: "no status received", 1006: "abnormal closure", 1007: "invalid payload", 1008: "policy violation",
  1009: "message too big", 1010: "mandatory extension", 1011: "internal error", 1012: "service restart",
  1013: "try again later", 1014: "bad gateway", 1015: "TLS handshake",
};

function closeText(code, reason) {
  return [code, codeNames[code], reason && `“${reason}”`].filter(Boolean).join(" ");
}

function close() {
  const code = $("code").value;
  const reason = $("reason").value;
  try {
    code === "" ? socket.close() : socket.close(Number(code), reason);
    log({ kind: "close", direction: "sent", note: code === "" ? "without a code" : closeText(Number(code), reason) });
  } catch (err) {
    log({ kind: "cannot close", note: err.message, bad: true });
  }
  showState();
}

// Messages

function send(data) {
  awaited.push({ data, at: performance.now() });
  socket.send(data);
  totals.sent++;
  totals.bytesSent += sizeOf(data);
  log({ kind: kindOf(data), direction: "sent", data });
}

function received(data, now) {
  totals.received++;
  totals.bytesReceived += sizeOf(data);
  let rtt;
  // A server that echoes keeps the order; one that does not has no round trips to show.
  if (awaited.length > 0 && same(awaited[0].data, data)) {
    rtt = now - awaited.shift().at;
    totals.roundTrips.push(rtt);
  }
  log({ kind: kindOf(data), direction: "received", data, rtt });
}

let pings = 0;

function ping() {
  pings++;
  send(`round trip ${pings}`);
}

async function sendChosen() {
  const kind = chosen("kind");
  try {
    send(await payloads[kind]());
    if (kind === "text") $("text").select();
  } catch (err) {
    log({ kind: "not sent", note: err.message, bad: true });
  }
}

const payloads = {
  text: () => $("text").value,
  hex: () => parseHex($("hex").value),
  random: () => randomBytes(Number($("random").value)),
  file: () => {
    const [file] = $("file").files;
    if (!file) throw new Error("no file is chosen");
    return file.arrayBuffer();
  },
};

function parseHex(text) {
  const digits = text.replace(/0x|[\s,:]/gi, "");
  if (/[^0-9a-f]/i.test(digits)) throw new Error("hexadecimal digits are 0 to 9 and a to f");
  if (digits.length % 2) throw new Error("an odd number of hexadecimal digits");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16)).buffer;
}

function randomBytes(n) {
  const bytes = new Uint8Array(n);
  for (let i = 0; i < n; i += 65536) { // the most that one call may ask for
    crypto.getRandomValues(bytes.subarray(i, i + 65536));
  }
  return bytes.buffer;
}

function same(a, b) {
  if (typeof a === "string" || typeof b === "string") return a === b;
  if (a.byteLength !== b.byteLength) return false;
  const x = new Uint8Array(a), y = new Uint8Array(b);
  return x.every((value, i) => value === y[i]);
}

const kindOf = (data) => (typeof data === "string" ? "text" : "binary");

function sizeOf(data) {
  if (typeof data !== "string") return data.byteLength;
  let size = 0;
  for (let i = 0; i < data.length; i++) {
    const unit = data.charCodeAt(i);
    // A character beyond U+FFFF is four bytes, and two units of two.
    size += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;
  }
  return size;
}

// What is seen

function log({ data, ...entry }) {
  const li = document.createElement("li");
  li.entry = { ...entry, time: new Date() };
  if (data !== undefined) {
    li.entry.head = data.slice(0, shownSize);
    li.entry.size = sizeOf(data);
  }
  render(li);
  $("log").prepend(li);
  while ($("log").childElementCount > shownEntries) $("log").lastChild.remove();
  showTotals();
}

function render(li) {
  const { kind, direction, head, size, rtt, note, time, bad } = li.entry;
  li.className = bad ? "bad" : direction ?? "event";
  const facts = element("div", "facts");
  facts.append(element("span", "time", clock(time)), element("b", "kind", `${arrows[direction] ?? ""}${kind}`));
  if (size !== undefined) facts.append(element("span", "size", `${size.toLocaleString("en")} bytes`));
  if (note) facts.append(element("span", "note-text", note));
  if (rtt !== undefined) facts.append(element("span", "rtt", milliseconds(rtt)));
  li.replaceChildren(facts);
  if (size > 0) li.append(element("pre", "payload", shown(head, size, chosen("view"))));
}

const arrows = { sent: "↑ ", received: "↓ " };

function shown(head, size, view) {
  const isText = typeof head === "string";
  const bytes = isText ? utf8.encode(head) : new Uint8Array(head);
  const asText = view === "text" || (view === "auto" && isText);
  const text = asText ? (isText ? head : new TextDecoder().decode(bytes)) : hexLines(bytes);
  return bytes.length === size ? text : `${text}\n… and ${(size - bytes.length).toLocaleString("en")} bytes more`;
}

function hexLines(bytes) {
  const width = matchMedia("(max-width: 30rem)").matches ? 8 : 16;
  const lines = [];
  for (let i = 0; i < bytes.length; i += width) {
    const row = bytes.subarray(i, i + width);
    const hex = Array.from(row, (b) => b.toString(16).padStart(2, "0")).join(" ");
    const ascii = Array.from(row, (b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : "·")).join("");
    lines.push(`${i.toString(16).padStart(4, "0")}  ${hex.padEnd(width * 3 - 1)}  ${ascii}`);
  }
  return lines.join("\n");
}

function showState() {
  const state = socket ? ["connecting", "open", "closing", "closed"][socket.readyState] : "closed";
  $("state").value = state;
  $("state").dataset.state = state;
  $("open").disabled = state !== "open";
  $("connect").disabled = state !== "closed";
}

function showTotals() {
  const { sent, received, bytesSent, bytesReceived, roundTrips } = totals;
  const parts = [`↑ ${count(sent, bytesSent)}`, `↓ ${count(received, bytesReceived)}`];
  if (roundTrips.length > 0) {
    const sorted = roundTrips.toSorted((a, b) => a - b);
    parts.push(`round trip ${milliseconds(sorted[0])} least, ${milliseconds(sorted[sorted.length >> 1])} median`);
  }
  $("totals").value = parts.join(" · ");
}

function clear() {
  totals = { sent: 0, received: 0, bytesSent: 0, bytesReceived: 0, roundTrips: [] };
  $("log").replaceChildren();
  showTotals();
}

const count = (n, bytes) => `${n.toLocaleString("en")} (${bytes.toLocaleString("en")} bytes)`;
const milliseconds = (ms) => `${ms < 100 ? ms.toFixed(2) : ms.toFixed(0)} ms`;
const clock = (time) => time.toTimeString().slice(0, 8) + "." + String(time.getMilliseconds()).padStart(3, "0");

function element(tag, className, text = "") {
  const e = document.createElement(tag);
  e.className = className;
  e.textContent = text;
  return e;
}

// Controls

const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`).value;

function onSubmit(id, act) {
  $(id).addEventListener("submit", (event) => {
    event.preventDefault();
    act();
  });
}

onSubmit("connection", connect);
onSubmit("send", sendChosen);
onSubmit("closing", close);
$("ping").addEventListener("click", ping);
$("clear").addEventListener("click", clear);
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("send").requestSubmit();
  }
});
for (const radio of document.querySelectorAll('input[name="kind"]')) {
  radio.addEventListener("change", () => {
    for (const field of document.querySelectorAll("[data-kind]")) field.hidden = field.dataset.kind !== radio.value;
  });
}
for (const radio of document.querySelectorAll('input[name="view"]')) {
  radio.addEventListener("change", () => document.querySelectorAll("#log > li").forEach(render));
}

$("url").value = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/`;
clear();
showState();
