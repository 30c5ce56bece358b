// Package msgpack turns MessagePack into JSON and back, so that what stands above it knows one kind of value. It has what
// socket.io-msgpack-parser and the Redis adapters of Node use: nil, booleans, numbers, strings, binary, arrays, maps with strings as
// keys, and the extensions of notepack.io, their codec, for undefined, dates and array buffers, beside MessagePack's own timestamps.
//
// Binary stands in JSON as the placeholders of Socket.IO do, {"_placeholder":true,"num":0}, and the bytes beside it.
package msgpack

import "errors"

// Errors of values that cannot be read or written.
var (
	ErrTruncated   = errors.New("msgpack: truncated")
	ErrTrailing    = errors.New("msgpack: bytes behind the value")
	ErrUnsupported = errors.New("msgpack: unsupported")
	ErrKey         = errors.New("msgpack: a key that is no string")
	ErrText        = errors.New("msgpack: a string that is not UTF-8")
	ErrAttachments = errors.New("msgpack: too many binary values")
	ErrDepth       = errors.New("msgpack: nested too deeply")
)

// maxDepth is how deep values may be nested: as deep as package jsontext allows.
const maxDepth = 10_000

// The placeholder of a binary value, around its number.
const (
	placeholderHead = `{"_placeholder":true,"num":`
	placeholderTail = `}`
)

// The first bytes of values: the MessagePack specification, "Formats".
const (
	fixmap   = 0x80
	fixarray = 0x90
	fixstr   = 0xa0
	null     = 0xc0
	no       = 0xc2
	yes      = 0xc3
	bin8     = 0xc4
	bin16    = 0xc5
	bin32    = 0xc6
	ext8     = 0xc7
	ext16    = 0xc8
	ext32    = 0xc9
	float32_ = 0xca
	float64_ = 0xcb
	uint8_   = 0xcc
	uint16_  = 0xcd
	uint32_  = 0xce
	uint64_  = 0xcf
	int8_    = 0xd0
	int16_   = 0xd1
	int32_   = 0xd2
	int64_   = 0xd3
	fixext1  = 0xd4
	fixext2  = 0xd5
	fixext4  = 0xd6
	fixext8  = 0xd7
	fixext16 = 0xd8
	str8     = 0xd9
	str16    = 0xda
	str32    = 0xdb
	array16  = 0xdc
	array32  = 0xdd
	map16    = 0xde
	map32    = 0xdf
	negative = 0xe0 // the first of the negative fixints
)

// The types of extensions.
const (
	extNotepack  = 0  // notepack.io: one byte is undefined, 8 of a fixext are a date, others an array buffer
	extTimestamp = -1 // the MessagePack specification, "Timestamp extension type"
)
