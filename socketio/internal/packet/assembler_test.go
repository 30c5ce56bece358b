package packet

// This file tests how packets and their attachments become one, against a slow way.

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// assemble gives messages to an Assembler, texts that begin with "t" and binary ones that begin with "b", and returns what became of them.
func assemble(messages [][]byte) (all []string) {
	var a Assembler
	for _, m := range messages {
		own := bytes.Clone(m)
		w, err := (*Whole)(nil), error(nil)
		if own[0] == 't' {
			w, err = a.Text(new(Whole), own[1:], 10)
		} else {
			w, err = a.Binary(own[1:])
		}
		if err != nil {
			return append(all, "error")
		}
		if w != nil {
			all = append(all, fmt.Sprintf("%s %q", show(&w.Packet), w.Binaries))
		}
	}
	return all
}

// slowly is assemble by looking ahead.
func slowly(messages [][]byte) (all []string) {
	for len(messages) > 0 {
		head := messages[0]
		text, ok := slow(string(head[1:]))
		if head[0] != 't' || !ok {
			return append(all, "error")
		}
		q, _ := Parse(head[1:], 10)
		var attachments [][]byte
		for messages = messages[1:]; len(attachments) < q.Attachments; messages = messages[1:] {
			if len(messages) == 0 {
				return all
			}
			if messages[0][0] != 'b' {
				return append(all, "error")
			}
			attachments = append(attachments, messages[0][1:])
		}
		all = append(all, fmt.Sprintf("%s %q", text, attachments))
	}
	return all
}

func TestAssembler(t *testing.T) {
	for input, want := range map[string]int{ // how many packets and errors
		"": 0, `t2["a"]`: 1, `t0|t1|t2["a"]`: 3, `b`: 1, `t2["a"]|b1`: 2, `t51-["a"]`: 0, `t51-["a"]|b1`: 1, `t52-["a"]|b1|b`: 1, `t52-["a"]|b1|b2|b3`: 2,
		`t52-["a"]|b1|t1`: 1, `t51-["a"]|b1|t62-1[]|b1|b2|t2["b"]`: 3, `t51-["a"]|t51-["a"]`: 1, `t50-["a"]`: 1, `t511-["a"]`: 1,
	} {
		got := assemble(split(input))
		if len(got) != want || !slices.Equal(got, slowly(split(input))) {
			t.Errorf("%s: %q, slowly %q", input, got, slowly(split(input)))
		}
	}
}

// split returns the messages of an input.
func split(input string) (all [][]byte) {
	for one := range bytes.SplitSeq([]byte(input), []byte("|")) {
		if len(one) > 0 && (one[0] == 't' || one[0] == 'b') {
			all = append(all, one)
		}
	}
	return all
}

func FuzzAssembler(f *testing.F) {
	f.Add(`t51-["a"]|b1|t62-1[]|b1|b2|t2["b"]|t0/x,{}`)
	f.Add(`t53-/n,5["a",{"_placeholder":true,"num":0}]|b|b|t`)
	f.Fuzz(func(t *testing.T, input string) {
		if got, want := assemble(split(input)), slowly(split(input)); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}
