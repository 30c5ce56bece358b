package packet

// This file tests what the JSON of packets must be.

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestEventNames(t *testing.T) {
	for data, want := range map[string]string{
		`["foo"]`:                  "foo",
		` [ "foo" , 1 ] `:          "foo",
		`["",1]`:                   "",
		`["a\"]b",1]`:              `a"]b`,
		`["\u0041\\"]`:             `A\`,
		`["\ud800"]`:               "\ufffd",
		`[1]`:                      "1",
		`[ -1.5 , 2]`:              "-1.5",
		`["a",{"b":1,"b":2}]`:      "a", // JavaScript takes it
		`["__proto__"]`:            "__proto__",
		`["toString",{}]`:          "toString",
		`["Connect"]`:              "Connect",
		"[\n\t\"x\"\r\n,[[[[]]]]]": "x",
	} {
		if got, err := EventName([]byte(data)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", data, got, err)
		}
	}
	for _, data := range []string{
		``, ` `, `{}`, `"a"`, `1`, `null`, `[]`, `[null]`, `[true]`, `[{}]`, `[[]]`, `[["a"]]`, `["a"`, `["a",]`, `["a"]]`, `["a"] x`, `[a]`, `['a']`, `["a]`,
		`[01]`, `["a",NaN]`, `["a",.5]`, `["a",{"b"}]`, `["\x"]`, "[\"a\nb\"]",
		`["connect"]`, `["connect_error"]`, `["disconnect"]`, `["disconnecting"]`, `["newListener"]`, `["removeListener"]`, `["\u0063onnect"]`,
		"[\"a\"," + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "]",
	} {
		if got, err := EventName([]byte(data)); err == nil {
			t.Errorf("%.40s: %q", data, got)
		}
	}
}

func TestConnectPayloads(t *testing.T) {
	for data, ok := range map[string]bool{
		``: true, `{}`: true, `{"a":{"b":[]}}`: true, ` {} `: true,
		`[]`: false, `null`: false, `"a"`: false, `1`: false, `{`: false, `{}x`: false, `{"a"}`: false,
	} {
		if err := CheckConnect([]byte(data)); (err == nil) != ok {
			t.Errorf("%s: %v", data, err)
		}
	}
}

func TestAckPayloads(t *testing.T) {
	for data, ok := range map[string]bool{
		``: true, `[]`: true, `[1,"2",{"3":[false]}]`: true,
		`{}`: false, `null`: false, `"a"`: false, `[`: false, `[]]`: false,
	} {
		if err := CheckArray([]byte(data)); (err == nil) != ok {
			t.Errorf("%s: %v", data, err)
		}
	}
}

// TestPlaceholders has the advisories of 2022 (CVE-2022-2421: the number of an attachment is a text) and of 2026 among it.
func TestPlaceholders(t *testing.T) {
	for data, ok := range map[string]bool{
		`["a",{"_placeholder":true,"num":0}]`:                               true,
		`["a",{"_placeholder":true,"num":1}]`:                               true,
		`["a",{"num":1,"_placeholder":true}]`:                               true,
		`["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]`: true,
		`["a",{"b":[{"_placeholder":true,"num":1.0}]}]`:                     true,
		`["a",{"_placeholder":false,"num":9}]`:                              true,
		`["a",{"_placeholder":"true","num":9}]`:                             true,
		`["a",["_placeholder",true,"num",9]]`:                               true,
		`["a",{"x":"_placeholder","y":true,"num":9}]`:                       true,
		`["a"]`:                                                                  true,
		`["a",{"_placeholder":true,"num":2}]`:                                    false,
		`["a",{"_placeholder":true,"num":-1}]`:                                   false,
		`["a",{"_placeholder":true,"num":0.5}]`:                                  false,
		`["a",{"_placeholder":true,"num":"0"}]`:                                  false,
		`["a",{"_placeholder":true,"num":"splice"}]`:                             false,
		`["a",{"_placeholder":true,"num":null}]`:                                 false,
		`["a",{"_placeholder":true,"num":1e400}]`:                                false,
		`["a",{"_placeholder":true}]`:                                            false,
		`["a",{"_placeholder":true,"num":{"num":0}}]`:                            false,
		`["a",{"_placeholder":true,"num":0,"num":5}]`:                            false,
		`["a",{"b":{"c":{"_placeholder":true,"num":"toString"}}}]`:               false,
		`["a",{"_placeholder":true,"num":0,"x":{"_placeholder":true,"num":10}}]`: false,
	} {
		if err := CheckPlaceholders([]byte(data), 2); (err == nil) != ok {
			t.Errorf("%s: %v", data, err)
		}
	}
}

func TestShiftPlaceholders(t *testing.T) {
	got := ShiftPlaceholders([]byte(`[ {"num" : 1.0,"_placeholder":true}, {"num":1}, 1, {"_placeholder":true,"num":0}]`), 2, 9)
	if want := `[ {"num" : 10,"_placeholder":true}, {"num":1}, 1, {"_placeholder":true,"num":9}]`; string(got) != want {
		t.Errorf("got %s", got)
	}
}

func TestPlaceholder(t *testing.T) {
	for v, want := range map[string]int{
		string(AppendPlaceholder(nil, 3)):                                   3,
		`{"num":2,"x":{"_placeholder":true,"num":0},"_placeholder":true}`:   2,
		`{"num":2,"x":{"_placeholder":true,"num":0},"_placeholder":[true]}`: -1,
		`{"x":{"_placeholder":true,"num":0}}`:                               -1,
		`{}`:                                                                -1, `[1]`: -1, `1`: -1, ``: -1,
	} {
		n, ok := Placeholder([]byte(v))
		if ok != (want >= 0) || ok && n != want {
			t.Errorf("%s: %d, %v", v, n, ok)
		}
	}
}

// slowPlaceholders is CheckPlaceholders by way of values.
func slowPlaceholders(v any, attachments int) bool {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			if !slowPlaceholders(one, attachments) {
				return false
			}
		}
	case map[string]any:
		if v["_placeholder"] == true {
			n, ok := v["num"].(float64)
			if !ok || n < 0 || n >= float64(attachments) || n != float64(int(n)) {
				return false
			}
		}
		for _, one := range v {
			if !slowPlaceholders(one, attachments) {
				return false
			}
		}
	}
	return true
}

