package main

import (
	"fmt"
	"maps"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/examples/internal/program"
	"github.com/seed-d69ae1b7/websocket/wsjson"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// TestPrices protects that the program sends prices, tick after tick.
func TestPrices(t *testing.T) {
	server := program.Start(t, "-addr", "localhost:0", "-every", "1ms").URL()
	conn, _, err := websocket.Dial(t.Context(), server+"/prices")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	for range 10 {
		var p prices
		if err := wsjson.Read(t.Context(), conn, &p); err != nil || len(p) == 0 {
			t.Error(p, err)
		}
	}
}

// TestSlow protects fast clients and slow ones from one another: the fast one gets every tick; the slow one stays connected, gets
// few of the ticks that it was too slow for, and then the newest price of each symbol.
func TestSlow(t *testing.T) {
	const ticks, symbols = 2000, 50
	ticker := newTicker()
	fast, toFast := wstest.Pipe(nil, &websocket.Options{FailWhenFull: true})
	slow, toSlow := wstest.Pipe(nil, &websocket.Options{FailWhenFull: true})
	defer fast.CloseNow()
	defer slow.CloseNow()
	ticker.add(toFast)
	ticker.add(toSlow)
	for i := range ticks {
		changed := prices{"TICK": i}
		for j := range symbols {
			changed[fmt.Sprint(j, "-", i%2)] = i // a symbol changes with every second tick
		}
		ticker.tick(changed)
		var got prices
		if err := wsjson.Read(t.Context(), fast, &got); err != nil || !maps.Equal(got, changed) {
			t.Fatalf("tick %d: %v, %v", i, got, err)
		}
		toFast.Flush(t.Context()) // it has been taken, or the next tick would find it waiting
	}
	// The slow one wakes up. When it has caught up with what waits for it, the next tick brings all that it has missed.
	seen, read := make(prices), 0
	next := func() {
		if err := wsjson.Read(t.Context(), slow, &seen); err != nil {
			t.Fatal(err)
		}
		read++
	}
	for toSlow.Buffered() > 0 {
		next()
	}
	ticker.tick(prices{"TICK": ticks})
	for seen["TICK"] != ticks {
		next()
	}
	if read > ticks/2 {
		t.Errorf("the slow client was sent %d messages for %d ticks", read, ticks)
	}
	if !maps.Equal(seen, ticker.all) {
		t.Errorf("the slow client knows\n%v, and not\n%v", seen, ticker.all)
	}
}
