package interop

// This file uses the chat as people do: its page in two browsers, one of them a phone's.

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// startChat builds and starts the chat, with the official client from a directory, and returns its address. It ends with the test.
func startChat(t *testing.T, client string) string {
	program := filepath.Join(t.TempDir(), "chat")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/chat").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(program, "-addr", "127.0.0.1:0", "-client", client)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGINT)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the chat: %v", err)
		}
	})
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "http://") {
			return lines.Text()
		}
	}
	t.Fatal("the chat says no address")
	return ""
}

// A picture, for a file to send.
const makePicture = `
	const canvas = Object.assign(document.createElement("canvas"), { width: 300, height: 160 });
	const pen = canvas.getContext("2d");
	pen.fillStyle = pen.createLinearGradient(0, 0, 300, 160);
	pen.fillStyle.addColorStop(0, "#3a6df0");
	pen.fillStyle.addColorStop(1, "#7bd88f");
	pen.fillRect(0, 0, 300, 160);
	await send(new File([await new Promise((done) => canvas.toBlob(done))], "picture.png"));`

func TestChat(t *testing.T) {
	url := startChat(t, "node/node_modules/socket.io-client/dist")
	b := startBrowser(t)
	ada := b.open(url+"/?name=Ada", desktop)
	ada.until(`$("state").textContent === "online" && $("title").textContent === "lobby"`)
	linus := b.open(url, look{390, 780, "dark"})
	linus.until(`!$("login").hidden`)
	linus.picture("login-dark-phone")
	linus.eval(`$("name").value = "Linus"; $("login").requestSubmit()`)
	ada.until(`$("people").innerText === "Ada (you)\nLinus"`)
	linus.until(`$("people").textContent === "AdaLinus (you)"`)

	say := func(p *tab, text string) { p.eval(`$("text").value = ` + text + `; $("say").requestSubmit()`) }
	say(ada, `"Hello! Does this work over long-polling, too?"`)
	linus.until(`$("messages").innerText.includes("over long-polling, too?")`)
	say(linus, `"It does: the first packets always go that way, and then the session moves to WebSocket."`)
	ada.until(`$("messages").innerText.includes("moves to WebSocket")`)
	say(ada, `"<b>no HTML</b> & a " + "very".repeat(40) + "longword"`)
	linus.until(`$("messages").innerText.includes("<b>no HTML</b>") && !document.querySelector("#messages b")`)
	ada.eval(makePicture)
	linus.until(`document.querySelector("#messages img")?.naturalWidth === 300`)
	linus.eval(`await send(new File(["some notes"], "notes.txt"))`)
	ada.until(`[...document.querySelectorAll("#messages a")].at(-1).textContent === "notes.txt (1 kB)"`)
	linus.eval(`$("text").value = "I am"; $("text").oninput()`)
	ada.until(`$("typing").textContent === "Linus is typing…"`)
	atEnd := `$("messages").scrollTop + $("messages").clientHeight > $("messages").scrollHeight - 2`
	ada.until(atEnd)
	linus.until(atEnd)
	ada.picture("light")
	linus.picture("dark-phone")

	// Another room, and back to what was said.
	linus.eval(`$("room").value = "gardening"; $("newroom").requestSubmit()`)
	linus.until(`$("title").textContent === "gardening" && $("messages").innerText === ""`)
	ada.until(`$("rooms").innerText.includes("gardening") && $("people").innerText === "Ada (you)"`)
	linus.eval(`$("menu").click()`)
	linus.until(`getComputedStyle($("side")).visibility === "visible"`)
	linus.eval(`await Promise.all(document.getAnimations().map((a) => a.finished))`)
	linus.picture("dark-phone-side")
	linus.eval(`[...$("rooms").querySelectorAll("button")].find((b) => b.dataset.room === "lobby").click()`)
	linus.until(`$("messages").children.length === 5 && document.querySelector("#messages img")?.naturalWidth === 300`)

	// What was said while a connection was lost comes, once and in order.
	ada.eval(`window.id = socket.id; window.states = [];
		new MutationObserver(() => states.push($("state").textContent)).observe($("state"), { childList: true });
		socket.io.engine.close()`)
	say(linus, `"Are you there?"`)
	say(linus, `"Hello?"`)
	ada.until(`$("state").textContent === "online" && [...$("messages").children].slice(-2).map((m) => m.lastChild.innerText).join() === "Are you there?,Hello?"`)
	ada.until(`socket.recovered && socket.id === window.id && states.includes("connection lost, reconnecting")`)
	ada.until(`$("messages").children.length === 7 && $("people").innerText === "Ada (you)\nLinus"`)
	say(ada, `"I am back"`)
	linus.until(`$("messages").innerText.endsWith("I am back")`)

	// What is refused is said.
	say(ada, `"x".repeat(2001)`)
	ada.until(`$("problem").textContent === "the message is too long"`)
	ada.until(atEnd)
	ada.picture("problem")
	nameless := b.open(url, desktop)
	nameless.until(`!$("login").hidden`)
	nameless.eval(`connect("x".repeat(25))`)
	nameless.until(`$("refused").textContent === "your name is too long"`)
}

// TestChatWithoutClient protects that the page says what to do when the official client was not fetched.
func TestChatWithoutClient(t *testing.T) {
	p := startBrowser(t).open(startChat(t, t.TempDir()), desktop)
	p.until(`!$("missing").hidden && $("chat").hidden && $("missing").innerText.includes("npm ci")`)
	p.picture("missing")
}
