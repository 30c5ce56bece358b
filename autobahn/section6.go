package autobahn

// Section 6, UTF-8. From 6.5 on the strings are those of Markus Kuhn's stress test for decoders, held against RFC 3629.

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// kosme is a Greek word of 11 octets: its accented letter is the one of three octets.
const kosme = "\u03ba\u1f79\u03c3\u03bc\u03b5"

func section6() []*Case {
	var list []*Case
	list = append(list, numbered("6.1", emptyFragments()...)...)
	list = append(list, numbered("6.2", validText()...)...)
	list = append(list, numbered("6.3", invalidWhole()...)...)
	list = append(list, numbered("6.4", failFast()...)...)
	for i, g := range utf8Groups() {
		group := fmt.Sprintf("6.%d", 5+i)
		titles[group] = g.title
		var cases []*Case
		for _, s := range g.strings {
			cases = append(cases, utf8Case(s))
		}
		list = append(list, numbered(group, cases...)...)
	}
	return list
}

func init() {
	titles["6.1"] = "Valid text with empty fragments"
	titles["6.2"] = "Valid text, whole, and cut between and within code points"
	titles["6.3"] = "Invalid text, whole and cut"
	titles["6.4"] = "Failing at the first octet that makes a text invalid"
}

func echoText(description, payload string, sends ...step) *Case {
	return &Case{
		Description: description,
		Expectation: echoed,
		expect:      want(textMessage(payload)),
		close:       weClose(1000),
		script:      append(sends, closeAfter(second)),
	}
}

func emptyFragments() []*Case {
	const middle = "middle frame payload"
	return []*Case{
		echoText("A text message without payload.", "", send(text(""))),
		echoText("A text message in three fragments, all empty.", "",
			send(text("").more(), continuation("").more(), continuation(""))),
		echoText("A text message in three fragments, the first and the last empty.", middle,
			send(text("").more(), continuation(middle).more(), continuation(""))),
	}
}

func validText() []*Case {
	const a, b = "Hello-µ@ßöä", "üàá-UTF-8!!"
	return []*Case{
		echoText("The text "+a+b+" in one frame.", a+b, message(opText, a+b, 0)),
		echoText("The text "+a+b+" in two fragments, cut between code points.", a+b, send(text(a).more(), continuation(b))),
		echoText("The text "+a+b+" in fragments of one octet.", a+b, message(opText, a+b, 1)),
		echoText("The text "+kosme+" in fragments of one octet.", kosme, message(opText, kosme, 1)),
	}
}

const invalidExpected = "The endpoint fails the connection with 1007, because the text is not UTF-8."

func invalidWhole() []*Case {
	bad := func(description string, fragment int) *Case {
		return &Case{
			Description: description,
			Expectation: invalidExpected,
			expect:      wantNothing(),
			close:       theyMustFail(1007),
			script:      []step{message(opText, invalidText, fragment), kill(second)},
		}
	}
	return []*Case{
		bad("A text message with a surrogate in it, in one frame.", 0),
		bad("A text message with a surrogate in it, in fragments of one octet.", 1),
	}
}

// failFast sends a text that becomes invalid at its 13th octet in three parts with a second between them.
func failFast() []*Case {
	const whole = kosme + "\xf4\x90\x80\x80" + "edited"
	var list []*Case
	for _, frames := range []bool{true, false} {
		for _, cut := range [][2]int{{11, 15}, {12, 13}} {
			parts := [3]string{whole[:cut[0]], whole[cut[0]:cut[1]], whole[cut[1]:]}
			list = append(list, failFastCase(parts, frames))
		}
	}
	return list
}

func failFastCase(parts [3]string, frames bool) *Case {
	kind := "fragments"
	sends := [3]step{
		send(text(parts[0]).more()), send(continuation(parts[1]).more()), send(continuation(parts[2])),
	}
	if !frames {
		kind = "pieces of one frame"
		sends = inPieces(parts)
	}
	return &Case{
		Description: fmt.Sprintf("A text message in three %s, %x, %x and %x, with a second of silence after the first and the second, which makes the text invalid.",
			kind, parts[0], parts[1], parts[2]),
		Expectation: "The first part is accepted; the second makes the endpoint fail the connection with 1007. To fail it only after the third is non-strict.",
		expect:      wantOr([]event{timedOut("A")}, timedOut("A"), timedOut("B")),
		close:       theyMustFail(1007),
		script:      []step{sends[0], waitOpen(second, "A"), sends[1], waitOpen(second, "B"), sends[2], kill(second)},
	}
}

