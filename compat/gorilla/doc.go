// Package websocket is gorilla/websocket's API on the library github.com/seed-d69ae1b7/websocket: for programs that want the
// latter's protocol, and not to change more than an import path. In go.mod a line does as well, and then also for what the
// program depends on:
//
//	replace github.com/gorilla/websocket => github.com/seed-d69ae1b7/websocket/compat/gorilla v1.2.3
//
// It has every exported identifier of gorilla/websocket 1.5.3, and behaves in the same way, errors and close codes included, but
// for what is listed here. A program of its own tells so (see the directory twin): it runs one table of behaviours over both, and
// the results are equal but for the list.
//
// Who writes something new uses the library itself: it reads with contexts and without deadlines, pings, limits and shuts down
// by itself, and does without a buffer for an idle connection. The file docs/from-gorilla.md has the call for each call of this
// package.
//
// # What is different on purpose
//
//   - Writes may be concurrent. WriteMessage, WriteJSON, WritePreparedMessage and WriteControl may be called by any goroutine at
//     any time, where gorilla panics or mixes up frames. What NextWriter returns collects a message and sends it on Close;
//     one longer than 32 KiB, or than WriteBufferSize if that is more, is begun before, and other messages wait for its Close.
//     Another NextWriter closes it, as ever. WriteMessage does not close it.
//   - Compression keeps its context between messages (RFC 7692, Section 7.1.1), unless the peer asks for less. Messages of
//     less than 64 bytes, and those that do not shrink, go out as they are. There are three levels instead of nine.
//   - The read limit counts what has been inflated, not the bytes on the wire: a small message that becomes a large one is
//     over it.
//   - Text is UTF-8 (RFC 6455, Section 8.1): a text message that is not cannot be written, which leaves the connection as it
//     was, and ends the connection with 1007 when it is read.
//   - Close frames are checked before they are written: WriteControl returns an error for a code that may not be sent, such as
//     1005, 1006 and 5000, for a payload of one byte, and for a reason that is not UTF-8. gorilla sends them, and the peer
//     fails the connection.
//   - More violations are noticed: lengths that are not minimal or have their top bit set (1002), a reason that is not UTF-8
//     (1007 and not 1002), and for a close frame of one byte the answer says 1002.
//   - A read after an error is no panic, however often it is repeated. It returns the same error.
//   - WriteJSON sends nothing of what cannot be encoded; gorilla sends an empty message.
//   - Bytes behind the request are kept: a client that sends its first message together with the request is accepted.
//   - Responses are checked: the error is ErrBadHandshake for a subprotocol or an extension that was not asked for.
//   - Cookies of the Jar and of the header are both sent. With gorilla, those of the header replace the others.
//   - Proxies by https are supported, and socks5h is a name for socks5. A custom dial function is chosen by what is dialed, the proxy if
//     there is one, as in gorilla's unreleased versions: NetDialTLSContext is for an https proxy or a wss server.
//   - Fields that belong to another hop are not sent: Keep-Alive, Proxy-Connection, TE, Trailer, Transfer-Encoding and
//     Content-Length of the header given to Dial, and fields of the handshake in that given to Upgrade.
//   - WriteBufferPool has no meaning: frames are made in buffers that all connections share. A message is one frame up to a
//     mebibyte, and one of NextWriter up to 32 KiB or WriteBufferSize.
//   - Timeouts wrap what the net.Conn returned: errors.Is(err, os.ErrDeadlineExceeded) holds. A context that ends during Dial is
//     its error. Texts of errors without a name are not gorilla's.
package websocket
