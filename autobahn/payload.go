package autobahn

// This file generates the payloads of sections 12 and 13: stand-ins of the kinds and sizes of the original's JSON,
// bitmap, book, HTML and PDF. They are the same in every process, so that reports can be compared.

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
)

// A payload is a text or a file, used as if it had neither beginning nor end.
type payload struct {
	name   string
	binary bool
	make   func(*rand.Rand) []byte
	once   sync.Once
	data   []byte  // twice what make gave, so that a part that runs over the end is one slice
	starts []int32 // of a text: where its characters start in data
	length int     // characters of a text, octets of a file
}

// payloads are those of section 12, in order.
var payloads = []*payload{
	{name: "a JSON text", make: makeJSON},
	{name: "a grey bitmap of 512 x 512", binary: true, make: makeBitmap},
	{name: "a book in plain text", binary: true, make: makeBook},
	{name: "an HTML page", make: makeHTML},
	{name: "a PDF file", binary: true, make: makePDF},
}

// part returns size characters (of a text) or octets from the given offset on, going round. It must not be changed.
func (p *payload) part(offset, size int) []byte {
	p.once.Do(p.load)
	offset %= p.length
	if p.binary {
		return p.data[offset : offset+size]
	}
	return p.data[p.starts[offset]:p.starts[offset+size]]
}

func (p *payload) load() {
	data := p.make(rand.New(rand.NewPCG(1, uint64(len(p.name)))))
	p.data = append(data, data...)
	p.length = len(data)
	if p.binary {
		return
	}
	for i := range string(p.data) {
		p.starts = append(p.starts, int32(i))
	}
	p.length = len(p.starts) / 2
	p.starts = append(p.starts, int32(len(p.data)))
}

// vocabulary makes n words of the lengths and letters of English.
func vocabulary(g *rand.Rand, n int) []string {
	const vowels, consonants = "eeeaaoiiu", "tttnnsshhrrddlccmmwfgypbvk"
	words := make([]string, n)
	for i := range words {
		var b strings.Builder
		for l := 1 + g.IntN(3) + g.IntN(2+i*3/n); l >= 0; l-- {
			b.WriteByte(consonants[g.IntN(len(consonants))])
			b.WriteByte(vowels[g.IntN(len(vowels))])
		}
		words[i] = b.String()[:1+g.IntN(b.Len())]
	}
	return words
}

// word picks early words far more often than late ones, as languages do.
func word(g *rand.Rand, words []string) string {
	return words[int(math.Exp(g.Float64()*math.Log(float64(len(words)))))-1]
}

func sentence(g *rand.Rand, words []string) string {
	var b strings.Builder
	for i := range 4 + g.IntN(20) {
		w := word(g, words)
		switch {
		case i == 0:
			w = strings.ToUpper(w[:1]) + w[1:]
		case g.IntN(9) == 0:
			b.WriteString(", ")
		default:
			b.WriteByte(' ')
		}
		b.WriteString(w)
	}
	b.WriteString(". ")
	return b.String()
}

// makeJSON writes records that are alike but for a few octets, as the original's are: with a window of just 512 octets
// a compressor leaves a twentieth of them.
func makeJSON(g *rand.Rand) []byte {
	var b strings.Builder
	b.WriteString("[\n")
	for i := 0; b.Len() < 190_000; i++ {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, "    {\n        \"id\": %d,\n        \"type\": \"measurement\",\n        \"station\": \"Zürich-Nord\",\n"+
			"        \"active\": true,\n        \"calibrated\": true,\n        \"value\": %d.%04d,\n        \"unit\": \"µg/m³\",\n        \"tags\": []\n    }",
			10000+i, 20+g.IntN(10), g.IntN(10000))
	}
	b.WriteString("\n]\n")
	return []byte(b.String())
}

// makeBitmap draws soft shapes with a little noise under a BMP header with a palette of 256 greys.
func makeBitmap(g *rand.Rand) []byte {
	const side, header = 512, 14 + 40 + 4*256
	b := append([]byte("BM"), make([]byte, header-2)...)
	binary.LittleEndian.PutUint32(b[2:], header+side*side)
	binary.LittleEndian.PutUint32(b[10:], header)
	binary.LittleEndian.PutUint32(b[14:], 40)
	binary.LittleEndian.PutUint32(b[18:], side)
	binary.LittleEndian.PutUint32(b[22:], side)
	binary.LittleEndian.PutUint32(b[26:], 1|8<<16)
	for i := range 256 {
		binary.LittleEndian.PutUint32(b[54+4*i:], uint32(i)*0x010101)
	}
	for y := range side {
		for x := range side {
			v := 128 + 60*math.Sin(float64(x)/37)*math.Cos(float64(y)/53) + 40*math.Sin(float64(x+y)/91) + g.NormFloat64()*3
			b = append(b, byte(max(0, min(255, v))))
		}
	}
	return b
}

func makeBook(g *rand.Rand) []byte {
	words := vocabulary(g, 8000)
	var b strings.Builder
	for chapter := 1; b.Len() < 222_000; chapter++ {
		fmt.Fprintf(&b, "\r\n\r\nCHAPTER %d\r\n\r\n", chapter)
		for range 12 {
			column := 0
			for range 3 + g.IntN(6) {
				for w := range strings.FieldsSeq(sentence(g, words)) {
					if column+len(w) > 72 {
						b.WriteString("\r\n")
						column = 0
					}
					b.WriteString(w + " ")
					column += len(w) + 1
				}
			}
			b.WriteString("\r\n\r\n")
		}
	}
	return []byte(b.String())
}

func makeHTML(g *rand.Rand) []byte {
	words := vocabulary(g, 3000)
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Übersicht</title></head>\n<body>\n")
	for i := 0; b.Len() < 260_000; i++ {
		fmt.Fprintf(&b, "<div class=\"entry\" id=\"e%d\">\n  <h2 class=\"title\"><a class=\"link\" href=\"/%s/index.html\">%s</a></h2>\n  <p class=\"text\">%s</p>\n"+
			"  <ul class=\"facts\">\n    <li class=\"fact\"><span class=\"name\">%s</span></li>\n    <li class=\"fact\"><span class=\"price\">%d €</span></li>\n  </ul>\n</div>\n",
			i, word(g, words), word(g, words), sentence(g, words), word(g, words), g.IntN(1000))
	}
	b.WriteString("</body>\n</html>\n")
	return []byte(b.String())
}

// makePDF is what a PDF is to a compressor: short plain objects between long streams that are compressed already.
func makePDF(g *rand.Rand) []byte {
	words := vocabulary(g, 4000)
	b := bytes.NewBufferString("%PDF-1.4\n")
	for i := 1; b.Len() < 1_000_000; i++ {
		var stream bytes.Buffer
		z := zlib.NewWriter(&stream)
		for range 120 {
			fmt.Fprintf(z, "BT /F%d %d Tf %.3f %.3f Td (%s) Tj ET\n", g.IntN(9), g.IntN(30), g.Float64()*600, g.Float64()*800, sentence(g, words))
		}
		z.Close()
		fmt.Fprintf(b, "%d 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n", i, stream.Len())
		b.Write(stream.Bytes())
		b.WriteString("\nendstream\nendobj\n")
	}
	b.WriteString("%%EOF\n")
	return b.Bytes()
}