// inPieces sends the parts as one fragment, a piece at a time, and after the last an empty final fragment.
func inPieces(parts [3]string) [3]step {
	whole := strings.Join(parts[:], "")
	piece := func(from, to int, more ...frame) step {
		return func(r *run) {
			r.sendPiece(text(whole).more(), from, to)
			send(more...)(r)
		}
	}
	a, b := len(parts[0]), len(parts[0])+len(parts[1])
	return [3]step{piece(0, a), piece(a, b), piece(b, len(whole), continuation(""))}
}

func utf8Case(payload string) *Case {
	c := &Case{script: []step{message(opText, payload, 0), kill(second / 2)}}
	if utf8.ValidString(payload) {
		c.Description = fmt.Sprintf("A text message with the valid payload 0x%x.", payload)
		c.Expectation, c.expect, c.close = echoed, want(textMessage(payload)), weClose(1000)
		return c
	}
	c.Description = fmt.Sprintf("A text message with the invalid payload 0x%x.", payload)
	c.Expectation, c.expect, c.close = invalidExpected, wantNothing(), theyMustFail(1007)
	return c
}

type utf8Group struct {
	title   string
	strings []string
}

// utf8Groups are the groups from 6.5 on.
func utf8Groups() []utf8Group {
	lonely := []string{"\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xfc\x80\x80\x80\x80",
		"\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf"}
	return []utf8Group{
		{"Valid texts", []string{"hello$world", "hello¢world", "hello€world", "hello\U00024B62world", kosme}},
		{"All beginnings of a valid text", prefixes(kosme)},
		{"The first code point of each length", []string{"\x00", "\u0080", "\u0800", "\U00010000"}},
		{"The first sequences of five and six octets", []string{"\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80"}},
		{"The last code point of each length", []string{"\x7f", "\u07ff", "\uffff", "\U0010ffff"}},
		{"The last sequences of four, five and six octets", []string{"\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf"}},
		{"Other boundaries", []string{"\ud7ff", "\ue000", "\ufffd", "\U0010ffff", "\xf4\x90\x80\x80"}},
		{"Unexpected continuation octets", append(alternating("\x80\xbf", 6), octets(0x80, 0xbf, ""))},
		{"Lonely start octets", []string{octets(0xc0, 0xdf, " "), octets(0xe0, 0xef, " "), octets(0xf0, 0xf7, " "),
			octets(0xf8, 0xfb, " "), octets(0xfc, 0xfd, " ")}},
		{"Sequences whose last octet is missing", lonely},
		{"Incomplete sequences one after another", []string{strings.Join(lonely, "")}},
		{"Impossible octets", []string{"\xfe", "\xff", "\xfe\xfe\xff\xff"}},
		{"Overlong slashes", []string{"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf", "\xfc\x80\x80\x80\x80\xaf"}},
		{"The longest overlong sequences", []string{"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf", "\xfc\x83\xbf\xbf\xbf\xbf"}},
		{"Overlong NULs", []string{"\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80", "\xfc\x80\x80\x80\x80\x80"}},
		{"Single surrogates", []string{"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbe\x80", "\xed\xbf\xbf"}},
		{"Pairs of surrogates", pairs([]string{"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf"}, []string{"\xed\xb0\x80", "\xed\xbf\xbf"})},
		{"Noncharacters, which are valid", noncharacters()},
		{"Specials", []string{"\ufff9", "\ufffa", "\ufffb", "\ufffc", "\ufffd", "\ufffe", "\uffff"}},
	}
}

func prefixes(s string) []string {
	var list []string
	for i := range len(s) {
		list = append(list, s[:i+1])
	}
	return list
}

// alternating gives the two octets of s alone, then together and repeated, up to n octets.
func alternating(s string, n int) []string {
	list := []string{s[:1], s[1:]}
	for i := 2; i <= n; i++ {
		list = append(list, strings.Repeat(s, n)[:i])
	}
	return list
}

// octets are those from first to the one before last, each followed by sep. (The original leaves out the last, too.)
func octets(first, last byte, sep string) string {
	var b strings.Builder
	for c := first; c < last; c++ {
		b.WriteString(string([]byte{c}) + sep)
	}
	return b.String()
}

func pairs(high, low []string) []string {
	var list []string
	for _, h := range high {
		for _, l := range low {
			list = append(list, h+l)
		}
	}
	return list
}

// noncharacters are U+FFFE and U+FFFF, and the last two code points of every 0x10000 but the first.
func noncharacters() []string {
	var list []string
	for plane := rune(0); plane <= 0x10; plane++ {
		list = append(list, string(plane<<16|0xfffe), string(plane<<16|0xffff))
	}
	return list
}
