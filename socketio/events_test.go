package socketio

// This file tests handlers: their types, what comes before them, errors, and values that travel.

import (
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestTypedHandlers(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.io.OnError(func(_ *Socket, event string, err error) {
			w.note("error of %q: %v", event, errors.Is(err, errArguments))
		})
		w.io.OnConnect(func(s *Socket) {
			s.On("none", func(struct{}) { w.note("none") })
			s.On("one", func(n int) { w.note("one %d", n) })
			s.On2("two", func(a string, b []int) { w.note("two %q %d", a, b) })
			s.On3("three", func(a, b float64, c *bool) { w.note("three %v %v %v", a, b, c != nil && *c) })
			s.On("args", func(a Args) {
				var x int
				var y string
				w.note("args %d %s %v %d %q", a.Len(), a.Raw(1), a.Bind(&x, &y), x, y)
			})
			s.OnEvent("event", func(e *Event) { w.note("%s %d %s", e.Name(), e.Args().Len(), e.Args().Raw(0)) })
			s.Handle2("add", func(a, b int) (int, error) { return a + b, nil })
			s.Handle("nothing", func(struct{}) (struct{}, error) { return struct{}{}, nil })
			s.Handle("fails", func(data any) (int, error) { return 0, &Error{"no", data} })
			s.Handle("secret", func(struct{}) (int, error) { return 0, errors.New("the password is 1234") })
		})
		p := w.connect()
		for _, text := range []string{
			`["none"]`, `["none",1,2]`, `["one",7]`, `["one"]`, `["one",null]`, `["one",7,"too many"]`, `["one","no number"]`, `["one",1.5]`,
			`["two","a",[1,2]]`, `["two"]`, `["three",1,2.5,true]`, `["args",5,"x",{"a":1}]`, `["event",{"b":1,"a":2}]`, `["nobody",1]`,
		} {
			p.send("2" + text)
		}
		w.noted("none", "none", "one 7", "one 0", "one 0", "one 7", `error of "one": true`, `error of "one": true`,
			`two "a" [1 2]`, `two "" []`, "three 1 2.5 true", `args 3 "x" <nil> 5 "x"`, `event 1 {"b":1,"a":2}`)
		p.send(`21["add",1,2]`)
		p.send(`22["nothing"]`)
		p.send(`23["fails",{"why":"so"}]`)
		p.send(`24["secret"]`)
		p.send(`25["add","x",2]`)
		p.send(`26["one","x"]`)
		p.send(`2["add",1,2]`) // nobody waits
		p.expect(`31[3]`, `32[]`, `33[{"error":{"message":"no","data":{"why":"so"}}}]`, `34[{"error":{"message":"internal error"}}]`,
			`35[{"error":{"message":"invalid arguments"}}]`, `36[{"error":{"message":"invalid arguments"}}]`)
		w.noted(`error of "fails": false`, `error of "secret": false`, `error of "add": true`, `error of "one": true`)
	})
}

// TestNamesWithoutTags has JavaScript's {room, text} for a struct without tags: filled.
func TestNamesWithoutTags(t *testing.T) {
	type message struct{ Room, Text string }
	inWorld(t, nil, func(w *world) {
		w.io.On("chat", func(_ *Socket, m message) { w.note("%+v", m) })
		p := w.connect()
		p.send(`2["chat",{"room":"lobby","text":"hello"}]`)
		p.send(`2["chat",{"ROOM":"a","room":"b","unknown":1}]`)
		w.noted("{Room:lobby Text:hello}", "{Room:b Text:}")
	})
}

