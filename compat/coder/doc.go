// Package websocket is coder/websocket's API on the library github.com/seed-d69ae1b7/websocket: for programs that want the
// latter's protocol, and not to change more than an import path. In go.mod a line does as well, and then also for what the
// program depends on:
//
//	replace github.com/coder/websocket => github.com/seed-d69ae1b7/websocket/compat/coder v1.2.3
//
// It has every exported identifier of coder/websocket 1.8.15 and of its package wsjson, and behaves in the same way but for what
// is listed here. A program of its own tells so (see the directory twin): it runs one table of behaviours over both, and the
// results are equal but for the list. It does not have the variant for browsers.
//
// Who writes something new uses the library itself: docs/from-coder.md has the call for each call of this package.
//
// # What is different on purpose
//
//   - Fields are written in another way: parameters of Sec-WebSocket-Extensions stand in another order, an offer says that the
//     client can use smaller windows (client_max_window_bits), and there is a space behind a comma.
//   - Reasons of close frames that this side sends by itself are other texts; the codes are the same.
//   - Errors repeat how the connection ended: a read after the one that has told of the peer's close frame tells of it again,
//     where coder has net.ErrClosed.
//   - Redirects end after ten, unless the http.Client has a rule of its own. With coder they do not.
//   - Status 500 instead of 501 is the answer where the connection cannot be taken over from net/http.
//   - Writes return when the message is in the buffer of the connection (64 KiB), or in the kernel, and not always in the latter.
//   - Deadlines of NetConn end a call, and not the connection.
//   - The functions of wsjson are generic: they take whatever reads and writes as a *Conn does. They cannot be used as values.
//   - Texts of errors are not coder's.
package websocket
