// Package compress is permessage-deflate (RFC 7692) for WebSocket implementations: DEFLATE for messages, from scratch,
// and the negotiation of the extension. It knows nothing of frames, headers or connections; package websocket uses it, and
// another implementation can use it the same way.
//
// It exists because of memory. With context takeover each side of a connection keeps a window over what it sent, so that
// a message can refer to those before it; small messages shrink to half of what they take by themselves. A writer of
// compress/flate keeps more than half a megabyte for that, and cannot use a smaller window, so that servers built on it
// do without. A [Deflater] here keeps the window, as far as it has been filled, and a small table over it; an [Inflater]
// keeps the window. Everything else is borrowed from a pool while a message is being worked on. Nothing is allocated for
// a message once the window has grown.
//
// # Messages
//
// There is one Deflater and one Inflater for each connection, and each is used by one goroutine at a time. Both append to
// the caller's slice. The payload of a message is one sequence of bytes for both, however it is cut into frames:
//
//	d := compress.NewDeflater(compress.DeflaterOptions{WindowBits: 12, Takeover: true})
//	payload, compressed := d.Append(buf[:0], message)
//
// If compressed is true, payload goes out in a message whose first frame has RSV1 set. If not, compressing was not worth
// it, and the message goes out as it is, without RSV1. Nothing more has to be done: both windows are unchanged.
// [Deflater.AppendPart] does the same for a message that is not there as a whole yet.
//
//	f := compress.NewInflater(compress.InflaterOptions{WindowBits: 12, Takeover: true})
//	buf, n, done, err := f.Append(buf, payload, last, limit-len(buf))
//
// takes payload as it comes, and last with the last of it. What comes out never exceeds what is asked for, so that thirty
// kilobytes that stand for thirty megabytes cost no more than the limit. An error is a reason to fail the connection with
// close code 1007.
//
// [Deflater.Rest] and [Inflater.Rest], called every few minutes, give most of the memory of a connection back that has said
// nothing in between.
//
// A message for many connections is a [SharedMessage], by itself or as part of a [SharedStream], and [Deflater.Share] is what
// Append is for others: it returns the payload that this connection can be sent.
//
// # Negotiation
//
// [Options] are what one side wants. A server gives the parameters of each offer to [Options.Accept], in the order of the
// header, until one is accepted, and sends the answer; a client sends [Options.AppendOffer] and gives the answer to
// [Options.Confirm]. Both come to the same [Params], of which [Options.ServerDeflater] and its siblings make what each
// role needs.
//
// # Strictness
//
// An Inflater refuses what zlib refuses, and also: a distance beyond the window that was agreed upon, even where the bytes
// are at hand; a payload that does not end with the empty stored block of Section 7.2.1, with or without its last four
// bytes taken away, such as one that was cut short. It accepts final blocks (Section 7.2.3.4), which compress/flate takes
// for the end, and refuses trees without a code for the end of a block, which compress/flate takes.
package compress
