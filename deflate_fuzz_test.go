package websocket

// This file holds the fuzz targets of Receiver and Sender with permessage-deflate.

import (
	"errors"
	"testing"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// FuzzReceiverDeflate gives any bytes to a Receiver of either role that has negotiated compression. However they are
// cut, and whatever room there is, it must make of them what the model does with compress/flate.
func FuzzReceiverDeflate(f *testing.F) {
	for _, rows := range deflateRows() {
		for _, row := range rows {
			if stream := wire(f, true, row.frames...); len(stream) < 64 {
				f.Add(stream, []byte{3, 0, 1}, uint16(row.limit), uint16(0), true, false, !row.alone)
				f.Add(stream, []byte{2}, uint16(row.limit), uint16(600), false, true, !row.alone)
			}
		}
	}
	long := deflated(compressible(4000, 1))
	f.Add(wire(f, true, deflatedFrames(long, 1<<20)...), []byte{100}, uint16(0), uint16(512), true, false, true)
	f.Add(wire(f, true, deflatedFrames(long, 70)...), []byte{9}, uint16(3999), uint16(512), false, true, true)
	f.Fuzz(func(t *testing.T, stream, seed []byte, limit, room uint16, client, twin, takeover bool) {
		if twin && !client {
			stream = maskFrames(stream)
		}
		if limit == 0 {
			limit = 1<<16 - 1 // so that the model does not inflate for ever
		}
		m := modelReceiver{client: client, limit: uint64(limit), deflate: &modelInflater{takeover: takeover}}
		want := m.judge(stream)
		for how, chunks := range map[string][][]byte{"whole": {stream}, "one by one": singles(stream), "in chunks": cutAt(stream, seed)} {
			r := newInflating(client, takeover, uint64(limit))
			got := receiving{room: int(room)}.receive(t, r, chunks...)
			if isStricter(r.err) {
				continue
			}
			agreeInflated(t, how, got, want, m.inMessage && m.compressed())
		}
	})
}

// isStricter reports whether an error is about codes that compress/flate takes, or may take, and zlib does not. Which
// these are is the business of package compress.
func isStricter(err *ProtocolError) bool {
	if err == nil || !errors.Is(err, compress.ErrCorrupt) {
		return false
	}
	switch err.Err.Error() {
	case "compress: corrupt message: no code for the end of the block",
		"compress: corrupt message: code length codes are no tree",
		"compress: corrupt message: literal and length codes are no tree",
		"compress: corrupt message: distance codes are no tree",
		"compress: corrupt message: too many codes":
		return true
	}
	return false
}

// agreeInflated is agree where a compressed message may be under way: then compress/flate may hold back its end, and
// either may need some more bits to see what is wrong. A text that breaks two rules at once may be told either of them.
func agreeInflated(t *testing.T, how string, got, want verdict, underWay bool) {
	t.Helper()
	corrupt := func(v verdict) bool { return v.code == 1007 || v.code == 1009 }
	if corrupt(got) && corrupt(want) && (underWay || got.code == 1007) || underWay && got.code == 0 && corrupt(want) {
		want.code = got.code
	}
	code := StatusCode(0)
	if underWay && corrupt(got) {
		code = got.code
	}
	agreeSoFar(t, how, got, want, code)
}

// FuzzSenderReceiverDeflate is FuzzSenderReceiver with compression of every kind.
func FuzzSenderReceiverDeflate(f *testing.F) {
	for _, client := range []bool{true, false} {
		f.Add([]byte("\x00\x05Hello\x01\x00\x10\x03abc\x20\x01x\x18\x02de\x30\x02\x03\xe8"), client, uint8(0))
		f.Add([]byte("\x00\x02\xc3\xa9\x10\x01\xe2\x10\x01\x82\x18\x01\xac\x00\x01\xff"), client, uint8(17))
		f.Add([]byte("\x50\x7d\x40\x7e\x41\xff\x40\xff\x30\x00\x00\x00\x20\x00"), client, uint8(40))
		f.Add([]byte("\x11\x00\x19\x00\x51\x61\x51\x62\x11\x00\x59\x63\x41\x61\x41\x62"), client, uint8(47))
	}
	all := deflaterOptions()
	f.Fuzz(func(t *testing.T, script []byte, client bool, options uint8) {
		o := all[int(options)%len(all)]
		minSize := 0
		if options&0x80 != 0 {
			minSize = -1
		}
		playScript(t, script, newDeflating(client, o, minSize), inflating(client, o))
	})
}
