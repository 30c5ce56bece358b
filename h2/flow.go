package h2

// This file holds the windows of flow control (RFC 9113, Section 5.2 and 6.9): how much may be sent, and how much has been given to
// the peer to send.

// sendWindow is what may be sent. Section 6.9.2: it may become negative, by a change of the settings.
type sendWindow int64

// grow adds what the peer has given. Section 6.9.1: "A sender MUST NOT allow a flow-control window to exceed 2^31-1 octets."
func (w *sendWindow) grow(by int64) error {
	if int64(*w)+by > maxStreamID {
		return violation(FlowControlError, "a window is larger than it may be (Section 6.9.1)")
	}
	*w += sendWindow(by)
	return nil
}

// room returns how many bytes may be sent.
func (w sendWindow) room() int { return max(int(w), 0) }

// receiveWindow is what the peer may send.
type receiveWindow struct {
	left  int32 // what it may
	spent int32 // what it has sent, that has been dealt with, and that has not been given back
}

// receive takes note of bytes that have come. Section 6.9: "A receiver MAY respond with a stream error [...] or connection error [...]
// of type FLOW_CONTROL_ERROR if it is unable to accept a frame."
func (w *receiveWindow) receive(n uint32) error {
	if int64(n) > int64(w.left) {
		return violation(FlowControlError, "the peer has sent more than it may (Section 6.9.1)")
	}
	w.left -= int32(n)
	return nil
}

// giveBack takes note of bytes that have been dealt with, and returns by how much to open the window: 0 until that is half of size,
// which the window is, so that there are few updates, and the peer need not wait for them.
func (w *receiveWindow) giveBack(n int, size int32) (by uint32) {
	w.spent += int32(n)
	if w.spent < size/2 {
		return 0
	}
	by = uint32(w.spent)
	w.left, w.spent = w.left+w.spent, 0
	return by
}