// FuzzPayload compares with encoding/json, where that takes the same texts.
func FuzzPayload(f *testing.F) {
	for _, one := range []string{`["a",{"_placeholder":true,"num":0}]`, `["a",1,{"b":["\ud800"]}]`, `[-1e5]`, `{"_placeholder":true}`, "[\"a\xbf\xbfc\"]"} {
		f.Add([]byte(one))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		name, err := EventName(data)
		var all []any
		if e := json.Unmarshal(data, &all); e != nil {
			if err == nil && !strings.Contains(e.Error(), "out of range") && !strings.Contains(e.Error(), "exceeded max depth") {
				t.Fatalf("%q: %q, but %v", data, name, e)
			}
			return
		}
		want, isText := "", false
		if len(all) > 0 {
			want, isText = all[0].(string)
			if _, isNumber := all[0].(float64); isNumber {
				want, isText = string(name), true
			}
		}
		text := string([]rune(string(name))) // what is no UTF-8 is left as it is here, and replaced there
		if ok := isText && !Reserved(want); ok != (err == nil) || ok && text != want {
			t.Fatalf("%q: %q, %v, want %q, %v", data, name, err, want, ok)
		}
		if err != nil || strings.Count(string(data), `"num"`) > 1 || strings.Count(string(data), `_placeholder`) > 1 || strings.Contains(string(data), `\u`) {
			return // where a name is repeated, a value of the first may be left of one of the second
		}
		if got := CheckPlaceholders(data, 2) == nil; got != slowPlaceholders(all, 2) {
			t.Fatalf("%q: %v", data, got)
		}
		ShiftPlaceholders(data, 2, 3)
	})
}
