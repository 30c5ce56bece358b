package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/examples/internal/program"
	"github.com/seed-d69ae1b7/websocket/internal/chromium"
	"github.com/seed-d69ae1b7/websocket/wsjson"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// enter opens the page in a browser and enters a room.
func enter(t *testing.T, b *chromium.Browser, url, name, room string) *chromium.Tab {
	t.Helper()
	tab := b.Open(t.Context(), t, url)
	tab.Run(`WebSocket = class extends WebSocket { constructor(...a) { super(...a); globalThis.newest = this } }; undefined`)
	tab.WaitFor(`document.getElementById("room").options.length === 3`)
	tab.Set("name", name)
	tab.Set("room", room)
	tab.Click("#enter button")
	tab.WaitFor(`document.getElementById("state").value === "connected"`)
	return tab
}

// say says something by the page's controls.
func say(tab *chromium.Tab, text string) {
	tab.Helper()
	tab.Set("text", text)
	tab.Click("#say button")
}

// waitForLog waits until the page shows these texts as the last ones.
func waitForLog(tab *chromium.Tab, texts ...string) {
	tab.Helper()
	tab.WaitFor(`[...document.querySelectorAll("#log li")].map(e => e.lastChild.textContent).slice(-` +
		`[` + quoted(texts) + `].length).join("|") === [` + quoted(texts) + `].join("|")`)
}

// waitForMembers waits until the page shows who is there.
func waitForMembers(tab *chromium.Tab, names ...string) {
	tab.Helper()
	tab.WaitFor(`[...document.querySelectorAll("#members li")].map(e => e.textContent).join("|") === [` + quoted(names) + `].join("|")`)
}

// quoted returns the elements of an array of JavaScript.
func quoted(texts []string) string {
	var b strings.Builder
	for _, text := range texts {
		b.WriteString(chromium.JSString(text) + ",")
	}
	return b.String()
}

// TestPages protects what two people see in a browser: one another, what both say, what was said before they came, nothing of other
// rooms, and texts as text; and that a page comes back. It protects both clients: the one in JavaScript and the one in Go.
func TestPages(t *testing.T) {
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "client.wasm"), "./client")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(strings.TrimSpace(string(root)), "lib/wasm/wasm_exec.js"), filepath.Join(dir, "wasm_exec.js")); err != nil {
		t.Fatal(err)
	}
	b := chromium.Start(t.Context(), t)
	for _, page := range []string{"/", "/go.html"} {
		t.Run(page, func(t *testing.T) {
			visitPages(t, b, program.Start(t, "-addr", "localhost:0", "-go", dir).URL()+page)
		})
	}
}

// visitPages is TestPages for one of the clients.
func visitPages(t *testing.T, b *chromium.Browser, url string) {
	ada := enter(t, b, url, "Ada", "kitchen")
	say(ada, "Is anybody here?")
	waitForLog(ada, "Is anybody here?")

	grace := enter(t, b, url, "Grace", "kitchen")
	waitForLog(grace, "Is anybody here?")
	waitForMembers(ada, "Ada", "Grace")
	say(grace, `<b>I am</b> 🙂`)
	waitForLog(ada, "Is anybody here?", `<b>I am</b> 🙂`)
	waitForLog(grace, "Is anybody here?", `<b>I am</b> 🙂`)
	ada.Run(`if (document.querySelectorAll("#log li.mine").length !== 1) throw new Error("which are mine?")`)
	ada.Screenshot("chat.png")

	alan := enter(t, b, url, "Alan", "garden")
	waitForMembers(alan, "Alan")
	alan.Run(`if (document.querySelector("#log li")) throw new Error("a text of another room")`)
	grace.Click("#exit")
	waitForMembers(ada, "Ada")

	ada.Run(`newest.close()`) // as the end of a network would
	ada.WaitFor(`document.getElementById("state").value.startsWith("disconnected")`)
	ada.WaitFor(`document.getElementById("state").value === "connected"`)
	waitForLog(ada, "Is anybody here?", `<b>I am</b> 🙂`)
	ada.Run(`if (document.querySelectorAll("#log li").length !== 2) throw new Error("the history came twice")`)
}