func TestHandlersOfNamespaceAndSocket(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.io.On("a", func(_ *Socket, n int) { w.note("namespace a %d", n) })
		w.io.On2("b", func(_ *Socket, a, b int) { w.note("namespace b %d %d", a, b) })
		w.io.On3("c", func(_ *Socket, a, b, c int) { w.note("namespace c %d %d %d", a, b, c) })
		w.io.Handle("d", func(_ *Socket, n int) (int, error) { return n + 1, nil })
		w.io.Handle2("e", func(_ *Socket, a, b int) (int, error) { return a * b, nil })
		w.io.OnEvent("f", func(s *Socket, e *Event) { w.note("%v %s", e.Socket() == s, e.Name()) })
		w.io.OnConnect(func(s *Socket) { s.On("a", func(n int) { w.note("socket a %d", n) }) })
		p := w.connect()
		p.send(`2["a",1]`)
		p.send(`2["b",1,2]`)
		p.send(`2["c",1,2,3]`)
		p.send(`21["d",1]`)
		p.send(`22["e",3,4]`)
		p.send(`2["f"]`)
		p.expect(`31[2]`, `32[12]`)
		w.noted("socket a 1", "namespace b 1 2", "namespace c 1 2 3", "true f")
		s := w.io.Socket(p.id)
		s.On("a", func(n int) { w.note("another a %d", n) })
		p.send(`2["a",1]`)
		w.noted("another a 1")
		s.Off("a")
		p.send(`2["a",2]`)
		w.noted("namespace a 2")
		w.io.Off("a")
		p.send(`2["a",3]`)
		w.noted()
	})
}

// TestOrderOfCalls has everybody who is told of an event.
func TestOrderOfCalls(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.io.OnAny(func(_ *Socket, e *Event) { w.note("any of the namespace: %s", e.Name()) })
		w.io.UseEvent(func(_ *Socket, e *Event) error {
			w.note("middleware of the namespace")
			if e.Name() == "bad" {
				return &Error{Message: "not you"}
			}
			return nil
		})
		w.io.OnError(func(_ *Socket, event string, err error) { w.note("error: %s: %v", event, err) })
		w.io.OnConnect(func(s *Socket) {
			s.OnAny(func(e *Event) { w.note("any of the socket: %d", e.Args().Len()) })
			s.Use(func(e *Event) error {
				w.note("middleware of the socket")
				if e.Name() == "worse" {
					return errors.New("never")
				}
				return nil
			})
			s.On("good", func(struct{}) { w.note("handler") })
			s.On("bad", func(struct{}) { t.Error("dropped, but handled") })
		})
		p := w.connect()
		p.send(`2["good",1]`)
		w.noted("any of the namespace: good", "any of the socket: 1", "middleware of the namespace", "middleware of the socket", "handler")
		p.send(`25["bad"]`)
		p.expect(`35[{"error":{"message":"not you"}}]`)
		w.noted("any of the namespace: bad", "any of the socket: 0", "middleware of the namespace", "error: bad: not you")
		p.send(`2["worse"]`)
		w.noted("any of the namespace: worse", "any of the socket: 0", "middleware of the namespace", "middleware of the socket",
			"error: worse: never")
	})
}

func TestOnAnyOutgoing(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.io.OnAnyOutgoing(func(s *Socket, e *Event) { w.note("namespace: %s %s", e.Name(), e.Args().Raw(0)) })
		w.io.OnConnect(func(s *Socket) {
			s.OnAnyOutgoing(func(e *Event) { w.note("socket: %s %d", e.Name(), e.Args().Len()) })
		})
		p := w.connect()
		w.io.Emit("a", 1)
		w.io.Socket(p.id).Emit("b", 2, 3)
		p.expect(`2["a",1]`, `2["b",2,3]`)
		w.noted("namespace: a 1", "socket: a 1", "namespace: b 2", "socket: b 2")
	})
}

func TestReservedNames(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		p := w.connect()
		s := w.io.Socket(p.id)
		for _, event := range []string{"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"} {
			for _, to := range []Emitter{w.io, w.io.Namespace, s, s.Volatile(), s.Broadcast(), w.io.To("x")} {
				if err := to.Emit(event, 1); !errors.Is(err, ErrReserved) {
					t.Errorf("%s: %v", event, err)
				}
			}
			if _, err := s.EmitWithAck[int](w.Context(), event); !errors.Is(err, ErrReserved) {
				t.Errorf("%s: %v", event, err)
			}
			for _, register := range []func(){
				func() { s.On(event, func(int) {}) },
				func() { w.io.On(event, func(*Socket, int) {}) },
				func() { w.io.OnServer(event, func(int) {}) },
			} {
				if v := panics(register); !strings.Contains(fmt.Sprint(v), "use OnConnect") {
					t.Errorf("%s: %v", event, v)
				}
			}
		}
		p.silent()
	})
}

