// Runs the scenarios in Node and writes a line of JSON for each. Its argument is JSON: url, recovering, version (4 or 3), msgpack, and the
// client's options.
import { createRequire } from "node:module";
import { run } from "./scenarios.js";

const require = createRequire(import.meta.url);
const { url, recovering, version, options, msgpack } = JSON.parse(process.argv[2]);
const { io } = version === 3 ? require("socket.io-client-3") : require("socket.io-client");
if (msgpack) options.parser = require("socket.io-msgpack-parser");

await run({
  io, url, recovering, version, msgpack, options,
  report: (name, error) => console.log(JSON.stringify({ name, error })),
});
process.exit(0);
