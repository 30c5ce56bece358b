package compress_test

import (
	"fmt"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// One direction of a connection: what the Deflater of one side makes, the Inflater of the other side reads. The second
// message refers to the first.
func Example() {
	d := compress.NewDeflater(compress.DeflaterOptions{WindowBits: 11, Takeover: true})
	f := compress.NewInflater(compress.InflaterOptions{WindowBits: 11, Takeover: true})

	var payload, message []byte
	for _, m := range []string{
		`{"type":"message","room":"garden","text":"The roses are in bloom."}`,
		`{"type":"message","room":"garden","text":"The roses need water."}`,
	} {
		var compressed bool
		payload, compressed = d.Append(payload[:0], []byte(m))
		if !compressed {
			fmt.Println("to be sent as it is")
			continue
		}
		const limit = 1 << 20
		var done bool
		var err error
		message, _, done, err = f.Append(message[:0], payload, true, limit)
		fmt.Printf("%s done=%v err=%v shorter=%v\n", message, done, err, len(payload) < len(m))
	}
	// Output:
	// {"type":"message","room":"garden","text":"The roses are in bloom."} done=true err=<nil> shorter=true
	// {"type":"message","room":"garden","text":"The roses need water."} done=true err=<nil> shorter=true
}

// A payload comes in pieces, and the message is taken out in pieces that fit a small buffer.
func ExampleInflater_Append() {
	f := compress.NewInflater(compress.InflaterOptions{})
	pieces := [][]byte{{0xF2, 0x48, 0xCD}, {0xC9, 0xC9, 0x07, 0x00}}
	buf := make([]byte, 0, 1024)
	for i, piece := range pieces {
		last := i == len(pieces)-1
		for {
			out, n, done, err := f.Append(buf, piece, last, 2)
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Printf("%q ", out)
			piece = piece[n:]
			if done || len(out) < 2 && len(piece) == 0 && !last {
				break
			}
		}
	}
	// Output: "He" "" "ll" "o"
}

// Both sides of a negotiation.
func ExampleOptions() {
	server := compress.Options{FromClient: compress.Direction{MaxWindowBits: 12}}
	client := compress.Options{FromServer: compress.Direction{NoContextTakeover: true}}

	fmt.Printf("Sec-WebSocket-Extensions: %s\n", client.AppendOffer(nil))
	// Parsing is the caller's: this is the offer.
	offer := []compress.Param{{Name: "server_no_context_takeover"}, {Name: "client_max_window_bits"}}
	answer, params, ok := server.Accept(nil, offer)
	fmt.Printf("%v %+v\n", ok, params)

	fmt.Printf("Sec-WebSocket-Extensions: %s\n", answer)
	params, err := client.Confirm([]compress.Param{
		{Name: "server_no_context_takeover"}, {Name: "client_max_window_bits", Value: "12", HasValue: true},
	})
	fmt.Printf("%+v %v\n", params, err)
	// Output:
	// Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_max_window_bits
	// true {ServerNoContextTakeover:true ClientNoContextTakeover:false ServerMaxWindowBits:15 ClientMaxWindowBits:12}
	// Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_max_window_bits=12
	// {ServerNoContextTakeover:true ClientNoContextTakeover:false ServerMaxWindowBits:15 ClientMaxWindowBits:12} <nil>
}
