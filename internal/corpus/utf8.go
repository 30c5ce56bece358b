package corpus

// This file holds texts for the tests of UTF-8 validation.

import "strings"

// WrongTexts are the kinds of bytes that are not UTF-8, and the index of the byte that shows it.
var WrongTexts = []struct {
	Name string
	Text string
	At   int
}{
	{"lone continuation byte", "\x80", 0},
	{"lone continuation byte", "\xbf", 0},
	{"continuation byte too many", "é\x80", 2},
	{"continuation byte too many", "語\x80", 3},
	{"continuation byte too many", "😀\x80", 4},
	{"ASCII instead of a second byte", "\xc3a", 1},
	{"ASCII instead of a second byte", "\xe8a", 1},
	{"ASCII instead of a third byte", "\xe8\xaaa", 2},
	{"ASCII instead of a fourth byte", "\xf0\x9f\x98a", 3},
	{"lead byte instead of a third byte", "\xe8\xaa\xc3", 2},
	{"overlong in two bytes", "\xc0\x80", 0},
	{"overlong in two bytes", "\xc1\xbf", 0},
	{"overlong in three bytes", "\xe0\x80\x80", 1},
	{"overlong in three bytes", "\xe0\x9f\xbf", 1},
	{"overlong in four bytes", "\xf0\x80\x80\x80", 1},
	{"overlong in four bytes", "\xf0\x8f\xbf\xbf", 1},
	{"first surrogate", "\xed\xa0\x80", 1},
	{"last surrogate", "\xed\xbf\xbf", 1},
	{"beyond U+10FFFF", "\xf4\x90\x80\x80", 1},
	{"beyond U+10FFFF", "\xf5\x80\x80\x80", 0},
	{"lead byte of five", "\xf8\x88\x80\x80\x80", 0},
	{"lead byte of six", "\xfc\x84\x80\x80\x80\x80", 0},
	{"never a byte", "\xfe", 0},
	{"never a byte", "\xff", 0},
}

// RightTexts are the borders of what is UTF-8 (RFC 3629, Section 4), and texts of every kind.
var RightTexts = []string{
	"", "a", "\x00", "\x7f", "\u0080", "\u07ff", "\u0800", "\u0fff", "\ud7ff", "\ue000", "\ufffd", "\uffff",
	"\U00010000", "\U0003ffff", "\U00100000", "\U0010ffff",
	"κόσμε", "語言文字", "Grüße, мир, 世界, 😀", "\ufeffbyte order mark", "e\u0301", "👩‍👩‍👧‍👦",
}

// Surround puts text between n bytes that are valid and n more: ASCII, or characters of three bytes.
func Surround(text string, before, after int, ascii bool) []byte {
	fill := func(n int) string {
		if ascii {
			return strings.Repeat("a", n)
		}
		return strings.Repeat("a", n%3) + strings.Repeat("語", n/3)
	}
	return []byte(fill(before) + text + fill(after))
}
