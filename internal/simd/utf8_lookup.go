//go:build !purego && (amd64 || arm64)

//lint:file-ignore U1000 The assembly reads the tables, which staticcheck does not see.

package simd

// This file holds what the vector implementations of UTF-8 validation share: the tables, and what is done with the
// place where the assembly stopped. The algorithm is from John Keiser and Daniel Lemire, "Validating UTF-8 In Less
// Than One Instruction Per Byte" (Software: Practice and Experience, 2021).
//
// Every byte is looked at together with the one before it. Each kind of mistake that two neighbours can show has a
// bit; three tables, indexed by the high and the low half of the first byte and by the high half of the second, say
// which mistakes that half allows, and the AND of the three is what is wrong. Half a byte is an index that a vector
// shuffle takes, so 16 or 32 places are looked up in one instruction.
//
// What two neighbours cannot show is whether a continuation byte after a continuation byte is right: it is where the
// third or the fourth byte of a character is due, two or three behind a long enough lead byte, and only there.
// utf8TwoContinuations is the top bit so that it can be compared with just that.
const (
	utf8TooShort         = 1 << iota // a lead byte, then no continuation byte
	utf8TooLong                      // ASCII, then a continuation byte
	utf8Overlong3                    // E0, then 80 to 9F
	utf8TooLarge                     // F4 or above, then 90 to BF: beyond U+10FFFF
	utf8Surrogate                    // ED, then A0 to BF
	utf8Overlong2                    // C0 or C1, then a continuation byte
	utf8Fourth8                      // F0 (overlong) or F5 and above (too large), then 80 to 8F
	utf8TwoContinuations             // a continuation byte, then another

	// utf8High are the mistakes that depend on no more than the high half of the first byte.
	utf8High = utf8TooShort | utf8TooLong | utf8TwoContinuations
	// utf8Second are the mistakes that every continuation byte can complete.
	utf8Second = utf8TooLong | utf8Overlong2 | utf8TwoContinuations
)

// utf8Tables is never written. The assembly reads it by offsets: five tables of 16 bytes.
var utf8Tables = [5][16]byte{
	// By the high half of the first byte.
	{
		utf8TooLong, utf8TooLong, utf8TooLong, utf8TooLong, utf8TooLong, utf8TooLong, utf8TooLong, utf8TooLong,
		utf8TwoContinuations, utf8TwoContinuations, utf8TwoContinuations, utf8TwoContinuations,
		utf8TooShort | utf8Overlong2, utf8TooShort,
		utf8TooShort | utf8Overlong3 | utf8Surrogate,
		utf8TooShort | utf8TooLarge | utf8Fourth8,
	},
	// By the low half of the first byte.
	{
		utf8High | utf8Overlong2 | utf8Overlong3 | utf8Fourth8, utf8High | utf8Overlong2, utf8High, utf8High,
		utf8High | utf8TooLarge,
		utf8High | utf8TooLarge | utf8Fourth8, utf8High | utf8TooLarge | utf8Fourth8,
		utf8High | utf8TooLarge | utf8Fourth8, utf8High | utf8TooLarge | utf8Fourth8,
		utf8High | utf8TooLarge | utf8Fourth8, utf8High | utf8TooLarge | utf8Fourth8,
		utf8High | utf8TooLarge | utf8Fourth8, utf8High | utf8TooLarge | utf8Fourth8,
		utf8High | utf8TooLarge | utf8Fourth8 | utf8Surrogate,
		utf8High | utf8TooLarge | utf8Fourth8, utf8High | utf8TooLarge | utf8Fourth8,
	},
	// By the high half of the second byte.
	{
		utf8TooShort, utf8TooShort, utf8TooShort, utf8TooShort, utf8TooShort, utf8TooShort, utf8TooShort, utf8TooShort,
		utf8Second | utf8Overlong3 | utf8Fourth8,
		utf8Second | utf8Overlong3 | utf8TooLarge,
		utf8Second | utf8Surrogate | utf8TooLarge,
		utf8Second | utf8Surrogate | utf8TooLarge,
		utf8TooShort, utf8TooShort, utf8TooShort, utf8TooShort,
	},
	// By the high half of the byte two before: the third byte of a character is due. AVX2 computes this one and the next.
	{0xE: utf8TwoContinuations, 0xF: utf8TwoContinuations},
	// By the high half of the byte three before: the fourth byte of a character is due.
	{0xF: utf8TwoContinuations},
}

// utf8Finish completes ValidPrefix where the assembly found nothing wrong in the first n bytes of p. They may end within
// a character, or on a byte that no character begins with, which shows by the byte after it: what begins there is for
// the portable implementation.
func utf8Finish(p []byte, n int) int {
	n = wholeCharacters(p[:n])
	if n == len(p) {
		return n
	}
	return n + validPrefixPortable(p[n:])
}
