//go:build js

// The client of the chat in Go, for the page go.html: what page/chat.js does in JavaScript.
package main

import (
	"context"
	"math/rand/v2"
	"net/url"
	"strings"
	"syscall/js"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/wsjson"
)

var document = js.Global().Get("document")

func main() {
	on("enter", "onsubmit", enter)
	on("say", "onsubmit", say)
	on("exit", "onclick", leave)
	go listRooms()
	select {} // events go on
}

// element returns what has that id in the page.
func element(id string) js.Value { return document.Call("getElementById", id) }

// on calls f on an event, instead of what the browser would do. It must not wait: that is for goroutines.
func on(id, event string, f func()) {
	element(id).Set(event, js.FuncOf(func(_ js.Value, args []js.Value) any {
		args[0].Call("preventDefault")
		f()
		return nil
	}))
}

// address returns the URL of a path beside the page's.
func address(path string) *url.URL {
	u, err := url.Parse(js.Global().Get("location").Get("href").String())
	if err != nil {
		panic(err) // the browser has parsed it
	}
	u.Fragment = ""
	return u.JoinPath("..", path)
}

// listRooms asks for the names of the rooms: by the browser's fetch, as net/http's client would make the program larger.
func listRooms() {
	text := make(chan string)
	read := js.FuncOf(func(_ js.Value, args []js.Value) any { return args[0].Call("text") })
	done := js.FuncOf(func(_ js.Value, args []js.Value) any {
		go func() { text <- args[0].String() }()
		return nil
	})
	js.Global().Call("fetch", "rooms").Call("then", read).Call("then", done)
	for name := range strings.SplitSeq(<-text, "\n") {
		element("room").Call("add", js.Global().Get("Option").New(name))
	}
}

// visit is the time in a room.
type visit struct {
	name string
	end  context.CancelFunc
	say  chan string // what is to be said
}

// current is the visit that goes on. Events, and they alone, use it.
var current visit

// enter enters the room that the page says.
func enter() {
	ctx, end := context.WithCancel(context.Background())
	current = visit{element("name").Get("value").String(), end, make(chan string, 16)}
	room := element("room").Get("value").String()
	element("enter").Set("hidden", true)
	element("chat").Set("hidden", false)
	element("title").Set("textContent", room)
	element("text").Call("focus")
	go current.stay(ctx, room)
}

// leave leaves it.
func leave() {
	current.end()
	element("chat").Set("hidden", true)
	element("enter").Set("hidden", false)
}

// say says what the field has, which keeps it while there is no connection.
func say() {
	text := element("text").Get("value").String()
	if strings.TrimSpace(text) == "" || !strings.HasPrefix(element("state").Get("value").String(), "connected") {
		return
	}
	select {
	case current.say <- text:
		element("text").Set("value", "")
	default:
	}
}

// stay connects, again and again, until ctx ends.
func (v visit) stay(ctx context.Context, room string) {
	u := address("rooms/" + url.PathEscape(room))
	u.RawQuery = url.Values{"name": {v.name}}.Encode()
	for failures := 0; ctx.Err() == nil; failures++ {
		element("state").Set("value", "connecting …")
		if conn, _, err := websocket.Dial(ctx, u.String()); err == nil {
			failures = 0
			v.talk(ctx, conn)
		}
		// After a random time that grows, so that not all come back to a server at once.
		wait := rand.N(time.Second << min(failures, 6))
		element("state").Set("value", "disconnected, next attempt in "+wait.Round(time.Second).String())
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// talk shows what comes and sends what is said, until the connection or ctx ends.
func (v visit) talk(ctx context.Context, conn *websocket.Conn) {
	defer conn.Close(websocket.StatusNormalClosure, "")
	element("state").Set("value", "connected")
	element("log").Call("replaceChildren") // the history comes again
	go func() {
		for {
			select {
			case text := <-v.say:
				conn.Write(ctx, websocket.OpText, []byte(text))
			case <-conn.Context().Done():
				return
			}
		}
	}()
	for {
		var e event
		if err := wsjson.Read(ctx, conn, &e); err != nil {
			return
		}
		v.show(e)
	}
}

// event is what the server tells.
type event struct {
	Time       time.Time
	From, Text string
	Members    []string
	History    []event
}

// show shows an event in the page: as text, never as HTML.
func (v visit) show(e event) {
	for _, e := range e.History {
		v.show(e)
	}
	if e.Members != nil {
		var items []any
		for _, name := range e.Members {
			items = append(items, withText("li", name))
		}
		element("members").Call("replaceChildren", items...)
	}
	if e.Text == "" {
		return
	}
	line := withText("li", "")
	if e.From == v.name {
		line.Set("className", "mine")
	}
	line.Call("append", withText("small", e.From+", "+e.Time.Local().Format("15:04")), e.Text)
	element("log").Call("append", line)
	line.Call("scrollIntoView")
}

// withText returns a new element with a text.
func withText(tag, text string) js.Value {
	e := document.Call("createElement", tag)
	e.Set("textContent", text)
	return e
}
