package interop

// This file has zlib read what is compressed once for many connections.

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os/exec"
	"testing"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// received is what one peer got: the payloads of its messages, and the hash of all that they stand for.
type received struct {
	WindowBits int
	Payloads   [][]byte
	Hash       string
}

// inflateAll has zlib inflate all payloads of each peer behind one another, in a window of the size that was agreed upon: what it gives out
// at a time is so little that it keeps no more. It prints what differs.
const inflateAll = `
const zlib = require('zlib'), crypto = require('crypto')
const peers = JSON.parse(require('fs').readFileSync(0))
const tail = Buffer.from([0, 0, 255, 255])
for (const p of peers) {
	const all = Buffer.concat(p.Payloads.flatMap(b => [Buffer.from(b, 'base64'), tail]))
	let out
	try {
		out = zlib.inflateRawSync(all, { windowBits: p.WindowBits, chunkSize: 64, finishFlush: zlib.constants.Z_SYNC_FLUSH })
	} catch (err) {
		console.log(p.WindowBits + ' bits: ' + err.message)
		continue
	}
	if (crypto.createHash('sha256').update(out).digest('hex') !== p.Hash) console.log(p.WindowBits + ' bits: ' + out.length + ' other bytes')
}
console.log(peers.length + ' peers')
`

// TestZlibReadsShared protects that zlib reads what is shared, as part of a stream and by itself, mixed with messages of a peer's own, with
// some left out, and with windows forgotten in between, in windows of every size and from every level.
func TestZlibReadsShared(t *testing.T) {
	var peers []received
	for _, level := range []compress.Level{compress.Fastest, compress.Balanced, compress.Smallest} {
		for bits := 8; bits <= 15; bits++ {
			o := compress.DeflaterOptions{WindowBits: bits, Takeover: true, Level: level}
			peers = append(peers, mixed(t, o)...)
		}
	}
	in, err := json.Marshal(peers)
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(t.Context(), "node", "-e", inflateAll)
	node.Stdin = bytes.NewReader(in)
	out, err := node.CombinedOutput()
	if want := fmt.Sprintf("%d peers\n", len(peers)); err != nil || string(out) != want {
		t.Errorf("%v: %s", err, out)
	}
}

// mixed shares a stream of messages with some peers, who get others as well.
func mixed(t *testing.T, o compress.DeflaterOptions) []received {
	const n = 4
	r := corpus.NewRand(uint64(o.WindowBits))
	stream := compress.NewSharedStream(o)
	peers, deflaters := make([]received, n), make([]*compress.Deflater, n)
	hashes := make([][]byte, n)
	for i := range peers {
		peers[i].WindowBits, deflaters[i] = o.WindowBits, compress.NewDeflater(o)
	}
	add := func(i int, payload []byte, compressed bool, message []byte) {
		if compressed {
			peers[i].Payloads = append(peers[i].Payloads, bytes.Clone(payload))
			hashes[i] = append(hashes[i], message...)
		}
	}
	text := corpus.Text(corpus.Seed, 1<<17)
	for k, message := range corpus.Chat(corpus.Seed, 120) {
		if k%20 == 0 {
			message = text[:k*1000]
		}
		m := stream.Compress(message)
		for i, d := range deflaters {
			switch own := text[k*100:][:500]; r.IntN(20 + 100*(n-1-i)) {
			case 0, 1, 2:
				p, compressed := d.Append(nil, own)
				add(i, p, compressed, own)
			case 3:
				p, compressed := d.Share(compress.NewSharedMessage(o, own))
				add(i, p, compressed, own)
			case 4:
				continue
			case 5:
				d.Rest() // twice, as after minutes without messages
				d.Rest()
			}
			p, compressed := d.Share(m)
			add(i, p, compressed, message)
		}
	}
	for i := range peers {
		sum := sha256.Sum256(hashes[i])
		peers[i].Hash = hex.EncodeToString(sum[:])
	}
	return peers
}
