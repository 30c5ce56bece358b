// Package autobahn is the catalogue of the Autobahn test suite in Go: 517 cases with the original's numbers and grades
// that show how a WebSocket endpoint, client or server, in any language, behaves against RFC 6455 and RFC 7692, and
// further cases, numbered S1.1 and up, for what the original leaves out.
//
// A [FuzzingClient] tests servers: it opens one connection a case and expects the server to echo every message. A
// [FuzzingServer] tests clients: they connect once a case, to the URLs that the original uses, and echo every message.
// Either collects [Result] values in a [Report], which writes the original's JSON files, HTML pages and JUnit XML.
//
// The package imports nothing but the standard library, and nothing of the WebSocket library beside it: it has its
// own wire codec (frame.go, receive.go), opening handshake (opening.go), compressor glue (deflate.go) and inflater
// (inflate.go), because it must be able to break every rule and must not grade a codec with itself.
//
// The catalogue is laid out one file a section: section1.go and so on. A case is a few lines of data and a script of
// the steps in steps.go. The engine that plays a script is run.go, the judgement is grade.go.
package autobahn