// panics returns what f panics with.
func panics(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

type named1 []byte

type withMarshaler []byte

func (m withMarshaler) MarshalText() ([]byte, error)  { return []byte("text:" + string(m)), nil }
func (m *withMarshaler) UnmarshalText(b []byte) error { *m = b; return nil }

// TestValues emits values of all kinds.
func TestValues(t *testing.T) {
	type file struct {
		Name string `json:"name"`
		Data []byte `json:"data"`
	}
	const place0, place1 = `{"_placeholder":true,"num":0}`, `{"_placeholder":true,"num":1}`
	for _, one := range []struct {
		args        []any
		want        string
		attachments string
	}{
		{[]any{"<a> & \u2028", 1, int8(-5), uint64(math.MaxUint64), 1.5, 1e21, true, nil}, "2[\"x\",\"<a> & \u2028\",1,-5,18446744073709551615,1.5,1e+21,true,null]", ""},
		{[]any{[]int(nil), map[string]int(nil), (*int)(nil)}, `2["x",[],{},null]`, ""},
		{[]any{"\xff", jsontext.Value(`{"b":1,"a":1.0,"b":"\ud800"}`)}, "2[\"x\",\"\ufffd\",{\"b\":1,\"a\":1.0,\"b\":\"\ufffd\"}]", ""},
		{[]any{[]byte("ab")}, `51-["x",` + place0 + `]`, "ab"},
		{[]any{[]byte(nil), []byte{}}, `52-["x",` + place0 + `,` + place1 + `]`, ","},
		{[]any{file{"n", []byte("ab")}, 1, []any{[]byte("c")}}, `52-["x",{"name":"n","data":` + place0 + `},1,[` + place1 + `]]`, "ab,c"},
		{[]any{map[string]any{"k": []byte("ab")}}, `51-["x",{"k":` + place0 + `}]`, "ab"},
		{[]any{named1("ab"), []named1{named1("c")}}, `52-["x",` + place0 + `,[` + place1 + `]]`, "ab,c"},
		{[]any{map[string]any{"k": named1("ab")}, struct{ V any }{named1("c")}}, `52-["x",{"k":` + place0 + `},{"V":` + place1 + `}]`, "ab,c"},
		{[]any{withMarshaler("ab"), &file{"n", []byte("z")}}, `51-["x","text:ab",{"name":"n","data":` + place0 + `}]`, "z"},
		{[]any{Args{array: []byte(`["e",{"_placeholder":true,"num":0},7]`), skip: 1, attachments: [][]byte{[]byte("p")}}, []byte("q"),
			Args{array: []byte(`[` + place0 + `]`), attachments: [][]byte{[]byte("r")}}},
			`53-["x",` + place0 + `,7,` + place1 + `,{"_placeholder":true,"num":2}]`, "p,q,r"},
	} {
		inWorld(t, nil, func(w *world) {
			p := w.connect()
			want := []string{one.want}
			if strings.HasPrefix(one.want, "5") {
				want = append(want, strings.Split(one.attachments, ",")...)
			}
			if err := w.io.Socket(p.id).Emit("x", one.args...); err != nil {
				t.Errorf("%s: %v", one.want, err)
			}
			p.expect(want...)
			if err := w.io.Emit("x", one.args...); err != nil {
				t.Errorf("%s: %v", one.want, err)
			}
			p.expect(want...)
		})
	}
}

func TestUnencodable(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.io.OnError(func(_ *Socket, event string, err error) { w.note("%s: %v", event, err != nil) })
		w.io.Handle("f", func(*Socket, struct{}) (float64, error) { return math.NaN(), nil })
		p := w.connect()
		s := w.io.Socket(p.id)
		for _, v := range []any{math.NaN(), math.Inf(1), make(chan int), func() {}, map[string]any{"a": math.NaN()}} {
			if s.Emit("x", v) == nil || w.io.Emit("x", 1, v) == nil {
				t.Errorf("%T was encoded", v)
			}
		}
		p.send(`21["f"]`)
		p.expect(`31[{"error":{"message":"internal error"}}]`)
		w.noted("f: true")
	})
}

