package packet

// This file holds what the JSON of a packet must be.

import (
	"bytes"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"strconv"
)

var (
	errJSON        = errors.New("malformed JSON")
	errName        = errors.New("the name of an event is neither a string nor a number")
	errReserved    = errors.New("a reserved name of an event")
	errPlaceholder = errors.New("illegal attachments: a placeholder for none")
)

// lenient is what JavaScript takes, too: an object with the same name twice, and halves of surrogate pairs, which become U+FFFD.
var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// Reserved reports whether no event may have that name.
func Reserved(event string) bool {
	switch event {
	case "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener":
		return true
	}
	return false
}

// CheckConnect checks the payload of a packet that asks for a namespace: an object, or none.
func CheckConnect(data []byte) error {
	switch {
	case len(data) == 0:
		return nil
	case !jsontext.Value(data).IsValid(lenient...):
		return errJSON
	case jsontext.Value(data).Kind() != '{':
		return errData
	}
	return nil
}

// CheckArray checks the payload of an acknowledgement: an array, or none.
func CheckArray(data []byte) error {
	switch {
	case len(data) == 0:
		return nil
	case !jsontext.Value(data).IsValid(lenient...):
		return errJSON
	case jsontext.Value(data).Kind() != '[':
		return errData
	}
	return nil
}

// EventName checks the payload of an event, an array whose first element is its name, and returns that. It borrows from data where it can.
// A name may be a number: it is what stands there.
func EventName(data []byte) ([]byte, error) {
	if err := CheckArray(data); err != nil {
		return nil, err
	}
	p := bytes.TrimLeft(data, " \t\r\n")
	if len(p) == 0 {
		return nil, errNoData
	}
	p = bytes.TrimLeft(p[1:], " \t\r\n")
	end := bytes.IndexAny(p, "],")
	switch {
	case p[0] == '-' || '0' <= p[0] && p[0] <= '9':
		return bytes.TrimRight(p[:end], " \t\r\n"), nil
	case p[0] != '"':
		return nil, errName
	}
	name := unquote(p)
	if Reserved(string(name)) {
		return nil, errReserved
	}
	return name, nil
}

// unquote returns the string that p, valid JSON, begins with.
func unquote(p []byte) []byte {
	end := 1
	for p[end] != '"' {
		if p[end] == '\\' {
			end++
		}
		end++
	}
	if bytes.IndexByte(p[:end], '\\') < 0 {
		return p[1:end]
	}
	name, _ := jsontext.AppendUnquote(nil, p[:end+1]) // an error is about halves of surrogate pairs, which have been replaced
	return name
}

// CheckPlaceholders checks that every {"_placeholder":true,"num":n} in data, which is valid JSON, stands for one of that many attachments.
func CheckPlaceholders(data []byte, attachments int) error {
	for _, one := range placeholders(data) {
		if _, ok := one.num.place(attachments); !ok {
			return errPlaceholder
		}
	}
	return nil
}

// ShiftPlaceholders returns data, which CheckPlaceholders has accepted, for attachments that stand behind that many others.
func ShiftPlaceholders(data []byte, attachments, by int) []byte {
	if attachments == 0 || by == 0 {
		return data
	}
	var out []byte
	at := 0
	for _, one := range placeholders(data) {
		n, _ := one.num.place(attachments)
		out = append(out, data[at:one.num.start]...)
		out = strconv.AppendInt(out, int64(n+by), 10)
		at = one.num.end
	}
	return append(out, data[at:]...)
}

// Placeholder returns which attachment an object stands for.
func Placeholder(v []byte) (n int, ok bool) {
	all := placeholders(v)
	if len(all) == 0 || !all[len(all)-1].isWhole {
		return 0, false
	}
	return all[len(all)-1].num.place(maxID)
}

// object is what is known of an object, or an array, amid JSON.
type object struct {
	isObject, atValue bool
	isPlaceholder     bool // the member "_placeholder" is true
	isWhole           bool // it is all there is
	num               number
	member            string // the name before the value
}

// number is where the member "num" stands, and its text.
type number struct {
	start, end int
	text       string
}

// placeholders returns the placeholders in data, which is valid JSON, in the order in which they end.
func placeholders(data []byte) (all []object) {
	d := jsontext.NewDecoder(bytes.NewReader(data), lenient...)
	var stack []object
	for {
		t, err := d.ReadToken()
		if err != nil {
			return all // the end
		}
		kind := t.Kind()
		if kind == '}' || kind == ']' {
			o := stack[len(stack)-1]
			if stack = stack[:len(stack)-1]; o.isPlaceholder {
				o.isWhole = len(stack) == 0
				all = append(all, o)
			}
			continue
		}
		if len(stack) > 0 {
			stack[len(stack)-1].see(t, int(d.InputOffset()))
		}
		if kind == '{' || kind == '[' {
			stack = append(stack, object{isObject: kind == '{'})
		}
	}
}

// see notes a name, or the beginning of a value, directly within o. As in JavaScript, the last of several members counts.
func (o *object) see(t jsontext.Token, end int) {
	switch {
	case !o.isObject:
		return
	case !o.atValue:
		o.member = t.String()
	case o.member == "_placeholder":
		o.isPlaceholder = t.Kind() == 't'
	case o.member == "num":
		o.num = number{}
		if t.Kind() == '0' {
			text := t.String()
			o.num = number{end - len(text), end, text}
		}
	}
	o.atValue = !o.atValue
}

// place returns the whole number from 0 to below attachments that n is.
func (n number) place(attachments int) (int, bool) {
	f, err := strconv.ParseFloat(n.text, 64)
	if err != nil || f < 0 || f >= float64(attachments) || f != float64(int(f)) {
		return 0, false
	}
	return int(f), true
}

// AppendPlaceholder appends what stands for the n-th attachment.
func AppendPlaceholder(dst []byte, n int) []byte {
	return append(strconv.AppendInt(append(dst, `{"_placeholder":true,"num":`...), int64(n), 10), '}')
}

// Illegal returns err as an error of this package, which says that a peer has sent something illegal.
func Illegal(err error) error { return fmt.Errorf("socketio: malformed packet: %w", err) }
