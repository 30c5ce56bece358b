// Makes zlib.json, the corpus of TestZlibStreams and TestZlibVerdicts, with the zlib that is in Node:
//
//	node testdata/zlib.mjs > testdata/zlib.json
//
// It holds
//   streams   connections' worth of messages, compressed by zlib in all of its ways, with what they must become;
//   verdicts  payloads, most of them broken, with what zlib says of each: an error, or what it decompresses to.
//
// Nothing in it is random: the same Node gives the same file.
import zlib from 'node:zlib'

let seed = 7692
function random(n) { // xorshift32, below n
  seed ^= seed << 13
  seed ^= seed >>> 17
  seed ^= seed << 5
  return (seed >>> 0) % n
}

const words = ('the of and to in is that for it was on are as with his they at be this have from or one had by word but ' +
  'not what all were we when your can said there use an each which she do how their if will up other about out many ' +
  'then them these so some her would make like him into time has look two more write go see number no way could').split(' ')

function text(n) {
  let s = ''
  while (s.length < n) s += words[random(words.length)] + (random(9) ? ' ' : '. ')
  return Buffer.from(s.slice(0, n))
}

function bytes(n) {
  const b = Buffer.alloc(n)
  for (let i = 0; i < n; i++) b[i] = random(256)
  return b
}

const chat = () => Buffer.from(JSON.stringify({ type: 'message', id: random(1e9), room: words[random(20)], text: text(300).toString() }))

const tail = Buffer.from([0, 0, 0xff, 0xff])

// The messages of one connection, through one deflater: payloads without their last four bytes.
async function stream(options, messages) {
  const d = zlib.createDeflateRaw(options)
  let chunks = []
  d.on('data', (c) => chunks.push(c))
  const out = []
  for (const m of messages) {
    await new Promise((done) => d.write(m, () => d.flush(zlib.constants.Z_SYNC_FLUSH, done)))
    const p = Buffer.concat(chunks)
    chunks = []
    if (!p.subarray(-4).equals(tail)) throw new Error('no sync flush')
    out.push(p.subarray(0, -4).toString('base64'))
  }
  return out
}

const sum = (b) => ({ size: b.length, crc32: zlib.crc32(b) })

async function streams() {
  const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED } = zlib.constants
  const all = []
  for (const strategy of [Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED])
    for (const level of [0, 1, 6, 9]) all.push({ level, strategy, windowBits: 15 })
  // Node makes 9 bits of 8, of which zlib uses less than 256 bytes: the inflater is told 8.
  for (let windowBits = 8; windowBits < 15; windowBits++)
    for (const memLevel of [1, 9]) all.push({ level: 9, windowBits, memLevel })
  const made = []
  for (const options of all) {
    const messages = [chat(), chat(), Buffer.from('a'), bytes(40), Buffer.alloc(700, 'abc'), chat(), text(900), chat()]
    made.push({ windowBits: options.windowBits, payloads: await stream(options, messages), messages: messages.map(sum) })
  }
  return made
}

// What zlib says of one message: what comes out of it, or its error. A final block ends zlib's stream; what follows is,
// as RFC 7692, Section 7.2.3.4 has it, another one with the same window.
function verdict(payload) {
  const out = []
  let rest = Buffer.concat([payload, tail])
  try {
    while (rest.length > 0) {
      const dictionary = Buffer.concat(out).subarray(-32768)
      const { buffer, engine } = zlib.inflateRawSync(rest, {
        finishFlush: zlib.constants.Z_SYNC_FLUSH, info: true, ...(dictionary.length ? { dictionary } : {}),
      })
      out.push(buffer)
      if (engine.bytesWritten === 0) break
      rest = rest.subarray(engine.bytesWritten)
    }
  } catch (e) {
    return { error: e.message }
  }
  return sum(Buffer.concat(out))
}

// Bits in the order of RFC 1951: numbers from the low bit on.
class Bits {
  constructor() { this.list = [] }
  add(v, n) { for (let i = 0; i < n; i++) this.list.push((v >> i) & 1); return this }
  buffer() {
    const b = Buffer.alloc(Math.ceil(this.list.length / 8))
    this.list.forEach((bit, i) => { b[i >> 3] |= bit << (i & 7) })
    return b
  }
}

const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

// A dynamic block with the given code lengths, one after the other in codes of five bits, so that any will go; then
// some bits of data.
function dynamic(literals, distances, data) {
  const b = new Bits().add(0b100, 3).add(literals.length - 257, 5).add(distances.length - 1, 5).add(15, 4)
  // 13 symbols of four bits and six of five make a complete tree.
  const lengths = Array.from({ length: 19 }, (_, s) => (s < 13 ? 4 : 5))
  for (const s of order) b.add(lengths[s], 3)
  let next = 0
  const codes = []
  for (const n of [4, 5]) {
    lengths.forEach((l, s) => { if (l === n) codes[s] = { code: next++, n } })
    next <<= 1
  }
  for (const s of [...literals, ...distances]) {
    const [symbol, extra, width] = Array.isArray(s) ? s : [s, 0, 0]
    const { code, n } = codes[symbol]
    for (let i = n - 1; i >= 0; i--) b.add(code >> i, 1)
    b.add(extra, width)
  }
  for (const bit of data) b.add(bit, 1)
  return b.buffer()
}

