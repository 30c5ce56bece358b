// A client that stays connected: it dials again after what passes, not after what would come again, and asks for what it has
// missed meanwhile. What the server has are numbered messages, as JSON: {"n":17,"text":"…"}; those behind number n are at
// URL?after=n.
//
//	go run ./reconnect -url ws://localhost:8080/feed
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"syscall"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/wsjson"
)

func main() {
	url := flag.String("url", "ws://localhost:8080/feed", "where the messages are")
	first := flag.Duration("first", time.Second, "the most that the first delay takes")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	// Without pings, a network that went away is noticed only by a write.
	d := &websocket.Dialer{Options: websocket.Options{PingInterval: 30 * time.Second}}
	f := &feed{url: *url}
	err := stay(ctx, d, *first, f.next, f.read)
	if ctx.Err() == nil && websocket.CloseStatus(err) != websocket.StatusNormalClosure {
		log.Fatal(err)
	}
}

// feed is where the client is in the messages.
type feed struct {
	url  string
	last int // the number of the newest message
}

// next returns where what is missing is to be had.
func (f *feed) next() string { return fmt.Sprintf("%s?after=%d", f.url, f.last) }

// read prints messages until the connection ends.
func (f *feed) read(ctx context.Context, conn *websocket.Conn) error {
	for {
		var m struct {
			N    int
			Text string
		}
		if err := wsjson.Read(ctx, conn, &m); err != nil {
			return err
		}
		f.last = m.N
		fmt.Println(m.N, m.Text)
	}
}
