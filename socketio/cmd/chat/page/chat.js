"use strict";

// The page of the chat. Whatever comes from others is put into the page as text, never as HTML.

const $ = (id) => document.getElementById(id);
const maxFile = 900_000; // bytes, as the server has it
const pictures = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp" };

let socket;
let me = localStorage.getItem("name") || "";
let room = ""; // where we are
let shown = new Set(); // the identifiers of the messages that are shown

if (typeof io === "undefined") {
  $("missing").hidden = false;
} else if (new URLSearchParams(location.search).get("name")) {
  connect(new URLSearchParams(location.search).get("name"));
} else {
  $("login").hidden = false;
  $("name").value = me;
  $("name").focus();
}

$("login").onsubmit = (event) => {
  event.preventDefault();
  connect($("name").value);
};

function connect(name) {
  me = name.trim();
  if (socket) socket.disconnect();
  socket = io({ auth: { name: me } });

  socket.on("connect", () => {
    localStorage.setItem("name", me);
    state("online", "online");
    $("login").hidden = true;
    $("chat").hidden = false;
    // Who has recovered is in its room, and gets what it has missed.
    if (!socket.recovered) join(room || decodeURIComponent(location.hash.slice(1)) || "lobby");
  });
  socket.on("connect_error", (error) => {
    if (socket.active) return state("offline", "no connection, trying again");
    $("login").hidden = false; // the server has refused the name
    $("chat").hidden = true;
    $("refused").textContent = error.message;
  });
  socket.on("disconnect", (reason) => {
    state("offline", socket.active ? "connection lost, reconnecting" : "disconnected");
    if (!socket.active && reason === "io server disconnect") socket.connect();
  });
  socket.io.on("reconnect_attempt", (n) => state("offline", `reconnecting, attempt ${n}`));

  socket.on("rooms", showRooms);
  socket.on("people", (name, people) => name === room && showPeople(people));
  socket.on("message", (name, message) => name === room && show(message));
  socket.on("typing", showTyping);
}

function state(value, text) {
  $("state").dataset.state = value;
  $("state").textContent = text;
}

// element makes an element with a text.
function element(name, text, className = "") {
  const e = document.createElement(name);
  e.textContent = text;
  e.className = className;
  return e;
}

function problem(text) {
  $("problem").textContent = text;
}

// ask emits an event and waits for what is acknowledged. What goes wrong is shown, and undefined returned.
async function ask(event, value) {
  problem("");
  try {
    const answer = await socket.timeout(20_000).emitWithAck(event, value);
    if (!answer || !answer.error) return answer ?? null;
    problem(answer.error.message);
  } catch {
    problem("No answer. Try again.");
  }
}

async function join(name) {
  const joined = await ask("join", name);
  if (!joined) return;
  const same = joined.room === room;
  room = joined.room;
  history.replaceState(null, "", "#" + encodeURIComponent(room));
  document.title = room + " · Chat";
  $("title").textContent = room;
  showSide(false);
  if (!same) {
    shown = new Set();
    $("messages").replaceChildren();
  }
  joined.history.forEach(show);
  showPeople(joined.people);
  for (const b of $("rooms").querySelectorAll("button")) mark(b);
  if (matchMedia("(hover: hover)").matches) $("text").focus();
}

// mark says which room we are in.
function mark(button) {
  if (button.dataset.room === room) button.setAttribute("aria-current", "true");
  else button.removeAttribute("aria-current");
}

function showRooms(all) {
  $("rooms").replaceChildren(...all.map(({ name, people }) => {
    const item = document.createElement("li");
    const button = element("button", name);
    button.type = "button";
    button.dataset.room = name;
    button.append(element("small", people || ""));
    button.onclick = () => join(name);
    mark(button);
    item.append(button);
    return item;
  }));
}

function showPeople(people) {
  $("people").replaceChildren(...people.map((name) => element("li", name === me ? name + " (you)" : name)));
}

// Whoever has read to the end goes on seeing it, whatever comes or changes its size.
let atEnd = true;

function scroll() {
  if (atEnd) $("messages").scrollTop = $("messages").scrollHeight;
}

$("messages").onscroll = () => {
  const { scrollHeight, scrollTop, clientHeight } = $("messages");
  atEnd = scrollHeight - scrollTop - clientHeight < 40;
};
new ResizeObserver(scroll).observe($("messages"));

function show(message) {
  if (shown.has(message.id)) return; // it is in the history, too
  shown.add(message.id);
  const list = $("messages");
  const item = element("li", "", message.from === me ? "mine" : "");
  const time = new Date(message.time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  item.append(element("small", `${message.from} · ${time}`), message.file ? fileOf(message) : element("p", message.text));
  list.append(item);
  atEnd ||= message.from === me;
  scroll();
  stopped(message.from);
}

// fileOf shows a file: its content is fetched when asked for, and at once if it is a picture.
function fileOf({ id, file }) {
  const place = element("p", "");
  const type = pictures[file.name.split(".").pop().toLowerCase()];
  const link = element("a", `${file.name} (${Math.ceil(file.size / 1000)} kB)`);
  link.href = "#";
  link.download = file.name;
  const load = async () => {
    const data = await ask("file", id);
    if (!data) return;
    link.href = URL.createObjectURL(new Blob([data], { type: type || "application/octet-stream" }));
    link.onclick = null;
    if (!type) return;
    const picture = new Image();
    picture.alt = file.name;
    picture.src = link.href;
    picture.onload = scroll;
    place.prepend(picture);
  };
  link.onclick = async (event) => {
    event.preventDefault();
    await load();
    if (link.onclick === null) link.click();
  };
  place.append(link);
  if (type) load();
  return place;
}

// Those who are typing, with the timers after which they are not.
const typists = new Map();

function showTyping(name, on) {
  stopped(name);
  if (on) typists.set(name, setTimeout(() => stopped(name), 5000));
  tellTyping();
}

function stopped(name) {
  clearTimeout(typists.get(name));
  typists.delete(name);
  tellTyping();
}

function tellTyping() {
  const names = [...typists.keys()];
  $("typing").textContent = names.length ? `${names.join(", ")} ${names.length > 1 ? "are" : "is"} typing…` : "";
}

let told = 0; // when we last said that we are typing

$("text").oninput = () => {
  const on = $("text").value !== "";
  if (on && Date.now() - told < 2000) return;
  told = on ? Date.now() : 0;
  socket.emit("typing", on);
};

$("say").onsubmit = async (event) => {
  event.preventDefault();
  const text = $("text").value;
  if (text.trim() === "") return;
  $("text").value = "";
  told = 0;
  if ((await ask("say", text)) === undefined && $("text").value === "") $("text").value = text;
};

$("attach").onclick = () => $("file").click();
$("file").onchange = () => {
  send($("file").files[0]);
  $("file").value = "";
};

async function send(file) {
  if (!file) return;
  if (file.size > maxFile) return problem(`A file may have ${maxFile / 1000} kB.`);
  await ask("upload", { name: file.name, data: await file.arrayBuffer() });
}

$("newroom").onsubmit = (event) => {
  event.preventDefault();
  join($("room").value);
  $("room").value = "";
};

// On a phone, rooms and people are beside the screen until they are asked for.
function showSide(on) {
  $("side").classList.toggle("open", on);
  $("menu").setAttribute("aria-expanded", String(on));
}

$("menu").onclick = () => showSide(!$("side").classList.contains("open"));
document.querySelector("main").onclick = () => showSide(false);
