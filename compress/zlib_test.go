package compress

import (
	_ "embed"
	"encoding/json"
	"errors"
	"hash/crc32"
	"testing"
)

// What zlib made and what it says, from testdata/zlib.mjs.
//
//go:embed testdata/zlib.json
var zlibJSON []byte

type zlibSum struct {
	Size  int
	CRC32 uint32
}

func sumOf(b []byte) zlibSum { return zlibSum{len(b), crc32.ChecksumIEEE(b)} }

type zlibCorpus struct {
	Streams []struct {
		WindowBits int
		Payloads   [][]byte
		Messages   []zlibSum
	}
	Verdicts []struct {
		Payload []byte
		Error   string
		zlibSum
	}
}

func loadZlib(t *testing.T) (c zlibCorpus) {
	if err := json.Unmarshal(zlibJSON, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// What zlib compresses at any level, strategy, window and memory level is read, in any pieces.
func TestZlibStreams(t *testing.T) {
	c := loadZlib(t)
	if len(c.Streams) < 30 {
		t.Fatalf("only %d streams", len(c.Streams))
	}
	for i, s := range c.Streams {
		for _, step := range []int{1, 5, 1 << 20} {
			f := NewInflater(InflaterOptions{WindowBits: s.WindowBits, Takeover: true})
			for j, p := range s.Payloads {
				out, err := inflateSteps(f, p, step, 1<<10)
				if err != nil || sumOf(out) != s.Messages[j] {
					t.Fatalf("stream %d (%d bits), message %d, by %d: %d bytes, %v", i, s.WindowBits, j, step, len(out), err)
				}
			}
		}
	}
}

// zlibErrors says what of ours zlib's errors are.
var zlibErrors = map[string]error{
	"invalid stored block lengths":         errSizes,
	"invalid code lengths set":             errOrders,
	"invalid literal/lengths set":          errLiterals,
	"invalid distances set":                errDistances,
	"invalid distance too far back":        errTooFar,
	"invalid block type":                   errBlockType,
	"invalid code -- missing end-of-block": errNoEnd,
	"invalid bit length repeat":            errRepeat,
	"invalid distance code":                errNoDistance,
	"too many length or distance symbols":  errCounts,
	"invalid literal/length code":          errSymbol,
}

// Of broken payloads we say what zlib says, for the same reason. There are two differences, and what comes out until
// then is the same: zlib does not mind a payload that ends too early; and of no code length codes at all it makes codes of
// one bit that all stand for zero, and finds only at the end of the header that the end of the block has no code.
func TestZlibVerdicts(t *testing.T) {
	seen := make(map[error]int)
	for i, v := range loadZlib(t).Verdicts {
		for _, step := range []int{1, 7, 1 << 20} {
			out, err := inflateSteps(NewInflater(InflaterOptions{}), v.Payload, step, 1<<20)
			seen[err]++
			if v.Error != "" {
				if want := zlibErrors[v.Error]; want == nil || !errors.Is(err, want) {
					t.Errorf("verdict %d, %x by %d: %v, zlib says %s", i, v.Payload, step, err, v.Error)
				}
			} else if sumOf(out) != v.zlibSum || err != nil && err != errShort && err != errNoOrders {
				t.Errorf("verdict %d, %x by %d: %d bytes, %v, zlib has %d", i, v.Payload, step, len(out), err, v.Size)
			}
		}
	}
	// The corpus is worth something only if everything is in it.
	for _, err := range zlibErrors {
		if seen[err] == 0 {
			t.Errorf("nothing in the corpus leads to %q", err)
		}
	}
	if seen[nil] == 0 || seen[errShort] == 0 {
		t.Error("nothing in the corpus is whole, or cut short")
	}
}
