package socketio

// This file holds how arguments become JSON and attachments, and the other way round.
//
// A []byte, wherever it stands in a value, becomes a placeholder for an attachment. So does a named slice of bytes without a marshaler of
// its own, for which every value has to be looked at: only values whose types may hold one pay for that.

import (
	"bytes"
	"encoding"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"unicode/utf8"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/packet"
)

// What JavaScript takes, too: an object with the same name twice; and texts that are not UTF-8, which get U+FFFD.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// encoder makes the JSON array of an event, or an acknowledgement. It is pooled with its options, so that what package json knows of types
// stays.
type encoder struct {
	out         bytes.Buffer
	json        *jsontext.Encoder
	attachments [][]byte // borrowed from the arguments
	plain       json.Options
	named       json.Options // also for named slices of bytes
}

var encoders = sync.Pool{New: func() any {
	e := new(encoder)
	slices := json.MarshalToFunc(e.attach)
	e.plain = json.JoinOptions(lenient, json.WithMarshalers(slices))
	e.named = json.WithMarshalers(json.JoinMarshalers(slices, json.MarshalToFunc(e.attachNamed)))
	e.json = jsontext.NewEncoder(&e.out, e.plain)
	return e
}}

// encodeEvent returns an encoder that has encoded an event. The caller gives it back by release.
func encodeEvent(event string, args []any) (*encoder, error) {
	if packet.Reserved(event) {
		return nil, fmt.Errorf("%w: %s", ErrReserved, event)
	}
	e := beginArray()
	e.json.WriteToken(jsontext.String(event))
	if i, err := e.values(args); err != nil {
		e.release()
		return nil, fmt.Errorf("socketio: argument %d of %q: %w", i, event, err)
	}
	return e, nil
}

// EncodeEvent returns the JSON array of an event and its arguments, with placeholders for what is binary, which stands beside it: what
// adapters, and processes that emit without being servers, give to others. The error is that of Emit.
func EncodeEvent(event string, args ...any) (array jsontext.Value, attachments [][]byte, err error) {
	e, err := encodeEvent(event, args)
	if err != nil {
		return nil, nil, err
	}
	defer e.release()
	return bytes.Clone(e.data()), e.attachments, nil
}

// encodeAnswer is encodeEvent for an acknowledgement.
func encodeAnswer(args []any) (*encoder, error) {
	e := beginArray()
	if i, err := e.values(args); err != nil {
		e.release()
		return nil, fmt.Errorf("socketio: argument %d of an acknowledgement: %w", i, err)
	}
	return e, nil
}

// beginArray returns an encoder that has begun an array.
func beginArray() *encoder {
	e := encoders.Get().(*encoder)
	e.json.Reset(&e.out, e.plain)
	e.json.WriteToken(jsontext.BeginArray)
	return e
}

// values encodes arguments and ends the array. It returns which of them, counted from 1, cannot be encoded.
func (e *encoder) values(args []any) (which int, err error) {
	for i, arg := range args {
		if err := e.value(arg); err != nil {
			return i + 1, err
		}
	}
	return 0, e.json.WriteToken(jsontext.EndArray)
}

// data returns the array, which is borrowed.
func (e *encoder) data() []byte { return bytes.TrimSuffix(e.out.Bytes(), []byte("\n")) }

// release gives e back. No large buffer is kept.
func (e *encoder) release() {
	e.attachments = nil // a Packet may have them
	if e.out.Cap() > 64<<10 {
		return
	}
	e.out.Reset()
	encoders.Put(e)
}

// value encodes one argument.
func (e *encoder) value(arg any) error {
	switch v := arg.(type) {
	case string:
		return e.json.WriteToken(jsontext.String(v))
	case []byte:
		return e.attach(e.json, v)
	case int:
		return e.json.WriteToken(jsontext.Int(int64(v)))
	case bool:
		return e.json.WriteToken(jsontext.Bool(v))
	case nil:
		return e.json.WriteToken(jsontext.Null)
	case Args:
		return e.args(v)
	}
	if mayHoldNamed(reflect.TypeOf(arg)) {
		return json.MarshalEncode(e.json, arg, e.named)
	}
	return json.MarshalEncode(e.json, arg)
}

