// Reads messages, one a line, and prints how many bytes of payload zlib makes of all of them together, by level and
// window, with context takeover and without.
import { readFileSync } from 'node:fs'
import zlib from 'node:zlib'

const messages = readFileSync(0).toString().split('\n').map((m) => Buffer.from(m))

async function takeover(options) {
  const d = zlib.createDeflateRaw(options)
  let n = 0
  d.on('data', (c) => { n += c.length })
  for (const m of messages) await new Promise((done) => d.write(m, () => d.flush(zlib.constants.Z_SYNC_FLUSH, done)))
  return n - 4 * messages.length
}

function alone(options) {
  let n = 0
  for (const m of messages) n += zlib.deflateRawSync(m, { ...options, finishFlush: zlib.constants.Z_SYNC_FLUSH }).length - 4
  return n
}

console.log(`zlib ${process.versions.zlib}, ${messages.length} messages`)
for (const windowBits of [15, 11])
  for (const level of [1, 6, 9]) {
    const options = { level, windowBits }
    console.log(`level ${level}, ${windowBits} bits: ${await takeover(options)} with takeover, ${alone(options)} without`)
  }