// Lists of code lengths: n zeros, with some set.
function lengths(n, set) {
  const l = Array(n).fill(0)
  for (const [s, v] of Object.entries(set)) l[s] = v
  return l
}

function trees() {
  const data = () => Array.from({ length: 24 + random(40) }, () => random(2))
  const one = [1], two = [1, 1]
  const made = []
  const literalTrees = [
    { 256: 1 }, { 97: 1, 256: 1 }, { 97: 1 }, {}, { 97: 2, 256: 2 }, { 97: 1, 98: 1, 256: 1 }, { 97: 2, 98: 2, 256: 1 },
    { 97: 2, 256: 1 }, { 256: 2 }, { 97: 1, 98: 2, 256: 3, 257: 3 }, { 97: 1, 256: 2, 257: 2 }, { 97: 1, 256: 2, 285: 2 },
    { 256: 15 }, { 97: 1, 98: 2, 99: 3, 256: 4, 257: 4, 258: 4 }, { 97: 1, 256: 3, 257: 3, 258: 3, 259: 3 },
    Object.fromEntries([...Array(14).keys()].map((i) => [i + 97, i + 1]).concat([[256, 15], [257, 15]])),
    Object.fromEntries([...Array(14).keys()].map((i) => [i + 97, i + 1]).concat([[256, 15]])),
  ]
  const distanceTrees = [[0], one, two, [2], [1, 2], [1, 1, 1], [1, 2, 2], [0, 0, 1], [2, 2, 2], [15], lengths(30, { 29: 1 }),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]]
  for (const l of literalTrees)
    for (const d of distanceTrees) made.push(dynamic(lengths(286, l), d, data()))
  const end = lengths(286, { 97: 1, 256: 1 })
  // Repeats: at the very beginning, over the end, over the border of the two lists.
  made.push(dynamic([[16, 0, 2], ...end.slice(3)], one, data()))
  made.push(dynamic(end, [[17, 0, 3]], data()), dynamic(end, [[18, 100, 7]], data()), dynamic(end, [[16, 3, 2]], data()))
  made.push(dynamic(end, [1, [16, 0, 2]], data()))
  // Too many codes, though the lists are shorter.
  for (const n of [287, 288]) made.push(dynamic(lengths(n, { 97: 1, 256: 1 }), one, data()))
  for (const n of [31, 32]) made.push(dynamic(end, lengths(n, { 0: 1 }), data()))
  // Code length codes, in order: none, one, two, too many, too few.
  for (const set of [[0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 1], [0, 0, 1, 1], [1, 1, 1, 1], [2, 2, 2, 2], [3, 2, 2, 2], [7, 7, 7, 7]]) {
    const b = new Bits().add(0b100, 3).add(29, 5).add(0, 5).add(0, 4)
    for (const n of set) b.add(n, 3)
    for (const bit of data()) b.add(bit, 1)
    made.push(b.buffer())
  }
  return made
}

function verdicts() {
  const made = trees()
  // Whole payloads with bits turned, bytes changed, cut or put in.
  const sources = []
  for (const strategy of [0, 2, 4])
    for (const m of [chat().subarray(0, 120), text(90), Buffer.alloc(300, 'xyz'), bytes(24)])
      for (const finishFlush of [zlib.constants.Z_SYNC_FLUSH, zlib.constants.Z_FINISH]) {
        const p = zlib.deflateRawSync(m, { strategy, finishFlush, level: 9 })
        sources.push(finishFlush === zlib.constants.Z_FINISH ? Buffer.concat([p, Buffer.from([0])]) : p.subarray(0, -4))
      }
  made.push(...sources)
  for (let i = 0; i < 500; i++) {
    let p = Buffer.from(sources[random(sources.length)])
    for (let n = 1 + random(2); n > 0; n--) {
      const at = random(random(2) ? Math.min(p.length, 20) : p.length)
      switch (random(5)) {
        case 0: p[at] = random(256); break
        case 1: p = p.subarray(0, at); break
        case 2: p = Buffer.concat([p.subarray(0, at), bytes(1), p.subarray(at)]); break
        case 3: p = Buffer.concat([p, sources[random(sources.length)]]); break
        default: p[at] ^= 1 << random(8)
      }
      if (p.length === 0) break
    }
    made.push(p)
  }
  for (let i = 0; i < 150; i++) made.push(bytes(1 + random(24)))
  return made.map((p) => ({ payload: p.toString('base64'), ...verdict(p) }))
}

const lines = (list) => '[\n' + list.map((x) => JSON.stringify(x)).join(',\n') + '\n]'
console.log(`{"zlib": ${JSON.stringify(process.versions.zlib)},\n"streams": ${lines(await streams())},\n"verdicts": ${lines(verdicts())}}`)
