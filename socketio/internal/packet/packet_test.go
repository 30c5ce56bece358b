package packet

// This file tests what stands in front of the JSON, against tables of bytes and a slow parser.

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// table are packets in their canonical form, with what they are.
var table = []struct {
	wire string
	want Packet
}{
	{`0`, Packet{Type: Connect}},
	{`0{"token":"123"}`, Packet{Type: Connect, Data: []byte(`{"token":"123"}`)}},
	{`0/admin,`, Packet{Type: Connect, Namespace: []byte("/admin")}},
	{`0/admin,{"token":"123"}`, Packet{Type: Connect, Namespace: []byte("/admin"), Data: []byte(`{"token":"123"}`)}},
	{`0/a?b=c,`, Packet{Type: Connect, Namespace: []byte("/a?b=c")}},
	{`1`, Packet{Type: Disconnect}},
	{`1/admin,`, Packet{Type: Disconnect, Namespace: []byte("/admin")}},
	{`2["foo"]`, Packet{Type: Event, Data: []byte(`["foo"]`)}},
	{`2/admin,["bar"]`, Packet{Type: Event, Namespace: []byte("/admin"), Data: []byte(`["bar"]`)}},
	{`212["foo"]`, Packet{Type: Event, HasID: true, ID: 12, Data: []byte(`["foo"]`)}},
	{`2/admin,13["bar"]`, Packet{Type: Event, HasID: true, ID: 13, Namespace: []byte("/admin"), Data: []byte(`["bar"]`)}},
	{`29007199254740991["foo"]`, Packet{Type: Event, HasID: true, ID: maxID, Data: []byte(`["foo"]`)}},
	{`30`, Packet{Type: Ack, HasID: true}},
	{`315[]`, Packet{Type: Ack, HasID: true, ID: 15, Data: []byte(`[]`)}},
	{`3/admin,13["bar"]`, Packet{Type: Ack, HasID: true, ID: 13, Namespace: []byte("/admin"), Data: []byte(`["bar"]`)}},
	{`4{"message":"Not authorized"}`, Packet{Type: ConnectError, Data: []byte(`{"message":"Not authorized"}`)}},
	{`51-["baz",{"_placeholder":true,"num":0}]`,
		Packet{Type: Event, Binary: true, Attachments: 1, Data: []byte(`["baz",{"_placeholder":true,"num":0}]`)}},
	{`510-/admin,5["baz"]`,
		Packet{Type: Event, Binary: true, Attachments: 10, HasID: true, ID: 5, Namespace: []byte("/admin"), Data: []byte(`["baz"]`)}},
	{`61-15[{"_placeholder":true,"num":0}]`,
		Packet{Type: Ack, Binary: true, Attachments: 1, HasID: true, ID: 15, Data: []byte(`[{"_placeholder":true,"num":0}]`)}},
}

// show returns a packet as a text. An empty namespace is the main one.
func show(q *Packet) string {
	if len(q.Namespace) == 0 {
		q.Namespace = mainNamespace
	}
	return fmt.Sprintf("%d %v %d %v %d %s %s", q.Type, q.Binary, q.Attachments, q.HasID, q.ID, q.Namespace, q.Data)
}

func TestPackets(t *testing.T) {
	for _, one := range table {
		got, err := Parse([]byte(one.wire), 10)
		if err != nil || show(&got) != show(&one.want) {
			t.Errorf("%s: parsed as %s, %v", one.wire, show(&got), err)
		}
		if wire := Append(nil, &one.want); string(wire) != one.wire {
			t.Errorf("%s: appended as %s", one.wire, wire)
		}
	}
}

