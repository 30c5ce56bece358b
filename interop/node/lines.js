// What the peers of Node have in common: each does what the lines of JSON on its standard input tell it, one at a time, and
// answers each with a line on its standard output. The other end is ../peer_process_test.go.

import { createInterface } from "node:readline";

let arrived = []; // messages, and at last the end
let wake = () => {};

export function arrive(what) {
  arrived.push(what);
  wake();
}

// next returns the first that arrived for which take is true, and leaves the others.
export async function next(take) {
  for (;;) {
    const i = arrived.findIndex(take);
    if (i >= 0) return arrived[i].closed ? arrived[i] : arrived.splice(i, 1)[0];
    await new Promise((resolve) => (wake = resolve));
  }
}

// receive is the command of that name.
export const receive = () => next(() => true);

// serve does what it is told.
export function serve(commands) {
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
}
