package main

import (
	"testing"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/examples/internal/program"
	"github.com/seed-d69ae1b7/websocket/internal/chromium"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// look opens the page and waits until it is connected.
func look(t *testing.T, b *chromium.Browser, url string) *chromium.Tab {
	t.Helper()
	tab := b.Open(t.Context(), t, url)
	tab.WaitFor(`document.getElementById("state").value === "connected"`)
	return tab
}

// stroke draws with the mouse, from point to point of the window.
func stroke(tab *chromium.Tab, points ...[2]int) {
	tab.Helper()
	tab.Must(tab.Call("Page.bringToFront", nil, nil)) // nobody draws on a page that is not seen
	mouse := func(kind string, at [2]int) {
		tab.Must(tab.Call("Input.dispatchMouseEvent",
			chromium.Params{"type": kind, "x": at[0], "y": at[1], "button": "left", "buttons": 1, "clickCount": 1}, nil))
	}
	mouse("mousePressed", points[0])
	for _, at := range points[1:] {
		mouse("mouseMoved", at)
	}
	mouse("mouseReleased", points[len(points)-1])
}

// waitForInk waits until a point of the window has ink of a colour, in CSS's notation, or none. The page draws when messages come,
// so this asks again with each of them.
func waitForInk(tab *chromium.Tab, at [2]int, colour string) {
	tab.Helper()
	tab.Run(`new Promise(resolve => {
		const check = () => {
			const box = pen.canvas.getBoundingClientRect();
			const p = pen.getImageData((%d - box.left) * 1000 / box.width, (%d - box.top) * 600 / box.height, 1, 1).data;
			if ((p[3] === 0 ? "none" : "#" + [...p.slice(0, 3)].map(n => n.toString(16).padStart(2, "0")).join("")) === %q) resolve();
			else socket.addEventListener("message", () => setTimeout(check), { once: true });
		};
		check();
	})`, at[0], at[1], colour)
}

// TestPages protects what two people see of one another's strokes in a browser, and one who comes later.
func TestPages(t *testing.T) {
	url := program.Start(t, "-addr", "localhost:0").URL()
	b := chromium.Start(t.Context(), t)
	ada := look(t, b, url)
	stroke(ada, [2]int{100, 100}, [2]int{300, 300}, [2]int{500, 100})
	waitForInk(ada, [2]int{200, 200}, "#1b1b1b")

	grace := look(t, b, url)
	waitForInk(grace, [2]int{400, 200}, "#1b1b1b")
	grace.Click(`[aria-label="colour 2"]`)
	stroke(grace, [2]int{100, 400}, [2]int{600, 400})
	waitForInk(ada, [2]int{350, 400}, "#d7263d")
	stroke(ada, [2]int{650, 250}) // a dot
	waitForInk(grace, [2]int{650, 250}, "#1b1b1b")
	ada.Screenshot("draw.png")

	ada.Click("#wipe")
	waitForInk(grace, [2]int{200, 200}, "none")
}

// line is a stroke of so many points.
func line(points int) websocket.Message {
	return websocket.Message{Op: websocket.OpBinary, Data: append([]byte{0, 1}, make([]byte, 4*points)...)}
}

// TestWellFormed protects pages from what they could not draw.
func TestWellFormed(t *testing.T) {
	for name, row := range map[string]struct {
		m    websocket.Message
		want bool
	}{
		"a dot":             {line(1), true},
		"most points":       {line(maxPoints), true},
		"too many points":   {line(maxPoints + 1), false},
		"no points":         {line(0), false},
		"wipe":              {websocket.Message{Op: websocket.OpBinary, Data: []byte{wipe}}, true},
		"another byte":      {websocket.Message{Op: websocket.OpBinary, Data: []byte{1}}, false},
		"nothing":           {websocket.Message{Op: websocket.OpBinary}, false},
		"half a point":      {websocket.Message{Op: websocket.OpBinary, Data: make([]byte, 8)}, false},
		"an unknown colour": {websocket.Message{Op: websocket.OpBinary, Data: []byte{8, 1, 0, 0, 0, 0}}, false},
		"no width":          {websocket.Message{Op: websocket.OpBinary, Data: []byte{0, 0, 0, 0, 0, 0}}, false},
		"text":              {websocket.Message{Op: websocket.OpText, Data: line(1).Data}, false},
	} {
		if wellFormed(row.m) != row.want {
			t.Errorf("%s: not %v", name, row.want)
		}
	}
}

// TestKept protects the server's memory, and that who comes later gets what is kept.
func TestKept(t *testing.T) {
	d := newDrawing()
	for range 2 * maxDrawing / maxStroke {
		d.add(line(maxPoints))
	}
	d.add(line(1))
	if d.size > maxDrawing || d.size <= maxDrawing-maxStroke {
		t.Errorf("%d bytes are kept", d.size)
	}
	client, server := wstest.Pipe(nil, &websocket.Options{FailWhenFull: true})
	defer client.CloseNow()
	d.join(server)
	for range d.strokes {
		if m, err := client.Read(t.Context()); !wellFormed(m) {
			t.Fatal(m, err)
		}
	}
	d.add(websocket.Message{Op: websocket.OpBinary, Data: []byte{wipe}})
	if m, err := client.Read(t.Context()); len(m.Data) != 1 || len(d.strokes) != 0 {
		t.Error(m, err, len(d.strokes))
	}
}
