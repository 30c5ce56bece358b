package h2

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"
)

// collect returns what fields are together, each a name and a value.
func collect(limit int, list ...string) *fields {
	var f fields
	f.reset(limit)
	for i := 0; i < len(list); i += 2 {
		f.add(hpack.HeaderField{Name: list[i], Value: list[i+1]})
	}
	return &f
}

// TestRequestFields protects the rules about requests (RFC 9113, Sections 8.2 to 8.5, and RFC 8441, Section 4): each right request, and each
// with one thing wrong.
func TestRequestFields(t *testing.T) {
	get := []string{":method", "GET", ":scheme", "https", ":path", "/"}
	with := func(list []string, more ...string) []string { return append(append([]string(nil), list...), more...) }
	without := func(list []string, name string) (out []string) {
		for i := 0; i < len(list); i += 2 {
			if list[i] != name {
				out = append(out, list[i], list[i+1])
			}
		}
		return out
	}
	for _, test := range []struct {
		section string // empty: nothing is wrong
		list    []string
	}{
		{"", connect},
		{"", get},
		{"", with(get, ":authority", "a")},
		{"", []string{":method", "CONNECT", ":authority", "a:80"}},
		{"", []string{":method", "OPTIONS", ":scheme", "https", ":path", "*"}},
		{"", with(get, "te", "trailers", "x-odd!#$%&'*+-.^_`|~", "\x80 obs-text")},
		{"8.3.1", nil},
		{"8.3.1", without(connect, ":method")},
		{"8.3.1", without(connect, ":scheme")},
		{"8.3.1", without(connect, ":path")},
		{"8.3.1", without(connect, ":authority")},
		{"8.3.1", without(get, ":method")},
		{"8.3.1", without(get, ":scheme")},
		{"8.3.1", without(get, ":path")},
		{"8.3.1", []string{":method", "CONNECT", ":authority", "a:80", ":path", "/"}},
		{"8.3.1", with(get[:4], ":path", "")},
		{"8.3.1", with(get[:4], ":path", "chat")},
		{"8.3.1", with([]string{":status", "200"}, get...)},
		{"8.3", with(get, ":method", "GET")},
		{"8.3", with(get, ":odd", "x")},
		{"8.3", with(get, "a", "b", ":authority", "a")},
		{"8.2.1", with(get, "", "")}, // CVE-2019-9516: fields without a name
		{"8.2.1", with(get, "Upper", "x")},
		{"8.2.1", with(get, "a b", "x")},
		{"8.2.1", with(get, "a:b", "x")},
		{"8.2.1", with(get, "a\x00", "x")},
		{"8.2.1", with(get, "a\xC3\xA4", "x")},
		{"8.2.1", with(get, "a", "x\r\ny: z")}, // smuggled through a proxy to HTTP/1.1
		{"8.2.1", with(get, "a", "x\x00")},
		{"8.2.1", with(get, "a", " x")},
		{"8.2.1", with(get, "a", "x\t")},
		{"8.2.1", with(get[:4], ":path", "/a\nb")},
		{"8.2.2", with(get, "connection", "upgrade")},
		{"8.2.2", with(get, "upgrade", "websocket")},
		{"8.2.2", with(get, "transfer-encoding", "chunked")},
		{"8.2.2", with(get, "keep-alive", "1")},
		{"8.2.2", with(get, "proxy-connection", "x")},
		{"8.2.2", with(get, "te", "gzip")},
	} {
		fault := collect(defaultHeadLimit, test.list...).requestFault()
		if (fault == "") != (test.section == "") || !strings.HasSuffix(fault, "Section "+test.section+")") && fault != "" {
			t.Errorf("%q: %q, want Section %s", test.list, fault, test.section)
		}
	}
}

// TestStatus_8_3_2 protects the rules about responses.
func TestStatus_8_3_2(t *testing.T) {
	for _, test := range []struct {
		want int
		list []string
	}{
		{200, []string{":status", "200"}},
		{100, []string{":status", "100", "a", "b"}},
		{0, nil},
		{0, []string{"a", "b"}},
		{0, []string{":status", "101"}},
		{0, []string{":status", "20"}},
		{0, []string{":status", "2000"}},
		{0, []string{":status", "099"}},
		{0, []string{":status", "2x0"}},
		{0, []string{":status", "-20"}},
		{0, []string{":status", "200", ":status", "200"}},
		{0, []string{":status", "200", ":path", "/"}},
		{0, []string{":status", "200", "Upper", "x"}},
	} {
		if got := collect(defaultHeadLimit, test.list...).status(); got != test.want {
			t.Errorf("%q: %d", test.list, got)
		}
	}
}

// TestFieldsSize protects the bound on what is kept: each field counts with its overhead, and what is beyond is dropped.
func TestFieldsSize(t *testing.T) {
	const each = 1 + 9 + fieldOverhead
	f := collect(2*each, "a", "123456789", "b", "123456789")
	if f.left != 0 || len(f.header) != 2 {
		t.Errorf("%+v", f)
	}
	f = collect(2*each-1, "a", "123456789", "b", "123456789", "c", "")
	if f.left >= 0 || len(f.header) != 1 {
		t.Errorf("%+v", f)
	}
}

// TestCookies_8_2_3 protects cookies that come in pieces.
func TestCookies_8_2_3(t *testing.T) {
	f := collect(defaultHeadLimit, "cookie", "a=b", "x", "1", "cookie", "c=d", "x", "2")
	if c, x := f.header["Cookie"], f.header["X"]; len(c) != 1 || c[0] != "a=b; c=d" || len(x) != 2 {
		t.Error(f.header)
	}
}

// TestBlocks protects what is encoded: fields in lower case, without those of HTTP/1.1 and what may not be sent, decoded by parts of any size.
func TestBlocks(t *testing.T) {
	var e blockEncoder
	e.init()
	header := http.Header{
		"X-Name": {"1", "2"}, "Upgrade": {"websocket"}, "Bad": {"a\r\nb"}, ":protocol": {"x"}, "Authorization": {"secret"},
		"Long": {strings.Repeat("x", 10_000)},
	}
	var d blockDecoder
	d.init(defaultHeadLimit)
	for _, part := range []int{1, 7, 1 << 20} { // the second time from the table
		block := e.response(&http.Response{StatusCode: 404, Header: header})
		d.begin(frameHeader{})
		for len(block) > 0 {
			n := min(part, len(block))
			if err := d.part(block[:n]); err != nil {
				t.Fatal(err)
			}
			block = block[n:]
		}
		if err := d.end(); err != nil {
			t.Fatal(err)
		}
		h := d.fields.header
		if d.fields.status() != 404 || len(h) != 3 || len(h["X-Name"]) != 2 || h.Get("Authorization") != "secret" || len(h.Get("Long")) != 10_000 {
			t.Errorf("%+v", d.fields)
		}
	}
}

// TestBlockErrors_4_3 protects the codes of blocks that cannot be decoded, end too early, or are too long.
func TestBlockErrors_4_3(t *testing.T) {
	for name, test := range map[string]struct {
		block string
		want  ErrorCode
	}{
		"an index that is not there": {"ff 80 80 80 80 01", CompressionError},
		"half of a field":            {"40 01", CompressionError},
		"a table too large":          {"3f e2 1f", CompressionError},
		"too long":                   {strings.Repeat("88", 101), EnhanceYourCalm},
	} {
		var d blockDecoder
		d.init(100)
		d.begin(frameHeader{})
		err := d.part(unhex(test.block))
		if err == nil {
			err = d.end()
		}
		if codeOf(err) != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
