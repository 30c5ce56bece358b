package websocket

import "testing"

// TestBrowserCodes protects the rule for what is sent under js in the place of a code that browsers do not send: always one that they do,
// and that a close frame may carry.
func TestBrowserCodes(t *testing.T) {
	for code, want := range map[StatusCode]StatusCode{
		StatusNormalClosure: 1000, StatusNoStatusReceived: 1005, 3000: 3000, 4999: 4999, // as they are
		StatusGoingAway: 4001, StatusProtocolError: 4002, StatusUnsupportedData: 4003, StatusAbnormalClosure: 4006,
		StatusInvalidPayload: 4007, StatusPolicyViolation: 4008, StatusMessageTooBig: 4009, StatusInternalError: 4011,
	} {
		if got := browserCode(code); got != want || !browserSends(got) || got != StatusNoStatusReceived && !got.OnWire() {
			t.Errorf("%v becomes %v", code, got)
		}
	}
	for code := range StatusCode(6000) {
		sends := code == 1000 || code == 1005 || code >= 3000 && code <= 4999
		if browserSends(code) != sends {
			t.Errorf("%v: %v", code, !sends)
		}
	}
}
