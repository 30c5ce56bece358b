// Package corpus makes messages to test and measure with: the same ones for the same seed, on every machine.
package corpus

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// Seed is the seed of published measurements.
const Seed = 7692

// NewRand returns the source of randomness for a seed.
func NewRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x9E3779B97F4A7C15)) }

// Random returns n bytes that cannot be compressed.
func Random(seed uint64, n int) []byte {
	r := NewRand(seed)
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// Text returns n bytes of prose in paragraphs.
func Text(seed uint64, n int) []byte {
	r := NewRand(seed)
	var b strings.Builder
	b.Grow(n + 1<<10)
	for b.Len() < n {
		prose(&b, r, 300+r.IntN(500))
		b.WriteString("\n\n")
	}
	return []byte(b.String()[:n])
}

// Chat returns n messages of a chat, as JSON objects of about 1 KiB each: users, rooms, timestamps, prose.
func Chat(seed uint64, n int) [][]byte {
	r := NewRand(seed)
	c := newCast(r)
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	messages := make([][]byte, n)
	for i := range messages {
		at = at.Add(time.Duration(r.IntN(9000)) * time.Millisecond)
		messages[i] = c.message(r, i, at)
	}
	return messages
}

// cast is who takes part in a chat.
type cast struct {
	users []user
	rooms []string
}

type user struct{ id, name, avatar string }

func newCast(r *rand.Rand) *cast {
	c := new(cast)
	for range 40 {
		name := pick(r, givenNames) + " " + pick(r, familyNames)
		c.users = append(c.users, user{hex(r, 12), name, "https://cdn.example.net/avatars/" + hex(r, 16) + ".png"})
	}
	for _, topic := range words[100:112] {
		c.rooms = append(c.rooms, topic+"-"+strconv.Itoa(1+r.IntN(9)))
	}
	return c
}

// message returns one message. Prose fills it up to about 1 KiB.
func (c *cast) message(r *rand.Rand, number int, at time.Time) []byte {
	u := c.users[zipf(r, len(c.users))]
	var b strings.Builder
	b.WriteString(`{"type":"message","id":"` + hex(r, 24) + `","seq":` + strconv.Itoa(100000+number))
	b.WriteString(`,"room":{"name":"` + c.rooms[zipf(r, len(c.rooms))] + `","members":` + strconv.Itoa(2+r.IntN(200)) + `}`)
	b.WriteString(`,"user":{"id":"` + u.id + `","name":"` + u.name + `","avatar":"` + u.avatar + `","online":true}`)
	b.WriteString(`,"sent":"` + at.Format("2006-01-02T15:04:05.000Z07:00") + `","edited":null,"mentions":[`)
	for i := range r.IntN(3) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + c.users[r.IntN(len(c.users))].id + `"`)
	}
	b.WriteString(`],"reactions":[`)
	for i := range r.IntN(4) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"emoji":"` + pick(r, emoji) + `","count":` + strconv.Itoa(1+r.IntN(12)) + `}`)
	}
	b.WriteString(`],"text":"`)
	prose(&b, r, max(960+r.IntN(128)-b.Len(), 80))
	b.WriteString(`"}`)
	return []byte(b.String())
}

// prose writes sentences of at least n bytes in all.
func prose(b *strings.Builder, r *rand.Rand, n int) {
	for end := b.Len() + n; b.Len() < end; {
		length := 4 + r.IntN(14)
		for i := range length {
			w := words[zipf(r, len(words))]
			if i == 0 {
				w = strings.ToUpper(w[:1]) + w[1:]
			} else {
				b.WriteByte(' ')
			}
			b.WriteString(w)
			switch {
			case r.IntN(60) == 0:
				b.WriteString(" " + strconv.Itoa(r.IntN(3000)))
			case i < length-1 && r.IntN(12) == 0:
				b.WriteByte(',')
			}
		}
		b.WriteString([]string{". ", ". ", ". ", "? ", "! "}[r.IntN(5)])
	}
}

// zipf picks an index below n, the low ones most often, much as words come in a language.
func zipf(r *rand.Rand, n int) int {
	x := r.Float64()
	return int(float64(n) * x * x * (0.2 + 0.8*x) * 0.9999)
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

func hex(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdef"[r.IntN(16)]
	}
	return string(b)
}