// args passes arguments on as they came, behind those that have been encoded.
func (e *encoder) args(a Args) error {
	for _, v := range a.values() {
		if err := e.json.WriteValue(packet.ShiftPlaceholders(v, len(a.attachments), len(e.attachments))); err != nil {
			return err
		}
	}
	e.attachments = append(e.attachments, a.attachments...)
	return nil
}

// attach encodes a slice of bytes.
func (e *encoder) attach(out *jsontext.Encoder, b []byte) error {
	var place [48]byte
	e.attachments = append(e.attachments, b)
	return out.WriteValue(packet.AppendPlaceholder(place[:0], len(e.attachments)-1))
}

// attachNamed encodes a value whose type is a named slice of bytes, and leaves others alone. v is a pointer to it, or it.
func (e *encoder) attachNamed(out *jsontext.Encoder, v any) error {
	r := reflect.ValueOf(v)
	for r.Kind() == reflect.Pointer && !r.IsNil() {
		r = r.Elem()
	}
	if !isNamedBytes(r.Type()) {
		return errors.ErrUnsupported
	}
	return e.attach(out, r.Bytes())
}

var (
	marshalers = []reflect.Type{
		reflect.TypeFor[json.MarshalerTo](), reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler](),
		reflect.TypeFor[encoding.TextAppender](),
	}
	unmarshalers = []reflect.Type{
		reflect.TypeFor[json.UnmarshalerFrom](), reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	}
)

// isNamedBytes reports whether t is a named slice of bytes without a marshaler or unmarshaler of its own.
func isNamedBytes(t reflect.Type) bool {
	if t.Kind() != reflect.Slice || t.Elem().Kind() != reflect.Uint8 || t.Name() == "" {
		return false
	}
	p := reflect.PointerTo(t)
	for _, m := range append(marshalers[:len(marshalers):len(marshalers)], unmarshalers...) {
		if p.Implements(m) {
			return false
		}
	}
	return true
}

// holdsNamed has, for types, what mayHoldNamed returns.
var holdsNamed sync.Map // of reflect.Type to bool

// mayHoldNamed reports whether a value of that type may hold a named slice of bytes: what stands in an interface may be one.
func mayHoldNamed(t reflect.Type) bool {
	if known, ok := holdsNamed.Load(t); ok {
		return known.(bool)
	}
	found := lookForNamed(t, make(map[reflect.Type]bool))
	holdsNamed.Store(t, found)
	return found
}

