// Package packet holds the grammar of Socket.IO, revision 5: bytes to packets and packets to bytes, without I/O. That of Engine.IO is
// one character and stands in engineio/grammar.go.
//
// A packet is a text, <type>[<attachments>-][<namespace>,][<acknowledgement id>][JSON], and behind it that many binary messages. Parse and
// Append know everything in front of the JSON; CheckConnect, EventName, CheckArray and CheckPlaceholders know what it must be. The first
// is cheap and needs little stack, so that it can run where messages are read, the others may run elsewhere.
package packet
