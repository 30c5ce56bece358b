"use strict";

// What others say is put into the page as text, never as HTML.

const $ = (id) => document.getElementById(id);
let socket, room, name, failures = 0;

fetch("rooms").then((r) => r.text()).then((names) => {
  for (const n of names.split("\n")) $("room").add(new Option(n));
});

$("enter").onsubmit = (e) => {
  e.preventDefault();
  room = $("room").value;
  name = $("name").value;
  $("enter").hidden = true;
  $("chat").hidden = false;
  $("title").textContent = room;
  connect();
  $("text").focus();
};

$("exit").onclick = () => {
  $("chat").hidden = true;
  $("enter").hidden = false;
  socket.onclose = socket.onmessage = null;
  socket.close();
};

$("say").onsubmit = (e) => {
  e.preventDefault();
  if (socket.readyState !== WebSocket.OPEN || $("text").value.trim() === "") return; // it stays in the field
  socket.send($("text").value);
  $("text").value = "";
};

function connect() {
  $("state").value = "connecting …";
  const url = new URL("rooms/" + encodeURIComponent(room), location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.searchParams.set("name", name);
  socket = new WebSocket(url);
  socket.onmessage = (e) => show(JSON.parse(e.data));
  socket.onopen = () => {
    failures = 0;
    $("state").value = "connected";
    $("log").replaceChildren(); // the history comes again
  };
  socket.onclose = () => {
    // After a random time that grows, so that not all come back to a server at once.
    const wait = Math.random() * 1000 * 2 ** Math.min(failures++, 6);
    $("state").value = `disconnected, next attempt in ${Math.ceil(wait / 1000)} s`;
    setTimeout(() => { if (!$("chat").hidden) connect(); }, wait);
  };
}

function show(event) {
  for (const e of event.history ?? []) show(e);
  if (event.members) {
    $("members").replaceChildren(...event.members.map((m) => element("li", m)));
  }
  if (event.text) {
    const time = new Date(event.time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const line = element("li", "");
    line.className = event.from === name ? "mine" : "";
    line.append(element("small", `${event.from}, ${time}`), event.text);
    $("log").append(line);
    line.scrollIntoView();
  }
}

function element(tag, text) {
  const e = document.createElement(tag);
  e.textContent = text;
  return e;
}
