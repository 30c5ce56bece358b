//go:build !race

package msgpack

// The race detector lets pools forget at random.

import (
	"encoding/json/jsontext"
	"testing"
)

// TestAllocs asserts that a value costs nothing beyond its results.
func TestAllocs(t *testing.T) {
	value := jsontext.Value(`{"type":2,"data":["hello",{"_placeholder":true,"num":0},[1,2,{"a":-15}]],"nsp":"/"}`)
	attachments := [][]byte{{1, 2, 3}}
	packed, err := Append(nil, value, attachments)
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { Append(dst, value, attachments) }); n > 0 {
		t.Errorf("from JSON: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { AppendJSON(dst, packed, attachments[:0], 10) }); n > 1 { // its state
		t.Errorf("to JSON: %v allocations", n)
	}
}
