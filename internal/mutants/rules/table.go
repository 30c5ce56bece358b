package main

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/seed-d69ae1b7/websocket/internal/mutants"
)

// table is all of it.
var table = []group{
	frames, closes, texts, masks, keys, receiving, sending, inflating, deflating, blocks,
	opening, lists, requests, origins, urls, clientSide, choices, streams, extending, negotiating,
	ending, reasons, silence, controlling, unwritable, reads, inputs, writes, waiting, sides, handlers, streaming, receivingStreams,
}

// group is the mutants of one file, and the tests that are to kill them: quick ones, all together a few seconds.
type group struct {
	file  string
	pkg   string // the directory of its package; "" is the root
	tests string // of the package, as the flag -run takes them
	list  []change
}

// change breaks a rule: its section, of RFC 6455 unless said otherwise, and what the mutant does or believes. Old stands in the
// file exactly once.
type change struct{ rule, old, new string }

// mutant is one change of a group's.
type mutant struct {
	mutants.Mutant
	group
}

// mutants returns those of g.
func (g group) mutants() (all []mutant) {
	for _, c := range g.list {
		all = append(all, mutant{mutants.Mutant{Name: c.rule, File: g.file, Old: c.old, New: c.new}, g})
	}
	return all
}

// id names m.
func (m mutant) id() string { return m.File + ": " + m.Name }

// sum tells m from all others, and from what it was when its texts were other ones.
func (m mutant) sum() string {
	h := sha256.Sum256([]byte(m.File + "\x00" + m.Name + "\x00" + m.Old + "\x00" + m.New))
	return hex.EncodeToString(h[:6])
}
