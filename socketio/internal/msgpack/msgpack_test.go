package msgpack

import (
	"bytes"
	"encoding/hex"
	"encoding/json/jsontext"
	"errors"
	"slices"
	"strings"
	"testing"
)

// long is a text of n bytes.
func long(n int) string { return strings.Repeat("a", n) }

// values are pairs of MessagePack, in hexadecimal digits, and JSON, that become each other. Binary values are beside.
var values = []struct {
	name, packed, json string
	attachments        []string
}{
	{"nil", "c0", `null`, nil},
	{"false", "c2", `false`, nil},
	{"true", "c3", `true`, nil},
	{"positive fixint, the least", "00", `0`, nil},
	{"positive fixint, the greatest", "7f", `127`, nil},
	{"uint 8, the least", "cc80", `128`, nil},
	{"uint 8, the greatest", "ccff", `255`, nil},
	{"uint 16, the least", "cd0100", `256`, nil},
	{"uint 16, the greatest", "cdffff", `65535`, nil},
	{"uint 32, the least", "ce00010000", `65536`, nil},
	{"uint 32, the greatest", "ceffffffff", `4294967295`, nil},
	{"uint 64, the least", "cf0000000100000000", `4294967296`, nil},
	{"uint 64, more than JavaScript knows exactly", "cf0020000000000001", `9007199254740993`, nil},
	{"uint 64, the greatest", "cfffffffffffffffff", `18446744073709551615`, nil},
	{"negative fixint, the greatest", "ff", `-1`, nil},
	{"negative fixint, the least", "e0", `-32`, nil},
	{"int 8, the greatest", "d0df", `-33`, nil},
	{"int 8, the least", "d080", `-128`, nil},
	{"int 16, the greatest", "d1ff7f", `-129`, nil},
	{"int 16, the least", "d18000", `-32768`, nil},
	{"int 32, the greatest", "d2ffff7fff", `-32769`, nil},
	{"int 32, the least", "d280000000", `-2147483648`, nil},
	{"int 64, the greatest", "d3ffffffff7fffffff", `-2147483649`, nil},
	{"int 64, the least", "d38000000000000000", `-9223372036854775808`, nil},
	{"float 64", "cb3ff8000000000000", `1.5`, nil},
	{"float 64, small", "cb3e7ad7f29abcaf48", `1e-7`, nil},
	{"float 64, a whole number above 64 bits", "cb444b1ae4d6e2ef50", `1e+21`, nil},
	{"fixstr, empty", "a0", `""`, nil},
	{"fixstr, escaped in JSON", "a4220a5c01", `"\"\n\\\u0001"`, nil},
	{"fixstr, not escaped", "a73c3e26e282ac2f", `"<>&€/"`, nil},
	{"fixstr, the longest", "bf" + strings.Repeat("61", 31), `"` + long(31) + `"`, nil},
	{"str 8, the shortest", "d920" + strings.Repeat("61", 32), `"` + long(32) + `"`, nil},
	{"str 8, the longest", "d9ff" + strings.Repeat("61", 255), `"` + long(255) + `"`, nil},
	{"str 16, the shortest", "da0100" + strings.Repeat("61", 256), `"` + long(256) + `"`, nil},
	{"str 16, the longest", "daffff" + strings.Repeat("61", 65535), `"` + long(65535) + `"`, nil},
	{"str 32", "db00010000" + strings.Repeat("61", 65536), `"` + long(65536) + `"`, nil},
	{"bin 8, empty", "c400", `{"_placeholder":true,"num":0}`, []string{""}},
	{"bin 8", "c40161", `{"_placeholder":true,"num":0}`, []string{"a"}},
	{"bin 16", "c50100" + strings.Repeat("61", 256), `{"_placeholder":true,"num":0}`, []string{long(256)}},
	{"bin 32", "c600010000" + strings.Repeat("61", 65536), `{"_placeholder":true,"num":0}`, []string{long(65536)}},
	{"fixarray, empty", "90", `[]`, nil},
	{"fixarray", "93c001a161", `[null,1,"a"]`, nil},
	{"fixarray, the longest", "9f" + strings.Repeat("01", 15), `[` + strings.Repeat("1,", 14) + `1]`, nil},
	{"array 16, the shortest", "dc0010" + strings.Repeat("01", 16), `[` + strings.Repeat("1,", 15) + `1]`, nil},
	{"array 16, the longest", "dcffff" + strings.Repeat("01", 65535), `[` + strings.Repeat("1,", 65534) + `1]`, nil},
	{"array 32", "dd00010000" + strings.Repeat("01", 65536), `[` + strings.Repeat("1,", 65535) + `1]`, nil},
	{"fixmap, empty", "80", `{}`, nil},
	{"fixmap", "82a16101a162c3", `{"a":1,"b":true}`, nil},
	{"fixmap, a name twice", "82a16101a16102", `{"a":1,"a":2}`, nil},
	{"map 16, the shortest", "de0010" + strings.Repeat("a16101", 16), `{` + strings.Repeat(`"a":1,`, 15) + `"a":1}`, nil},
	{"map 32", "df00010000" + strings.Repeat("a16101", 65536), `{` + strings.Repeat(`"a":1,`, 65535) + `"a":1}`, nil},
	{"nested", "9291" + "80" + "81a1619181a162" + "90", `[[{}],{"a":[{"b":[]}]}]`, nil},
	{"nested, containers of every size", "dc0010" + strings.Repeat("90", 15) + "de0010" + strings.Repeat("a161dc0010"+strings.Repeat("80", 16), 16),
		`[` + strings.Repeat("[],", 15) + `{` + strings.TrimSuffix(strings.Repeat(`"a":[`+strings.Repeat("{},", 15)+`{}],`, 16), ",") + `}]`, nil},
	{"several binary values", "93c40161a162c40163", `[{"_placeholder":true,"num":0},"b",{"_placeholder":true,"num":1}]`, []string{"a", "c"}},
	{"an event of socket.io-msgpack-parser", "84" + "a474797065" + "02" + "a464617461" + "92a568656c6c6fc403010203" + "a36e7370" + "a12f" + "a26964" + "0c",
		`{"type":2,"data":["hello",{"_placeholder":true,"num":0}],"nsp":"/","id":12}`, []string{"\x01\x02\x03"}},
}

