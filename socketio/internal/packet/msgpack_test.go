package packet

import (
	"bytes"
	"slices"
	"testing"
)

// unpacked are packets as socket.io-msgpack-parser has them, with their attachments, that are written and read alike.
var unpacked = []struct {
	name, packed string
	packet       Packet
	attachments  []string
}{
	{"CONNECT", "\x82\xa4type\x00\xa3nsp\xa1/", Packet{Type: Connect, Namespace: []byte("/")}, nil},
	{"CONNECT with data", "\x83\xa4type\x00\xa3nsp\xa6/admin\xa4data\x81\xa3sid\xa1x",
		Packet{Type: Connect, Namespace: []byte("/admin"), Data: []byte(`{"sid":"x"}`)}, nil},
	{"DISCONNECT", "\x82\xa4type\x01\xa3nsp\xa1/", Packet{Type: Disconnect, Namespace: []byte("/")}, nil},
	{"EVENT", "\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa1a\x01", Packet{Type: Event, Namespace: []byte("/"), Data: []byte(`["a",1]`)}, nil},
	{"EVENT with an id and an attachment", "\x84\xa4type\x02\xa3nsp\xa1/\xa2id\xcc\xc8\xa4data\x92\xa1a\xc4\x02\x01\x02",
		Packet{Type: Event, Binary: true, Attachments: 1, HasID: true, ID: 200, Namespace: []byte("/"),
			Data: []byte(`["a",{"_placeholder":true,"num":0}]`)}, []string{"\x01\x02"}},
	{"ACK", "\x84\xa4type\x03\xa3nsp\xa1/\xa2id\x00\xa4data\x90", Packet{Type: Ack, HasID: true, Namespace: []byte("/"), Data: []byte(`[]`)}, nil},
	{"CONNECT_ERROR", "\x83\xa4type\x04\xa3nsp\xa1/\xa4data\x81\xa7message\xa1x",
		Packet{Type: ConnectError, Namespace: []byte("/"), Data: []byte(`{"message":"x"}`)}, nil},
}

func TestMsgpack(t *testing.T) {
	for _, test := range unpacked {
		var attachments [][]byte
		for _, a := range test.attachments {
			attachments = append(attachments, []byte(a))
		}
		out, err := AppendMsgpack(nil, &test.packet, attachments)
		if err != nil || string(out) != test.packed {
			t.Errorf("%s: got %q, %v, want %q", test.name, out, err, test.packed)
		}
		got, err := ParseMsgpack([]byte(test.packed), 1)
		if err != nil || !samePacket(&got.Packet, &test.packet) || !slices.EqualFunc(got.Binaries, attachments, bytes.Equal) {
			t.Errorf("%s: got %+v, %v", test.name, got, err)
		}
		for n := range test.packed {
			if _, err := ParseMsgpack([]byte(test.packed[:n]), 1); err == nil {
				t.Errorf("%s: %d bytes of it are a packet", test.name, n)
			}
		}
	}
	// As the official client writes them: what is undefined is there, and names are in any order.
	w, err := ParseMsgpack([]byte("\x84\xa4data\xd4\x00\x00\xa2id\xd4\x00\x00\xa4type\x00\xa3nsp\xa1/"), 1)
	if err != nil || !samePacket(&w.Packet, &unpacked[0].packet) {
		t.Errorf("undefined data: got %+v, %v", w, err)
	}
}

func samePacket(a, b *Packet) bool {
	return a.Type == b.Type && a.HasID == b.HasID && a.ID == b.ID && a.Binary == b.Binary && a.Attachments == b.Attachments &&
		bytes.Equal(a.Namespace, b.Namespace) && bytes.Equal(a.Data, b.Data)
}

// TestMsgpackMalformed protects that what is no packet is an error.
func TestMsgpackMalformed(t *testing.T) {
	for name, packed := range map[string]string{
		"nothing":                      "",
		"no map":                       "\x90",
		"nil":                          "\xc0",
		"text":                         `2["a"]`,
		"no type":                      "\x81\xa3nsp\xa1/",
		"no namespace":                 "\x81\xa4type\x00",
		"an unknown type":              "\x82\xa4type\x05\xa3nsp\xa1/",
		"a negative type":              "\x82\xa4type\xff\xa3nsp\xa1/",
		"a type that is a string":      "\x82\xa4type\xa10\xa3nsp\xa1/",
		"a type that is no whole":      "\x83\xa4type\xcb\x40\x04\x00\x00\x00\x00\x00\x00\xa3nsp\xa1/\xa4data\x91\xa1a",
		"a namespace that is a number": "\x82\xa4type\x00\xa3nsp\x01",
		"DISCONNECT with data":         "\x83\xa4type\x01\xa3nsp\xa1/\xa4data\x90",
		"EVENT without data":           "\x82\xa4type\x02\xa3nsp\xa1/",
		"ACK without an id":            "\x83\xa4type\x03\xa3nsp\xa1/\xa4data\x90",
		"an id that is nil":            "\x84\xa4type\x02\xa3nsp\xa1/\xa2id\xc0\xa4data\x91\xa1a",
		"an id that is negative":       "\x84\xa4type\x02\xa3nsp\xa1/\xa2id\xff\xa4data\x91\xa1a",
		"an id that is a string":       "\x84\xa4type\x02\xa3nsp\xa1/\xa2id\xa11\xa4data\x91\xa1a",
		"an attachment of CONNECT":     "\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x81\xa1a\xc4\x00",
		"too many attachments":         "\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x93\xa1a\xc4\x00\xc4\x00",
	} {
		if w, err := ParseMsgpack([]byte(packed), 1); err == nil {
			t.Errorf("%s: got %+v", name, w)
		}
	}
	if _, err := AppendMsgpack(nil, &Packet{Type: Event, Data: []byte(`[`)}, nil); err == nil {
		t.Error("no JSON: no error")
	}
}