// connect enters a room without a page, and waits until the member has been told who is there.
func connect(t *testing.T, d *websocket.Dialer, path string) *websocket.Conn {
	t.Helper()
	conn, _, err := d.Dial(t.Context(), "ws://chat.example/rooms/"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	for {
		if e := next(t, conn); e.Members != nil {
			return conn
		}
	}
}

// next waits for an event.
func next(t *testing.T, conn *websocket.Conn) (e event) {
	t.Helper()
	if err := wsjson.Read(t.Context(), conn, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// TestHistory protects that a room remembers so much and no more, and in order.
func TestHistory(t *testing.T) {
	d, stop := wstest.Serve(&http.Server{Handler: routes([]string{"lobby"})})
	defer stop()
	ada := connect(t, d, "lobby?name=Ada")
	for i := range maxHistory + 1 {
		ada.Write(t.Context(), websocket.OpText, []byte(strings.Repeat("x", i+1)))
		next(t, ada)
	}
	conn, _, err := d.Dial(t.Context(), "ws://chat.example/rooms/lobby?name=Grace")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	history := next(t, conn).History
	inOrder := slices.IsSortedFunc(history, func(a, b event) int { return len(a.Text) - len(b.Text) })
	if len(history) != maxHistory || !inOrder || len(history[0].Text) != 2 {
		t.Errorf("%d texts, in order: %v", len(history), inOrder)
	}
}

// TestRefused protects the server from rooms that do not exist, names that are none, and texts that are none or too long.
func TestRefused(t *testing.T) {
	d, stop := wstest.Serve(&http.Server{Handler: routes([]string{"lobby"})})
	defer stop()
	for path, status := range map[string]int{
		"cellar?name=Ada":                       http.StatusNotFound,
		"lobby":                                 http.StatusBadRequest,
		"lobby?name=" + strings.Repeat("A", 51): http.StatusBadRequest,
	} {
		_, resp, err := d.Dial(t.Context(), "ws://chat.example/rooms/"+path)
		if err == nil || resp.StatusCode != status {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, row := range []struct {
		op   websocket.Opcode
		size int
		code websocket.StatusCode
	}{
		{websocket.OpBinary, 1, websocket.StatusUnsupportedData},
		{websocket.OpText, maxText + 1, websocket.StatusMessageTooBig},
	} {
		conn := connect(t, d, "lobby?name=Ada")
		conn.Write(t.Context(), row.op, make([]byte, row.size))
		if _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != row.code {
			t.Errorf("%d bytes of %v: %v", row.size, row.op, err)
		}
	}
}

// TestTooSlow protects the others from a member that takes nothing: it loses its connection, and they get everything.
func TestTooSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &room{members: make(map[*websocket.Conn]string)}
		fast, toFast := wstest.Pipe(nil, &upgrader().Options)
		slow, toSlow := wstest.Pipe(nil, &upgrader().Options)
		defer fast.CloseNow()
		defer toFast.CloseNow()
		r.join(toFast, "Ada")
		r.join(toSlow, "Grace")
		last := 1000
		for i := 0; i <= last; i++ {
			r.say("Ada", fmt.Sprintf("%s %03d", noise(900), i))
			if len(r.members) == 1 {
				last = min(last, i+10) // it goes on without her
			}
			var e event
			for e.Text == "" {
				e = next(t, fast)
			}
			if !strings.HasSuffix(e.Text, fmt.Sprintf(" %03d", i)) {
				t.Errorf("text %d is %q", i, e.Text)
			}
		}
		var err error
		for err == nil {
			_, err = slow.Read(t.Context())
		}
		if websocket.CloseStatus(err) != tooSlow {
			t.Error(err)
		}
	})
}

// noise returns a text that does not shrink to nothing.
func noise(size int) (s string) {
	for len(s) < size {
		s += rand.Text()
	}
	return s[:size]
}
