"use strict";

// A message is a stroke: a byte for its colour, one for its width, and its points, of two bytes for x and two for y, in the
// canvas's own units. The byte 255 alone wipes the drawing. drawing.go has the same.

const $ = (id) => document.getElementById(id);
const colours = ["#1b1b1b", "#d7263d", "#f46036", "#e8b004", "#2e933c", "#1b98e0", "#6f2dbd", "#ffffff"];
const maxPoints = 256;
const pen = $("canvas").getContext("2d");
let socket, colour = 0, points = [], failures = 0;

colours.forEach((value, i) => {
  const button = document.createElement("button");
  button.style.background = value;
  button.ariaLabel = "colour " + (i + 1);
  button.ariaPressed = i === 0;
  button.onclick = () => {
    colour = i;
    for (const b of $("colours").children) b.ariaPressed = b === button;
  };
  $("colours").append(button);
});

function connect() {
  $("state").value = "connecting …";
  const url = new URL("drawing", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    failures = 0;
    $("state").value = "connected";
    clear(); // the drawing comes again
  };
  socket.onmessage = (e) => draw(new DataView(e.data));
  socket.onclose = () => {
    $("state").value = "disconnected";
    setTimeout(connect, Math.random() * 1000 * 2 ** Math.min(failures++, 6));
  };
}

function clear() {
  pen.clearRect(0, 0, pen.canvas.width, pen.canvas.height);
}

function draw(stroke) {
  if (stroke.byteLength === 1) return clear();
  pen.strokeStyle = colours[stroke.getUint8(0)];
  pen.lineWidth = stroke.getUint8(1);
  pen.lineCap = pen.lineJoin = "round";
  pen.beginPath();
  pen.moveTo(stroke.getUint16(2) - .01, stroke.getUint16(4)); // a dot is a line, too
  for (let at = 2; at < stroke.byteLength; at += 4) pen.lineTo(stroke.getUint16(at), stroke.getUint16(at + 2));
  pen.stroke();
}

// What the pointer does within a frame of the screen is one message. The next one begins where it has ended.
function send() {
  if (points.length === 0 || socket.readyState !== WebSocket.OPEN) return;
  const stroke = new DataView(new ArrayBuffer(2 + 4 * points.length));
  stroke.setUint8(0, colour);
  stroke.setUint8(1, $("width").value);
  points.forEach(([x, y], i) => {
    stroke.setUint16(2 + 4 * i, x);
    stroke.setUint16(4 + 4 * i, y);
  });
  socket.send(stroke);
}

function point(e) {
  const box = pen.canvas.getBoundingClientRect();
  const within = (n, most) => Math.max(0, Math.min(most, Math.round(n)));
  points.push([
    within((e.clientX - box.left) * pen.canvas.width / box.width, pen.canvas.width),
    within((e.clientY - box.top) * pen.canvas.height / box.height, pen.canvas.height),
  ]);
  if (points.length === maxPoints) flush();
}

function flush() {
  send();
  points = points.slice(-1);
}

pen.canvas.onpointerdown = (e) => {
  pen.canvas.setPointerCapture(e.pointerId);
  points = [];
  point(e);
  requestAnimationFrame(function frame() {
    if (points.length > 1) flush();
    if (pen.canvas.hasPointerCapture(e.pointerId)) requestAnimationFrame(frame);
  });
};
pen.canvas.onpointermove = (e) => {
  if (!pen.canvas.hasPointerCapture(e.pointerId)) return;
  for (const each of e.getCoalescedEvents?.() ?? [e]) point(each);
};
pen.canvas.onpointerup = () => {
  send(); // a dot, too
  points = [];
};
$("wipe").onclick = () => socket.send(new Uint8Array([255]));

connect();
