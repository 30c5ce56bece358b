package cluster

import (
	"bytes"
	"encoding/json/jsontext"
	"reflect"
	"testing"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// messages are messages, and the JSON that the cluster adapters of Node make of them.
var messages = []struct {
	m    Message
	text string
}{
	{Message{Kind: Heartbeat}, `{"type":2,"data":{},"uid":"u","nsp":"/n"}`},
	{Message{Kind: Broadcast, Packet: event(`["e",9007199254740993]`), Target: adapter.Target{Rooms: []string{"a", `"`}, Volatile: true}},
		`{"type":3,"data":{"packet":{"type":2,"data":["e",9007199254740993]},"opts":{"rooms":["a","\""],"except":[],"flags":{"volatile":true}}},"uid":"u","nsp":"/n"}`},
	{Message{Kind: Broadcast, Packet: event(`["e"]`), Request: "r", Timeout: time.Second, Losses: true, Target: adapter.Target{Except: []string{"x"}}},
		`{"type":3,"data":{"packet":{"type":2,"data":["e"]},"requestId":"r","opts":{"rooms":[],"except":["x"],"flags":{"timeout":1000}},"losses":true},"uid":"u","nsp":"/n"}`},
	{Message{Kind: Join, Rooms: []string{"b"}}, `{"type":4,"data":{"opts":{"rooms":[],"except":[],"flags":{}},"rooms":["b"]},"uid":"u","nsp":"/n"}`},
	{Message{Kind: Leave, Rooms: []string{"b"}}, `{"type":5,"data":{"opts":{"rooms":[],"except":[],"flags":{}},"rooms":["b"]},"uid":"u","nsp":"/n"}`},
	{Message{Kind: Disconnect, Close: true}, `{"type":6,"data":{"opts":{"rooms":[],"except":[],"flags":{}},"close":true},"uid":"u","nsp":"/n"}`},
	{Message{Kind: FetchSockets, Request: "r"}, `{"type":7,"data":{"opts":{"rooms":[],"except":[],"flags":{}},"requestId":"r"},"uid":"u","nsp":"/n"}`},
	{Message{Kind: FetchedSockets, Request: "r", Sockets: []adapter.Socket{{ID: "s", Rooms: []string{"s", "a"}, Data: jsontext.Value(`[1]`),
		Handshake: adapter.Handshake{Headers: map[string]string{"host": "h"}, Query: map[string]string{"q": "1"}, Auth: jsontext.Value(`{}`), Address: "::1", URL: "/", Time: "t", Issued: 5, Secure: true}}}},
		`{"type":8,"data":{"requestId":"r","sockets":[{"id":"s","handshake":{"headers":{"host":"h"},"time":"t","address":"::1","xdomain":false,"secure":true,"issued":5,"url":"/","query":{"q":"1"},"auth":{}},"rooms":["s","a"],"data":[1]}]},"uid":"u","nsp":"/n"}`},
	{Message{Kind: ServerSideEmit, Request: "r", Packet: event(`["e",1]`)}, `{"type":9,"data":{"requestId":"r","packet":["e",1]},"uid":"u","nsp":"/n"}`},
	{Message{Kind: ServerSideEmitted, Request: "r", Answer: adapter.Answer{Args: jsontext.Value(`[{"a":1}]`)}}, `{"type":10,"data":{"requestId":"r","packet":{"a":1}},"uid":"u","nsp":"/n"}`},
	{Message{Kind: ClientCount, Request: "r", Clients: 3}, `{"type":11,"data":{"requestId":"r","clientCount":3},"uid":"u","nsp":"/n"}`},
	{Message{Kind: Probe, Request: "r"}, `{"type":203,"data":{"requestId":"r"},"uid":"u","nsp":"/n"}`},
	{Message{Kind: Probed, Request: "r"}, `{"type":204,"data":{"requestId":"r"},"uid":"u","nsp":"/n"}`},
	{Message{Kind: Yield, Request: "r", Rooms: []string{"pid"}}, `{"type":201,"data":{"requestId":"r","rooms":["pid"]},"uid":"u","nsp":"/n"}`},
	{Message{Kind: Yielded, Request: "r", Clients: 1}, `{"type":202,"data":{"requestId":"r","clientCount":1},"uid":"u","nsp":"/n"}`},
	{Message{Kind: ClientAck, Request: "r", Answer: adapter.Answer{Args: jsontext.Value(`[]`)}}, `{"type":12,"data":{"requestId":"r"},"uid":"u","nsp":"/n"}`},
	{Message{Kind: ClientAck, Request: "r", Answer: adapter.Answer{Err: adapter.ErrDisconnected}}, `{"type":12,"data":{"requestId":"r","error":"socketio: disconnected"},"uid":"u","nsp":"/n"}`},
}

func TestFormat(t *testing.T) {
	for _, test := range messages {
		m := test.m
		m.From, m.Namespace = "u", "/n"
		text, err := Encode(&m, false)
		if err != nil || string(text) != test.text {
			t.Errorf("%d: %s, %v\nwant %s", m.Kind, text, err, test.text)
		}
		for _, always := range []bool{false, true} {
			b, _ := Encode(&m, always)
			got, err := Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if m.Kind != FetchedSockets { // nil and empty differ
				got.Answer.Attachments = nil
				if got.Packet != nil {
					got.Packet.Attachments = nil
				}
			}
			if !reflect.DeepEqual(got, &m) {
				t.Errorf("%d: %+v\nwant %+v", m.Kind, got, &m)
			}
		}
	}
}

// TestForeign: what Node, and a port to Go, write otherwise.
func TestForeign(t *testing.T) {
	m, err := Decode([]byte(`{"type":3,"uid":"u","nsp":"/","data":{"packet":{"type":5,"nsp":"/","data":[7]},"opts":{"rooms":[1,"a"],"except":[],"flags":{"local":false,"x":{}}}}}`))
	if err != nil || m.Target.Rooms[0] != "1" || m.Packet.Event != "7" {
		t.Errorf("%+v, %v", m, err)
	}
	m, err = Decode([]byte(`{"type":8,"uid":"u","nsp":"/","data":{"requestId":"r","sockets":[{"id":"s","rooms":["s"],"data":null,"handshake":{"headers":{"set-cookie":["a","b"]},"query":{"q":["1"]},"issued":1.5,"auth":null}}]}}`))
	if err != nil || m.Sockets[0].Handshake.Headers["set-cookie"] != "a, b" || m.Sockets[0].Handshake.Query["q"] != "1" {
		t.Errorf("%+v, %v", m, err)
	}
	for _, bad := range []string{
		``, `{`, `{"type":3}`, `{"type":3,"data":{}}`, `{"type":3,"data":{"packet":{"type":1,"data":["e"]}}}`, `{"type":3,"data":{"packet":{"type":2,"data":["connect"]}}}`,
		`{"type":3,"data":{"packet":{"type":2,"data":{}}}}`, `{"type":9,"data":{"packet":[]}}`, "\x81", `[]`, `{"type":"x"}`, `{"type":8,"data":{"sockets":1}}`,
	} {
		if m, err := Decode([]byte(bad)); err == nil {
			t.Errorf("%s: %+v", bad, m)
		}
	}
}

func TestForeignPlaceholder(t *testing.T) {
	m := &Message{Kind: Broadcast, Packet: event(`["e",{"_placeholder":true,"num":0}]`, []byte("xyz"))}
	b, err := Encode(m, false)
	if err != nil {
		t.Fatal(err)
	}
	// What looks like the placeholder of a binary value that is not there.
	b = bytes.Replace(b, []byte("\xc4\x03xyz"), []byte("\x92\xc4\x03xyz\x82\xac_placeholder\xc3\xa3num\x05"), 1)
	if m, err := Decode(b); err == nil {
		t.Errorf("%+v", m.Packet)
	}
}

func FuzzDecode(f *testing.F) {
	for _, test := range messages {
		for _, always := range []bool{false, true} {
			b, _ := Encode(&test.m, always)
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		m, err := Decode(p)
		if err != nil || m.IsAnswer() && m.Kind > 100 || m.Kind > 13 {
			return
		}
		b, err := Encode(m, false)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(b)
		if err != nil {
			t.Fatalf("%v\n%q\n%q", err, p, b)
		}
		if c, _ := Encode(again, false); !bytes.Equal(b, c) {
			t.Errorf("%q\n%q", b, c)
		}
	})
}
