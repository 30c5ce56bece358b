package h2

// This file holds header blocks (RFC 9113, Section 4.3): HPACK's state for both directions, and what is bounded while a block comes.

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/net/http2/hpack"
)

// defaultHeadLimit is the most bytes of a block, and of the fields in it, that are taken where nothing else was asked for.
const defaultHeadLimit = 64 << 10

// blockDecoder decodes the blocks that come, each in as many parts as it likes. It belongs to the reader.
type blockDecoder struct {
	limit  int
	hpack  *hpack.Decoder
	fields fields
	header frameHeader // of the HEADERS that has begun the block under way
	open   bool        // one is: nothing else may come
	size   int         // what has come of it
}

// init sets the limit.
func (d *blockDecoder) init(limit int) {
	d.limit = limit
	d.hpack = hpack.NewDecoder(defaultHeaderTable, d.fields.add)
	d.hpack.SetMaxStringLength(limit)
}

// begin begins a block.
func (d *blockDecoder) begin(h frameHeader) {
	d.header, d.open, d.size = h, true, 0
	d.fields.reset(d.limit)
}

// part takes a part of a block.
func (d *blockDecoder) part(p []byte) error {
	// A block beyond what its fields may be has to be decoded all the same, as long as the connection lasts. RFC 9113, Section 10.5.1: "An
	// endpoint that receives a field block that it is unwilling to process [...] MAY treat it as a connection error".
	if d.size += len(p); d.size > d.limit {
		return violation(EnhanceYourCalm, "a header block of more than "+strconv.Itoa(d.limit)+" bytes (Section 10.5.1)")
	}
	_, err := d.hpack.Write(p)
	return undecodable(err)
}

// end ends a block, which then is in d.fields.
func (d *blockDecoder) end() error {
	d.open = false
	return undecodable(d.hpack.Close())
}

// undecodable is the error about a block. Section 4.3: "A receiver MUST terminate the connection with a connection error [...] of type
// COMPRESSION_ERROR if it does not decompress a field block."
func undecodable(err error) error {
	if err == nil {
		return nil
	}
	return &ConnectionError{Code: CompressionError, Reason: "a header block that cannot be decoded (Section 4.3)", Err: err}
}

// blockEncoder encodes the blocks that are sent. The connection's mutex guards it.
type blockEncoder struct {
	hpack *hpack.Encoder
	buf   bytes.Buffer
}

// init makes an encoder for a decoder that has the default table.
func (e *blockEncoder) init() { e.hpack = hpack.NewEncoder(&e.buf) }

// field encodes a field.
func (e *blockEncoder) field(name, value string) {
	e.hpack.WriteField(hpack.HeaderField{Name: name, Value: value, Sensitive: name == "authorization" || name == "cookie"})
}

// header encodes fields. RFC 9113, Section 8.2: "Field names MUST be converted to lowercase when constructing an HTTP/2 message." What
// belongs to HTTP/1.1 is left out.
func (e *blockEncoder) header(h http.Header) {
	for name, values := range h {
		name = strings.ToLower(name)
		for _, v := range values {
			if fieldFault(name, v) == "" {
				e.field(name, v)
			}
		}
	}
}

// request encodes an extended CONNECT (RFC 8441, Section 4), and returns the block until the next.
func (e *blockEncoder) request(r *http.Request) []byte {
	e.buf.Reset()
	e.field(":method", r.Method)
	e.field(":protocol", r.Header[":protocol"][0])
	e.field(":scheme", r.URL.Scheme)
	e.field(":authority", r.Host)
	e.field(":path", r.URL.RequestURI())
	e.header(r.Header)
	return e.buf.Bytes()
}

// response encodes the head of a response, and returns the block until the next.
func (e *blockEncoder) response(resp *http.Response) []byte {
	e.buf.Reset()
	e.field(":status", strconv.Itoa(resp.StatusCode))
	e.header(resp.Header)
	return e.buf.Bytes()
}
