// Inflates with Node's zlib: a line of JSON in for each connection, {bits, payloads}, and one out, of what each message became:
// its size and CRC-32.
import zlib from 'node:zlib'
import readline from 'node:readline'

const table = Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1
  return n >>> 0
})
const crc32 = (b) => (b.reduce((c, x) => table[(c ^ x) & 255] ^ (c >>> 8), ~0) ^ ~0) >>> 0

// RFC 7692, Section 7.2.2
const tail = Buffer.from([0, 0, 0xff, 0xff])

async function inflate({ bits, payloads }) {
  const d = zlib.createInflateRaw({ windowBits: bits, chunkSize: 1 << 20 })
  let failed = null
  let chunks = []
  d.on('data', (c) => chunks.push(c))
  d.on('error', (e) => { failed = e.message })
  const messages = []
  for (const p of payloads) {
    await new Promise((done) => d.write(Buffer.concat([Buffer.from(p, 'base64'), tail]), done))
    await new Promise(setImmediate)
    if (failed) return { error: `message ${messages.length}: ${failed}` }
    const m = Buffer.concat(chunks)
    chunks = []
    messages.push({ size: m.length, crc32: crc32(m) })
  }
  return { messages }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await inflate(JSON.parse(line))))
}
