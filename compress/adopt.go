package compress

// This file holds what a Deflater does about a message that it has not compressed itself.

// adopt makes message the end of the window, as the peer's ends with it. Where the window is empty it remains so: nothing
// refers to what is before it, and a connection that is only sent shared messages holds nothing.
func (d *Deflater) adopt(message []byte) {
	h := &d.history
	if len(h.buf) == 0 {
		return
	}
	message = message[max(0, len(message)-h.maxDistance):] // what is before that is out of reach, as is the window
	for len(message) > 0 {
		n := min(len(message), h.slack)
		h.reserve(n)
		h.buf = append(h.buf, message[:n]...)
		message = message[n:]
	}
}