// lookForNamed is mayHoldNamed for a type that has not been seen.
func lookForNamed(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Slice:
		return isNamedBytes(t) || lookForNamed(t.Elem(), seen)
	case reflect.Array, reflect.Pointer, reflect.Map:
		return lookForNamed(t.Elem(), seen)
	case reflect.Struct:
		for f := range t.Fields() {
			if lookForNamed(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// errNoAttachment says that what should be a placeholder stands for no attachment.
var errNoAttachment = errors.New("no binary where there should be some")

// decoder takes the arguments of an event, or an acknowledgement, out of a JSON array. It is pooled as encoder is.
type decoder struct {
	in          bytes.Buffer
	json        *jsontext.Decoder
	attachments [][]byte
	array       []byte // what is decoded
	texts       string // the same, if a text of it was decoded
	plain       json.Options
	binary      json.Options // for what has attachments
}

var decoders = sync.Pool{New: func() any {
	d := new(decoder)
	own := json.JoinUnmarshalers(json.UnmarshalFromFunc(d.text), json.UnmarshalFromFunc(d.detach))
	d.plain = json.JoinOptions(lenient, json.MatchCaseInsensitiveNames(true), json.WithUnmarshalers(own))
	d.binary = json.JoinOptions(d.plain, json.WithUnmarshalers(json.JoinUnmarshalers(own, json.UnmarshalFromFunc(d.detachAny))))
	d.json = jsontext.NewDecoder(&d.in, d.plain)
	return d
}}

// decodeArray returns a decoder that stands in front of an element of an array. The caller gives it back by release.
func decodeArray(a *Args) *decoder {
	d := decoders.Get().(*decoder)
	d.in, d.array, d.attachments = *bytes.NewBuffer(a.array), a.array, a.attachments
	o := d.plain
	if len(a.attachments) > 0 {
		o = d.binary
	}
	d.json.Reset(&d.in, o)
	d.json.ReadToken() // an error is told by what follows
	for range a.skip {
		d.json.SkipValue()
	}
	return d
}

func (d *decoder) release() {
	d.in, d.array, d.texts, d.attachments = bytes.Buffer{}, nil, "", nil
	d.json.Reset(&d.in)
	decoders.Put(d)
}

// next decodes the next element, if there is one.
func (d *decoder) next(dst any) error {
	if d.json.PeekKind() == ']' {
		return nil
	}
	return json.UnmarshalDecode(d.json, dst)
}

// maxShared is how long an array may be whose texts share one copy: it lives as long as one of them.
const maxShared = 1 << 10

// text decodes a string: the texts of a short array are parts of one copy of it, so that all of them are one allocation.
func (d *decoder) text(in *jsontext.Decoder, p *string) error {
	if in != d.json || len(d.array) > maxShared || in.PeekKind() != '"' {
		return errors.ErrUnsupported
	}
	v, err := in.ReadValue()
	if err != nil {
		return err
	}
	if bytes.IndexByte(v, '\\') >= 0 || !utf8.Valid(v) {
		unquoted, _ := jsontext.AppendUnquote(nil, v) // what is not UTF-8 becomes U+FFFD
		*p = string(unquoted)
		return nil
	}
	if d.texts == "" {
		d.texts = string(d.array)
	}
	end := int(in.InputOffset()) - 1 // of the text, in front of its quotation mark
	*p = d.texts[end-len(v)+2 : end]
	return nil
}

// detach decodes a slice of bytes: an attachment, or what package json takes, a text in base64.
func (d *decoder) detach(in *jsontext.Decoder, p *[]byte) error {
	if in.PeekKind() != '{' {
		return errors.ErrUnsupported
	}
	b, err := d.attachment(in)
	*p = b
	return err
}

// attachment reads a placeholder and returns what it stands for.
func (d *decoder) attachment(in *jsontext.Decoder) ([]byte, error) {
	v, err := in.ReadValue()
	if err != nil {
		return nil, err
	}
	n, ok := packet.Placeholder(v)
	if !ok || n >= len(d.attachments) {
		return nil, errNoAttachment
	}
	return d.attachments[n], nil
}

// detachAny decodes what is no slice of bytes itself, but may hold, or be, one: an interface, and a named slice.
func (d *decoder) detachAny(in *jsontext.Decoder, dst any) error {
	if in.PeekKind() != '{' {
		return errors.ErrUnsupported
	}
	if p, ok := dst.(*any); ok {
		v, err := d.object(in)
		*p = v
		return err
	}
	r := reflect.ValueOf(dst).Elem()
	if !isNamedBytes(r.Type()) {
		return errors.ErrUnsupported
	}
	b, err := d.attachment(in)
	r.SetBytes(b)
	return err
}

// object decodes an object into a map, or into the attachment that it stands for.
func (d *decoder) object(in *jsontext.Decoder) (any, error) {
	if _, err := in.ReadToken(); err != nil {
		return nil, err
	}
	m := make(map[string]any)
	for in.PeekKind() != '}' {
		name, err := in.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		var v any
		if err := json.UnmarshalDecode(in, &v); err != nil {
			return nil, err
		}
		m[key] = v
	}
	if _, err := in.ReadToken(); err != nil {
		return nil, err
	}
	if m["_placeholder"] != true {
		return m, nil
	}
	// What clients send was checked when it came, and what adapters give was not.
	n, ok := m["num"].(float64)
	if i := int(n); ok && n >= 0 && n < float64(len(d.attachments)) && n == float64(i) {
		return d.attachments[i], nil
	}
	return nil, errNoAttachment
}
