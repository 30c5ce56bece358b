package redisadapter

import (
	"bytes"
	"encoding/json/jsontext"
	"testing"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/cluster"
)

// classic are messages, and what @socket.io/redis-adapter makes of them.
var classic = []struct {
	m    cluster.Message
	text string
}{
	{cluster.Message{Kind: cluster.Join, Rooms: []string{"b"}, Target: adapter.Target{Rooms: []string{"a"}}},
		`{"uid":"u","type":2,"opts":{"rooms":["a"],"except":[]},"rooms":["b"]}`},
	{cluster.Message{Kind: cluster.Leave, Rooms: []string{"b"}}, `{"uid":"u","type":3,"opts":{"rooms":[],"except":[]},"rooms":["b"]}`},
	{cluster.Message{Kind: cluster.Disconnect, Close: true}, `{"uid":"u","type":4,"opts":{"rooms":[],"except":[]},"close":true}`},
	{cluster.Message{Kind: cluster.FetchSockets, Request: "r"}, `{"uid":"u","requestId":"r","type":5,"opts":{"rooms":[],"except":[]}}`},
	{cluster.Message{Kind: cluster.ServerSideEmit, Packet: packetOf("e", jsontext.Value(`["e",1]`), nil)}, `{"uid":"u","type":6,"data":["e",1]}`},
	{cluster.Message{Kind: cluster.ServerSideEmit, Request: "r", Packet: packetOf("e", jsontext.Value(`["e"]`), nil)},
		`{"uid":"u","requestId":"r","type":6,"data":["e"]}`},
	{cluster.Message{Kind: cluster.ServerSideEmitted, Request: "r", Answer: adapter.Answer{Args: jsontext.Value(`[5]`)}}, `{"type":6,"requestId":"r","data":5}`},
	{cluster.Message{Kind: cluster.ClientCount, Request: "r", Clients: 2}, `{"type":8,"requestId":"r","clientCount":2,"uid":"u"}`},
	{cluster.Message{Kind: cluster.FetchedIDs, Request: "r", Rooms: []string{"s"}}, `{"requestId":"r","sockets":["s"]}`},
	{cluster.Message{Kind: cluster.FetchedRoom, Request: "r", Rooms: []string{"a"}}, `{"requestId":"r","rooms":["a"]}`},
	{cluster.Message{Kind: cluster.Done, Request: "r"}, `{"requestId":"r"}`},
}

func TestClassicFormat(t *testing.T) {
	for _, test := range classic {
		m := test.m
		m.From, m.Namespace = "u", "/n"
		if text, err := encodeClassic(&m); err != nil || string(text) != test.text {
			t.Errorf("%s, %v\nwant %s", text, err, test.text)
		}
	}
	m := &cluster.Message{Kind: cluster.Broadcast, From: "u", Namespace: "/n", Packet: packetOf("e", jsontext.Value(`["e",1]`), nil)}
	b, err := encodeClassic(m)
	want := "\x93\xa1u\x83\xa4type\x02\xa4data\x92\xa1e\x01\xa3nsp\xa2/n\x83\xa5rooms\x90\xa6except\x90\xa5flags\x80"
	if err != nil || string(b) != want {
		t.Errorf("%q, %v\nwant %q", b, err, want)
	}
	if got, err := decodeBroadcast(b); err != nil || got.From != "u" || got.Namespace != "/n" || string(got.Packet.Args) != `["e",1]` {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestClassicForeign: older forms, and what is none.
func TestClassicForeign(t *testing.T) {
	m, err := decodeRequest([]byte(`{"type":2,"sid":"s","room":"r","requestId":"q"}`))
	if err != nil || m.Kind != cluster.Join || m.Target.Rooms[0] != "s" || m.Rooms[0] != "r" || m.Request != "q" {
		t.Errorf("%+v, %v", m, err)
	}
	m, err = decodeRequest([]byte(`{"type":4,"uid":"u","close":true}`))
	if err == nil {
		t.Errorf("an order without a choice goes to all: %+v", m)
	}
	m, err = decodeRequest([]byte(`{"type":0,"requestId":"q","rooms":["a"]}`))
	if err != nil || m.Kind != cluster.FetchIDs || m.Target.Rooms[0] != "a" {
		t.Errorf("%+v, %v", m, err)
	}
	for _, ignored := range []string{`{}`, `{"type":99}`, `{"type":-1}`} {
		if m, err := decodeRequest([]byte(ignored)); m != nil || err != nil {
			t.Errorf("%s: %+v, %v", ignored, m, err)
		}
	}
	for _, bad := range []string{``, `[`, `["u"]`, `["u",{"type":2,"data":["e"]}]`, `["u",1,{}]`, `["u",{"type":0,"data":["e"]},{}]`} {
		if m, err := decodeBroadcast([]byte(bad)); err == nil {
			t.Errorf("%s: %+v", bad, m)
		}
	}
}

func FuzzClassic(f *testing.F) {
	for _, test := range classic {
		b, _ := encodeClassic(&test.m)
		f.Add(b)
	}
	f.Add([]byte("\x93\xa1u\x82\xa4type\x02\xa4data\x92\xa1e\xc4\x01x\x82\xa5rooms\x90\xa6except\x90"))
	f.Fuzz(func(t *testing.T, p []byte) {
		for _, decode := range []func([]byte) (*cluster.Message, error){decodeBroadcast, decodeRequest, decodeResponse} {
			m, err := decode(bytes.Clone(p))
			if err != nil || m == nil || m.Kind == cluster.FetchIDs || m.Kind == cluster.FetchRooms { // which we answer, and do not make
				continue
			}
			if _, err := encodeClassic(m); err != nil {
				t.Errorf("%+v: %v", m, err)
			}
		}
	})
}
