// Package packet holds the grammar of Engine.IO, revision 4, and of Socket.IO, revision 5: bytes to packets and packets
// to bytes, without I/O.
package packet
