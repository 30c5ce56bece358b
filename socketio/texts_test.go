package socketio

// This file tests texts that share one copy of what has come.

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// word decodes itself, by what its decoder has for options, from bytes that are not the decoder's.
type word struct{ Text string }

func (w *word) UnmarshalJSONFrom(in *jsontext.Decoder) error {
	v, err := in.ReadValue()
	if err != nil {
		return err
	}
	var texts []string
	if err := json.Unmarshal([]byte(`["x",`+string(v)+`]`), &texts, in.Options()); err != nil {
		return err
	}
	w.Text = texts[1]
	return nil
}

// TestTexts protects that texts are what package json makes of them, whatever stands around them, and that they stay so when what has come is overwritten.
func TestTexts(t *testing.T) {
	type named string
	type all struct {
		A, B  string
		Named named
		P     *string
		List  []string
		Map   map[string]string
		Any   any
		Word  word
	}
	long := strings.Repeat("long ", 300)
	for _, text := range []string{
		`{}`, `{"a":"","b":"x"}`, `{"A":"é😀","b":"\u00e9\n\"\\"}`, "{\"a\":\"\xff\",\"b\":\"\x80b\"}", `{"a":"\ud800","b":"` + long + `"}`,
		`{"a":"1","named":"n","p":"p","list":["",  "a" ,"\t","b"],"map":{"k":"v","\u006b2":"v2","":""},"any":{"x":["y"]},"word":"w"}`,
		` { "b" : "spaces" , "a" : "around" } `, `{"a":null,"p":null,"list":null}`, `{"a":"first","a":"second"}`,
	} {
		for _, skip := range []int{0, 1, 2} {
			array := []byte("[" + strings.Repeat(`"skipped", `, skip) + text + "]")
			var got, want all
			if err := json.Unmarshal([]byte(text), &want, lenient, json.MatchCaseInsensitiveNames(true)); err != nil {
				t.Fatal(err)
			}
			err := bind(&Args{array: array, skip: skip}, &got)
			clear(array)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v, %v\nwant %+v", text, got, err, want)
			}
		}
	}
	for _, bad := range []string{`{"a":1}`, `{"list":[{}]}`, `{"map":{"k":[]}}`, `{"a":"`} {
		var got all
		if err := bind(&Args{array: []byte("[" + bad + "]")}, &got); err == nil {
			t.Errorf("%s: %+v", bad, got)
		}
	}
	var a, b string
	array := []byte(fmt.Sprintf(`["e","one",  %q]`, "two"))
	if err := bind(&Args{array: array, skip: 1}, &a, &b); err != nil || a != "one" || b != "two" {
		t.Errorf("%q %q %v", a, b, err)
	}
}