// TestBinaryArguments decodes attachments into whatever may hold them.
func TestBinaryArguments(t *testing.T) {
	type file struct {
		Name string
		Data []byte
	}
	const place0, place1 = `{"_placeholder":true,"num":0}`, `{"num":1,"_placeholder":true}`
	inWorld(t, nil, func(w *world) {
		w.io.OnError(func(_ *Socket, event string, err error) { w.note("error of %s", event) })
		w.io.On("bytes", func(_ *Socket, b []byte) { w.note("%q", b) })
		w.io.On("file", func(_ *Socket, f file) { w.note("%s %q", f.Name, f.Data) })
		w.io.On("any", func(_ *Socket, v any) { w.note("%v", v) })
		w.io.On("named", func(_ *Socket, v map[string]named1) { w.note("%q", v) })
		w.io.On2("two", func(_ *Socket, a, b []byte) { w.note("%q %q", a, b) })
		p := w.connect()
		send := func(text string, attachments ...string) {
			p.send(text)
			for _, a := range attachments {
				p.binary([]byte(a)...)
			}
		}
		send(`51-["bytes",`+place0+`]`, "ab")
		send(`51-["bytes",`+place0+`]`, "")
		send(`51-["file",{"name":"n","data":`+place0+`}]`, "ab")
		send(`52-["any",[1,{"a":`+place0+`,"b":{"c":`+place1+`}}]]`, "a", "b")
		send(`51-["any",`+place0+`]`, "a")
		send(`51-["named",{"k":`+place0+`}]`, "a")
		send(`52-["two",`+place1+`,`+place0+`]`, "a", "b")
		send(`2["bytes","YWI="]`) // as package json has it
		send(`2["bytes",null]`)
		send(`2["bytes",` + place0 + `]`) // an object
		send(`2["any",` + place0 + `]`)
		send(`2["bytes",[1,2]]`)
		send(`51-["bytes",{"a":`+place0+`}]`, "a")
		w.noted(`"ab"`, `""`, `n "ab"`, `[1 map[a:[97] b:map[c:[98]]]]`, `[97]`, `map["k":"a"]`, `"b" "a"`, `"ab"`, `""`,
			"error of bytes", "map[_placeholder:true num:0]", "error of bytes", "error of bytes")
	})
}

// TestArgsPassOn sends what came as it came: numbers as texts, the order of names.
func TestArgsPassOn(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.io.On("x", func(s *Socket, a Args) { s.Emit("y", "before", a, "after") })
		p := w.connect()
		p.send(`2["x",1.0,1e0,123456789012345678901234567890,{"z":1,"a":[-0]}]`)
		p.expect(`2["y","before",1.0,1e0,123456789012345678901234567890,{"z":1,"a":[-0]},"after"]`)
	})
}

func TestAckFunction(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		later := make(chan func(args ...any) error, 1)
		w.io.OnConnect(func(s *Socket) {
			s.OnEvent("ack", func(e *Event) {
				if ack := e.Ack(); ack == nil {
					w.note("no ack")
				} else {
					w.note("%v %v", ack(1, "two", []byte("3")), ack("again"))
				}
			})
			s.OnEvent("later", func(e *Event) { later <- e.Ack() })
		})
		p := w.connect()
		p.send(`2["ack"]`)
		p.send(`20["ack"]`)
		p.expect(`61-0[1,"two",{"_placeholder":true,"num":0}]`, "3")
		w.noted("no ack", "<nil> <nil>")
		p.send(`21["later"]`)
		p.send(`22["ack"]`)
		p.expect(`61-2[1,"two",{"_placeholder":true,"num":0}]`, "3")
		ack := <-later
		ack(struct{}{})
		p.expect(`31[{}]`)
		p.send(`23["later"]`)
		ack = <-later
		w.io.Socket(p.id).Disconnect()
		if err := ack(); !errors.Is(err, ErrDisconnected) {
			t.Errorf("%v", err)
		}
	})
}

