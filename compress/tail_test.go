package compress

import (
	"errors"
	"testing"
)

// TestInflateTailNotLengths protects that the four bytes which the sender took away complete an empty stored block and
// nothing else: payloads that are cut off where those bytes are content by chance were once taken for whole.
func TestInflateTailNotLengths(t *testing.T) {
	for _, payload := range []string{
		"00 05 00 fa ff 61",       // a stored block of five bytes, one of them here
		"00 04 00 fb ff",          // one of four, none of them here
		"04 c0 81 08 00 00 00 00", // in a header
		"",
	} {
		out, _, done, err := NewInflater(InflaterOptions{}).Append(nil, unhex(t, payload), true, 1<<20)
		if done || !errors.Is(err, ErrCorrupt) {
			t.Errorf("%q: %q was taken for a message: %v", payload, out, err)
		}
	}
}
