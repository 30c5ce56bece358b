package main

// This file holds what is printed, and what commands do.

import (
	"context"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio"
)

const help = `/emit EVENT ARGS...   sends an event
/ask EVENT ARGS...    sends an event and prints its acknowledgement
/ack NUMBER ARGS...   acknowledges an event that came with that number
/status               says how the connection is
/help                 prints this
/quit                 ends
anything else         is sent as the event "message"
`

// terminal is a client that a person uses.
type terminal struct {
	client  *socketio.Client
	timeout time.Duration

	mu   sync.Mutex // guards the rest
	out  io.Writer
	asks int // events that want an acknowledgement
	acks map[int]func(args ...any) error
}

// print prints a line.
func (t *terminal) print(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, format+"\n", args...)
}

// listen prints what happens.
func (t *terminal) listen() {
	t.client.OnConnect(func() {
		t.print("* connected as %s, recovered: %v", t.client.ID(), t.client.Recovered())
	})
	t.client.OnDisconnect(func(reason socketio.Reason) { t.print("* disconnected: %s", reason) })
	t.client.OnConnectError(func(err error) { t.print("* not connected: %s", clean(err.Error())) })
	t.client.OnReconnectAttempt(func(n int) { t.print("* attempt %d", n) })
	t.client.OnAny(func(e *socketio.Event) {
		name, args := clean(e.Name()), show(e.Args())
		if ack := e.Ack(); ack != nil {
			t.print("< %s%s (/ack %d)", name, args, t.remember(ack))
			return
		}
		t.print("< %s%s", name, args)
	})
}

// maxAcks is how many acknowledgements may be open. Older ones are forgotten.
const maxAcks = 1000

// remember returns the number by which an event can be acknowledged.
func (t *terminal) remember(ack func(args ...any) error) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.acks == nil {
		t.acks = make(map[int]func(args ...any) error)
	}
	t.asks++
	t.acks[t.asks] = ack
	delete(t.acks, t.asks-maxAcks)
	return t.asks
}

// take returns the acknowledgement with a number, once.
func (t *terminal) take(number string) (func(args ...any) error, error) {
	n, err := strconv.Atoi(number)
	t.mu.Lock()
	defer t.mu.Unlock()
	ack := t.acks[n]
	if err != nil || ack == nil {
		return nil, fmt.Errorf("nothing to acknowledge with number %s", number)
	}
	delete(t.acks, n)
	return ack, nil
}

// errQuit ends the program.
var errQuit = errors.New("quit")

// obey carries out commands until there are no more, and waits for the acknowledgements that they want.
func (t *terminal) obey(ctx context.Context, lines <-chan string) error {
	var asking sync.WaitGroup
	defer asking.Wait()
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				return nil
			}
			err := t.command(ctx, line, &asking)
			if errors.Is(err, errQuit) {
				return nil
			}
			if err != nil {
				t.print("! %s", clean(err.Error()))
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// command carries out a command.
func (t *terminal) command(ctx context.Context, line string, asking *sync.WaitGroup) error {
	line = strings.TrimSpace(line)
	if line == "" {
		return nil
	}
	if !strings.HasPrefix(line, "/") {
		return t.client.Emit("message", line)
	}
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "/help":
		t.print("%s", strings.TrimSuffix(help, "\n"))
		return nil
	case "/quit":
		return errQuit
	case "/status":
		t.status()
		return nil
	case "/emit", "/ask", "/ack":
	default:
		return fmt.Errorf("%s is no command: try /help", verb)
	}
	what, rest, args, err := nameAndArgs(rest)
	if err != nil {
		return err
	}
	switch verb {
	case "/emit":
		return t.client.Emit(what, args...)
	case "/ack":
		ack, err := t.take(what)
		if err != nil {
			return err
		}
		return ack(args...)
	}
	asking.Go(func() { t.ask(ctx, what, rest, args) })
	return nil
}

