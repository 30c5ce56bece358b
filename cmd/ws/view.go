package main

// This file holds how a message looks on the terminal of ws dial.

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/harmless"
	"github.com/tidwall/pretty"
	"golang.org/x/term"
)

// The bounds of what is shown of a message. The rest is only counted.
const (
	shownText   = 16 << 10 // bytes
	shownBinary = 512      // bytes
	shownDepth  = 32       // levels of JSON that are indented; deeper ones are shown as they came
)

// view is what messages are shown on: everything that it writes is harmless but for its own colours.
type view struct {
	w io.Writer
	colours
}

// colours are escape sequences, or empty.
type colours struct {
	in, faint, reset string
	json             *pretty.Style // nil for none
}

// chooseColours returns the colours of a terminal, or none where the environment says so: https://no-color.org.
func chooseColours(env func(string) string, e *term.EscapeCodes) colours {
	if env("NO_COLOR") != "" || env("TERM") == "dumb" {
		return colours{}
	}
	return colours{in: string(e.Green), faint: "\x1b[2m", reset: string(e.Reset), json: pretty.TerminalStyle}
}

// line shows a line.
func (v view) line(format string, args ...any) {
	fmt.Fprintln(v.w, harmless.Text(fmt.Sprintf(format, args...)))
}

// message shows a message: behind its head, or below it if it has several lines.
func (v view) message(msg websocket.Message) error {
	head := fmt.Sprintf("%s←%s %s%s %v %d B%s", v.in, v.reset, v.faint, time.Now().Format("15:04:05.000"), msg.Op, len(msg.Data), v.reset)
	body := v.body(msg)
	if strings.Contains(body, "\n") {
		head += "\n"
	} else {
		head += "  "
	}
	_, err := io.WriteString(v.w, head+body+"\n")
	return err
}

// body returns what is shown of a message's payload, without a line feed at its end.
func (v view) body(msg websocket.Message) string {
	if msg.Op == websocket.OpBinary {
		shown := msg.Data[:min(len(msg.Data), shownBinary)]
		return strings.TrimSuffix(hex.Dump(shown), "\n") + v.rest(msg, len(shown))
	}
	if len(msg.Data) > shownText {
		n := shownText
		for !utf8.RuneStart(msg.Data[n]) {
			n--
		}
		return harmless.Text(string(msg.Data[:n])) + v.rest(msg, n)
	}
	if !isObject(msg.Data) {
		return harmless.Text(string(msg.Data))
	}
	indented := pretty.PrettyOptions(msg.Data, &pretty.Options{Width: 76, Indent: "  "})
	text := harmless.Text(strings.TrimSuffix(string(indented), "\n"))
	if v.json == nil {
		return text
	}
	return string(pretty.Color([]byte(text), v.json))
}

// rest says what is not shown of a message.
func (v view) rest(msg websocket.Message, shown int) string {
	if shown == len(msg.Data) {
		return ""
	}
	return fmt.Sprintf("\n%s… and %d bytes more%s", v.faint, len(msg.Data)-shown, v.reset)
}

// isObject reports whether a text is a JSON object or array that is worth indenting.
func isObject(data []byte) bool {
	data = bytes.TrimSpace(data)
	if len(data) == 0 || data[0] != '{' && data[0] != '[' || !json.Valid(data) {
		return false
	}
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest <= shownDepth
}