func TestEventType(t *testing.T) {
	type message struct{ Room, Text string }
	chat := EventType[message]{"chat"}
	inWorld(t, nil, func(w *world) {
		w.io.OnConnect(func(s *Socket) {
			chat.On(s, func(m message) { chat.Emit(s, message{m.Text, m.Room}) })
		})
		p := w.connect()
		p.send(`2["chat",{"Room":"a","Text":"b"}]`)
		p.expect(`2["chat",{"Room":"b","Text":"a"}]`)
	})
}

func TestPanics(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.io.OnDisconnect(func(s *Socket, r Reason) {
			w.note("%s: %s", s.Namespace().Name(), r)
		})
		w.io.On("panic", func(*Socket, struct{}) { panic("on purpose") })
		w.io.On("event", func(*Socket, struct{}) { w.note("event") })
		other := w.io.Of("/other")
		other.OnDisconnect(func(*Socket, Reason) { panic("on purpose") })
		other.On("event", func(*Socket, struct{}) { w.note("event of another namespace") })
		angry := w.io.Of("/angry")
		angry.Use(func(*Socket) error { panic("on purpose") })
		rash := w.io.Of("/rash")
		rash.OnConnect(func(*Socket) { panic("on purpose") })
		w.io.OfFunc(func(name string, _ *Handshake) bool { panic("on purpose") })
		p := w.connect()
		p.send(`0/other`)
		p.accepted("/other,")
		p.send(`2["panic"]`)
		p.send(`2["event"]`) // was on its way
		p.expect(`1`)
		w.noted("/: server namespace disconnect")
		p.send(`2/other,["event"]`)
		w.noted("event of another namespace")
		p.send(`0/angry`)
		p.expect(`4/angry,{"message":"internal error"}`)
		p.send(`0/rash`)
		p.accepted("/rash,")
		p.expect(`1/rash,`)
		p.send(`0/dynamic`)
		p.expect(`4/dynamic,{"message":"Invalid namespace"}`)
		p.send(`1/other`)
		p.send(`0`)
		p.accepted("")
		p.send(`2["event"]`)
		w.noted("event")
	})
}

// TestConcurrentEmitters has events with attachments from many goroutines, through every way to emit: nothing comes between a packet and its
// attachments, and those of one goroutine stay in order.
func TestConcurrentEmitters(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		const emitters, events = 8, 100
		p := w.connect()
		s := w.io.Socket(p.id)
		ways := []Emitter{s, w.io, w.io.To(p.id), w.io.Local()}
		for n := range emitters {
			go func() {
				for i := range events {
					mark := fmt.Sprintf("%d %d", n, i)
					ways[i%len(ways)].Emit("x", mark, []byte(mark), []byte("end"))
					ways[(i+1)%len(ways)].Emit("y", mark)
				}
			}()
		}
		next := make(map[string]int)
		for range 2 * emitters * events {
			var event, mark string
			text := p.read()
			if rest, ok := strings.CutPrefix(text, `2["y",`); ok {
				event, mark = "y", strings.Trim(rest, `"]`)
			} else if rest, ok := strings.CutPrefix(text, `52-["x",`); ok {
				event, mark = "x", strings.Split(rest, `"`)[1]
				p.expect(mark, "end")
			} else {
				t.Fatalf("got %q", text)
			}
			var n, i int
			fmt.Sscan(mark, &n, &i)
			key := fmt.Sprint(event, n)
			if next[key] != i {
				t.Fatalf("%s: event %d instead of %d", key, i, next[key])
			}
			next[key]++
		}
	})
}