// ask sends an event and prints its acknowledgement.
func (t *terminal) ask(ctx context.Context, event, text string, args []any) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	began := time.Now()
	answer, err := t.client.EmitWithAck[socketio.Args](ctx, event, args...)
	if err != nil {
		t.print("! %s: %s", strings.TrimSpace(event+" "+text), clean(err.Error()))
		return
	}
	t.print("= %s:%s (%v)", event, show(answer), time.Since(began).Round(time.Millisecond))
}

// status says how the connection is.
func (t *terminal) status() {
	s := t.client.Session()
	if !t.client.Connected() || s == nil {
		t.print("* not connected to %s", t.client.Namespace())
		return
	}
	t.print("* connected to %s as %s, by %s, %d bytes wait", t.client.Namespace(), t.client.ID(), s.Transport(), s.Buffered())
}

// nameAndArgs splits the name of an event from its arguments. A name with spaces is quoted.
func nameAndArgs(text string) (name, rest string, args []any, err error) {
	all, err := parse(text)
	if err != nil {
		return "", "", nil, err
	}
	if len(all) == 0 {
		return "", "", nil, errors.New("no name")
	}
	switch first := all[0].value.(type) {
	case string:
		name = first
	case jsontext.Value:
		name = string(first)
		if first.Kind() == '"' {
			b, err := jsontext.AppendUnquote(nil, first)
			if err != nil {
				return "", "", nil, err
			}
			name = string(b)
		}
	default:
		return "", "", nil, errors.New("no name")
	}
	for _, one := range all[1:] {
		args = append(args, one.value)
	}
	return name, strings.TrimSpace(text[all[0].end:]), args, nil
}

// argument is what has been typed.
type argument struct {
	value any // a jsontext.Value, a string, or a []byte
	end   int
}

// parse splits what has been typed into arguments.
func parse(text string) (all []argument, err error) {
	for at := 0; ; {
		at += len(text[at:]) - len(strings.TrimLeft(text[at:], " \t"))
		if at == len(text) {
			return all, nil
		}
		one := argument{end: at}
		if strings.ContainsRune(`"{[`, rune(text[at])) {
			d := jsontext.NewDecoder(strings.NewReader(text[at:]))
			v, err := d.ReadValue()
			if err != nil {
				return nil, fmt.Errorf("malformed JSON: %w", err)
			}
			one.value = v.Clone()
			one.end += int(d.InputOffset())
		} else {
			word, _, _ := strings.Cut(text[at:], " ")
			one.end += len(word)
			if one.value, err = parseWord(word); err != nil {
				return nil, err
			}
		}
		all = append(all, one)
		at = one.end
	}
}

// parseWord returns what a word stands for.
func parseWord(word string) (any, error) {
	if name, ok := strings.CutPrefix(word, "@"); ok && name != "" {
		return os.ReadFile(name)
	}
	if v := jsontext.Value(word); v.IsValid() {
		return v, nil
	}
	return word, nil
}

// show shows arguments, each behind a space: as JSON, and binary as its size and first bytes.
func show(a socketio.Args) string {
	values := make([]any, a.Len())
	to := make([]any, len(values))
	for i := range values {
		to[i] = &values[i]
	}
	err := a.Bind(to...)
	var b strings.Builder
	for i, v := range values {
		b.WriteByte(' ')
		if raw := a.Raw(i); err != nil {
			b.WriteString(clean(string(raw)))
		} else {
			b.WriteString(showValue(v, raw))
		}
	}
	return b.String()
}

// binaries shows binary.
var binaries = json.WithMarshalers(json.MarshalToFunc(func(e *jsontext.Encoder, b []byte) error {
	return e.WriteToken(jsontext.String(fmt.Sprintf("<%d bytes: %x>", len(b), b[:min(len(b), 16)])))
}))

// showValue shows one argument: raw, unless there is binary in it.
func showValue(v any, raw jsontext.Value) string {
	if !strings.Contains(string(raw), `"_placeholder"`) {
		return clean(string(raw))
	}
	shown, err := json.Marshal(v, binaries, json.Deterministic(true))
	if err != nil {
		return clean(string(raw))
	}
	return clean(string(shown))
}

// clean replaces what a terminal would obey.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || 0x7f <= r && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, text)
}