// TestOtherForms parses what we would not write.
func TestOtherForms(t *testing.T) {
	for wire, want := range map[string]string{
		`0/custom`:          `0/custom,`, // without a comma
		`2/,["a"]`:          `2["a"]`,    // the main namespace by its name
		`203["a"]`:          `23["a"]`,
		`0/admin`:           `0/admin,`,
		`2 ["a"]`:           `2 ["a"]`,
		`501-["a"]`:         `51-["a"]`,
		`2/a,/b,["a"]`:      `2/a,/b,["a"]`, // data that is no JSON
		`012{"an":"id"}`:    `012{"an":"id"}`,
		`1/admin,3`:         `1/admin,3`,
		"4\"message\"":      `4"message"`,
		`5` + `2-["a",1,2]`: `52-["a",1,2]`,
	} {
		q, err := Parse([]byte(wire), 10)
		if got := string(Append(nil, &q)); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", wire, got, err, want)
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, wire := range []string{
		"", "a", "7", "/", ` 2["a"]`, `:["a"]`, "9999",
		"2", "2/admin", "2/admin,", "23", `4`, `4/admin,`,
		`1{}`, `1/admin,[]`, `1 `,
		`3["a"]`, `3`, `3/admin,["a"]`,
		`29007199254740992["a"]`, `299999999999999999999999999["a"]`,
		`5["a"]`, `5-["a"]`, `50-["a"]`, `511-["a"]`, `5999999999999999999999-["a"]`, `51["a"]`, `5a-["a"]`, `5-1-["a"]`, `51.5-["a"]`, `5+1-["a"]`,
		`51`, `51-`, `51-/admin`, `51-/admin,`, `6`, `61`, `61-`, `61-[]`, `60-1[]`,
	} {
		if q, err := Parse([]byte(wire), 10); err == nil {
			t.Errorf("%s: parsed as %s", wire, show(&q))
		}
	}
}

// TestPrefixes parses each prefix of each packet: it is another packet or an error, never a panic, as the slow parser says.
func TestPrefixes(t *testing.T) {
	for _, one := range table {
		for n := range len(one.wire) {
			compare(t, []byte(one.wire[:n]))
		}
	}
}

// slow is another parser of the same grammar.
func slow(wire string) (string, bool) {
	m := regexp.MustCompile(`(?s)^([0-6])(.*)$`).FindStringSubmatch(wire)
	if m == nil {
		return "", false
	}
	kind, rest := int(m[1][0]-'0'), m[2]
	n := 0
	if kind >= 5 {
		m = regexp.MustCompile(`(?s)^0*([1-9]|10)-(.*)$`).FindStringSubmatch(rest)
		if m == nil {
			return "", false
		}
		n, _ = strconv.Atoi(m[1])
		rest = m[2]
	}
	namespace := "/"
	if strings.HasPrefix(rest, "/") {
		parts := strings.SplitN(rest, ",", 2)
		namespace, rest = parts[0], strings.Join(parts[1:], "")
	}
	digits := regexp.MustCompile(`^[0-9]*`).FindString(rest)
	data := rest[len(digits):]
	id, err := strconv.ParseUint(digits, 10, 64)
	if digits != "" && (err != nil || id > 1<<53-1) {
		return "", false
	}
	if len(namespace) > 1024 {
		return "", false
	}
	binary := kind >= 5
	if binary {
		kind -= 3
	}
	if kind == 1 && data != "" || (kind == 2 || kind == 4) && data == "" || kind == 3 && digits == "" {
		return "", false
	}
	return fmt.Sprintf("%d %v %d %v %d %s %s", kind, binary, n, digits != "", id, namespace, data), true
}

// compare parses with both parsers.
func compare(t *testing.T, wire []byte) {
	t.Helper()
	got, err := Parse(wire, 10)
	want, ok := slow(string(wire))
	if (err == nil) != ok || ok && show(&got) != want {
		t.Errorf("%q: parsed as %s, %v, want %s, %v", wire, show(&got), err, want, ok)
	}
	if err != nil {
		return
	}
	again, err := Parse(Append(nil, &got), 10)
	if again.Binary = got.Binary; err != nil || show(&again) != show(&got) {
		t.Errorf("%q: again as %s, %v", wire, show(&again), err)
	}
}

func FuzzParse(f *testing.F) {
	for _, one := range table {
		f.Add([]byte(one.wire))
	}
	f.Fuzz(func(t *testing.T, wire []byte) { compare(t, wire) })
}

func TestParseAllocates(t *testing.T) {
	wire := []byte(`2/admin,13["bar",{"a":1}]`)
	buf := make([]byte, 0, 100)
	if n := testing.AllocsPerRun(100, func() {
		q, err := Parse(wire, 10)
		if err != nil {
			t.Fatal(err)
		}
		buf = Append(buf[:0], &q)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