func unhex(t *testing.T, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func asBytes(texts []string) (b [][]byte) {
	for _, one := range texts {
		b = append(b, []byte(one))
	}
	return b
}

// clip is a text for a message.
func clip(b []byte) string { return string(b[:min(len(b), 100)]) }

func TestFormats(t *testing.T) {
	for _, test := range values {
		packed, attachments := unhex(t, test.packed), asBytes(test.attachments)
		json, got, err := AppendJSON([]byte("x"), packed, nil, 10)
		if err != nil || string(json) != "x"+test.json || !slices.EqualFunc(got, attachments, bytes.Equal) {
			t.Errorf("%s: to JSON: got %s %q, %v, want %s", test.name, clip(json), got, err, clip([]byte(test.json)))
		}
		out, err := Append([]byte("x"), jsontext.Value(test.json), attachments)
		if err != nil || string(out) != "x"+string(packed) {
			t.Errorf("%s: from JSON: got %x, %v, want %s", test.name, clip(out), err, clip([]byte(test.packed)))
		}
	}
}

// TestOtherForms protects the forms that others write and Append does not.
func TestOtherForms(t *testing.T) {
	for _, test := range []struct{ name, packed, json string }{
		{"float 32", "ca3fc00000", `1.5`},
		{"float 32, a whole number", "ca40400000", `3`},
		{"float 64, not a number", "cb7ff8000000000000", `null`},
		{"float 64, infinite", "cbfff0000000000000", `null`},
		{"float 64, negative zero", "cb8000000000000000", `-0`},
		{"uint 64 that is small", "cf0000000000000001", `1`},
		{"int 8 that is positive", "d07f", `127`},
		{"str 32 that is short", "db0000000161", `"a"`},
		{"array 32 that is short", "dd0000000101", `[1]`},
		{"map 32 that is short", "df00000001db000000016101", `{"a":1}`},
		{"timestamp 32", "d6ff00000001", `"1970-01-01T00:00:01.000Z"`},
		{"timestamp 64", "d7ff0000000400000000", `"1970-01-01T00:00:00.000000001Z"`},
		{"timestamp 96", "c70cff000f4240ffffffffffffffff", `"1969-12-31T23:59:59.001Z"`},
		{"notepack.io: undefined", "d40000", `null`},
		{"notepack.io: undefined in an array", "92d4000001", `[null,1]`},
		{"notepack.io: undefined in a map", "83a161d40000a16201a163d40000", `{"b":1}`},
		{"notepack.io: all undefined in a map", "82a161d40000a163d40000", `{}`},
		{"notepack.io: date", "d700000001937a9e3de8", `"2024-11-30T01:10:11.176Z"`},
		{"notepack.io: date before 1970", "d700ffffffffffffffff", `"1969-12-31T23:59:59.999Z"`},
		{"notepack.io: a date that is too far", "d7007fffffffffffffff", `null`},
	} {
		json, _, err := AppendJSON(nil, unhex(t, test.packed), nil, 0)
		if err != nil || string(json) != test.json {
			t.Errorf("%s: got %s, %v, want %s", test.name, json, err, test.json)
		}
	}
	for _, packed := range []string{"c7020061" + "62", "c80002006162", "c900000002006162"} {
		json, attachments, err := AppendJSON(nil, unhex(t, packed), nil, 1)
		if err != nil || string(json) != `{"_placeholder":true,"num":0}` || string(attachments[0]) != "ab" {
			t.Errorf("array buffer %s: got %s %q, %v", packed, json, attachments, err)
		}
	}
}

// TestMalformed protects that what is no value, or claims more than is there, is an error.
func TestMalformed(t *testing.T) {
	for _, test := range []struct {
		name, packed string
		want         error
	}{
		{"nothing", "", ErrTruncated},
		{"never used", "c1", ErrUnsupported},
		{"two values", "0101", ErrTrailing},
		{"an array of 4 billion", "ddffffffff", ErrTruncated},
		{"a map of 4 billion", "dfffffffff", ErrTruncated},
		{"a string of 4 billion", "dbffffffff", ErrTruncated},
		{"a binary value of 4 billion", "c6ffffffff", ErrTruncated},
		{"an extension of 4 billion", "c9ffffffff00", ErrTruncated},
		{"a timestamp of 4 billion", "c9ffffffffff", ErrTruncated},
		{"a number as a key", "810101", ErrKey},
		{"a binary value as a key", "81c4016101", ErrKey},
		{"nil as a key", "81c001", ErrKey},
		{"a string that is not UTF-8", "a1ff", ErrText},
		{"a string that ends in a character", "a2e282", ErrText},
		{"a key that is not UTF-8", "81a1ff01", ErrText},
		{"an extension that nobody knows", "d40100", ErrUnsupported},
		{"an extension that nobody knows, with a length", "c7010100", ErrUnsupported},
		{"notepack.io: 2 bytes", "d5000000", ErrUnsupported},
		{"a timestamp of 1 byte", "d4ff00", ErrUnsupported},
		{"a timestamp of 3 bytes", "c703ff000000", ErrUnsupported},
		{"more binary values than are allowed", "94c400c400c400c400", ErrAttachments},
		{"as deep as can be, and deeper", strings.Repeat("91", maxDepth+1) + "01", ErrDepth},
	} {
		if _, _, err := AppendJSON(nil, unhex(t, test.packed), nil, 3); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
	if _, _, err := AppendJSON(nil, unhex(t, strings.Repeat("91", maxDepth)+"01"), nil, 0); err != nil {
		t.Errorf("as deep as can be: %v", err)
	}
}

// TestTruncated protects that every value but its last bytes is an error, wherever it ends.
func TestTruncated(t *testing.T) {
	for _, test := range values {
		packed := unhex(t, test.packed)
		if len(packed) > 1000 {
			packed = packed[:1000]
		}
		for n := range packed {
			if _, _, err := AppendJSON(nil, packed[:n], nil, 10); !errors.Is(err, ErrTruncated) {
				t.Errorf("%s: %d bytes: %v", test.name, n, err)
			}
		}
	}
}

// TestNotJSON protects that what cannot be written is an error.
func TestNotJSON(t *testing.T) {
	for _, value := range []string{``, `{`, `[1`, `{"a"`, `{"a":}`, `1 2`, `[1,]`, `"\ud800"`, "\"\xff\"", `nul`, `]0`, `[}`,
		`{"_placeholder":true,"num":1}`, `{"_placeholder":true,"num":-1}`, `{"_placeholder":true,"num":"0"}`,
		strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)} {
		if out, err := Append(nil, jsontext.Value(value), [][]byte{nil}); err == nil {
			t.Errorf("%s: got %x", clip([]byte(value)), out)
		}
	}
	for value, want := range map[string]string{
		` { "a" : [ 1 , 2 ] } `:                       "81a161920102",
		`{"_placeholder":true}`:                       "81ac5f706c616365686f6c646572c3",
		`[ {"_placeholder":true,"num":0} , "\u20ac"]`: "92c400a3e282ac",
		`-0`:    "cb8000000000000000",
		`1e400`: "cb7ff0000000000000",
	} {
		if out, err := Append(nil, jsontext.Value(value), [][]byte{nil}); err != nil || hex.EncodeToString(out) != want {
			t.Errorf("%s: got %x, %v, want %s", value, out, err, want)
		}
	}
}

// TestGrowth protects that what is kept is bounded by what has come, not by what is claimed.
func TestGrowth(t *testing.T) {
	for _, one := range []string{"ddffffffff", "91", "c0", "a101", "c400", "81a161d40000", "d6ff00000001"} {
		packed := bytes.Repeat(unhex(t, one), 10_000)
		json, attachments, _ := AppendJSON(nil, append([]byte{array32, 0, 1, 0, 0}, packed...), nil, 10)
		if len(json) > 6*len(packed)+10*40 || len(attachments) > 10 {
			t.Errorf("%s: %d bytes became %d and %d binary values", one, len(packed), len(json), len(attachments))
		}
	}
}
