package autobahn

// Section S2, permessage-deflate to the letter of RFC 7692: its negotiation, which the sender must then obey, and
// messages that are unusual or wrong.

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

func init() {
	titles["S2"] = "Compression to the letter"
	titles["S2.1"] = "Offers that a server must decline"
	titles["S2.2"] = "Offers that a server may accept, and must then obey"
	titles["S2.3"] = "Answers that a client must refuse"
	titles["S2.4"] = "Answers that a client must obey"
	titles["S2.5"] = "Unusual and wrong messages"
}

func sectionS2() []*Case {
	return slices.Concat(
		numbered("S2.1", badOffers()...), numbered("S2.2", goodOffers()...), numbered("S2.3", badAnswers()...),
		numbered("S2.4", goodAnswers()...), numbered("S2.5", compressedMessages()...),
		numbered("S2.6", exactWindows()...), numbered("S2.7", lastingWindows()...))
}

const extensions = "Sec-WebSocket-Extensions"

func badOffers() []*Case {
	var cases []*Case
	for _, parameter := range []string{
		"unheard_of", "unheard_of=1",
		"server_no_context_takeover=1", "client_no_context_takeover=true",
		"server_no_context_takeover; server_no_context_takeover",
		"client_max_window_bits; client_max_window_bits=10",
		"server_max_window_bits", "server_max_window_bits=7", "server_max_window_bits=16", "server_max_window_bits=010",
		"server_max_window_bits=ten", "server_max_window_bits=-8", "server_max_window_bits=4294967306",
		"client_max_window_bits=7", "client_max_window_bits=16", "client_max_window_bits=08",
		"server_max_window_bits=10; server_max_window_bits=12",
	} {
		c := echoHello(&Case{
			Description: "The offer permessage-deflate; " + parameter + ".",
			Expectation: "The server declines the offer and goes on without compression. To refuse the connection is non-strict.",
			Roles:       Servers,
			tamper:      with(extensions, deflateName+"; "+parameter),
		})
		c.judge = func(r *run) {
			if !r.opened && r.answer != nil && r.answer.status() == 400 {
				r.decide(NonStrict, "The server refused the connection.")
				r.res.BehaviorClose = OK
			}
		}
		cases = append(cases, c)
	}
	unknown := echoHello(&Case{
		Description: "The offer x-unheard-of, of an extension that does not exist.",
		Expectation: "The server goes on without it.",
		Roles:       Servers,
		tamper:      with(extensions, "x-unheard-of; a=1, x-unheard-of-too"),
	})
	return append(cases, unknown)
}

// letters are n letters that cannot be compressed by looking back, but only by their code.
func letters(n int) string {
	g := rand.New(rand.NewPCG(2, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"[g.IntN(64)]
	}
	return string(b)
}

// beyond repeats letters at a distance that lies outside a window of the bits.
func beyond(bits int) string { return strings.Repeat(letters(1<<bits+300), 3) }

// ifAgreed does the steps if compression was agreed; without it the case is unimplemented.
func ifAgreed(steps ...step) []step {
	return []step{func(r *run) {
		if r.agreed == nil {
			r.decide(Unimplemented, "permessage-deflate was not agreed.")
			r.wantClose = weClose(1000)
			r.sendClose(1000, "")
			return
		}
		for _, s := range steps {
			if r.state != closed && !r.ended {
				s(r)
			}
		}
	}}
}

// unlessForbidden does the steps unless the suite must not take its window over from message to message.
func unlessForbidden(steps []step) step {
	return func(r *run) {
		if r.deflate.noContext {
			r.decide(Unimplemented, "The endpoint does not let the suite look back at earlier messages.")
			r.wantClose = weClose(1000)
			r.sendClose(1000, "")
			return
		}
		for _, s := range steps {
			s(r)
		}
	}
}

// sameThrice is the script of a case that sends a message three times, compressed, and wants it back.
func sameThrice(c *Case, payload string) *Case {
	e := textMessage(payload)
	m := message(opText, payload, 0)
	c.expect, c.close = want(e, e, e), weClose(1000)
	c.script = ifAgreed(m, m, m, kill(5*second))
	return c
}

func goodOffers() []*Case {
	offer := func(parameters, payload string, letter func(deflateParams) error) *Case {
		c := sameThrice(&Case{
			Description: "The offer " + parameters + ", and three equal messages.",
			Expectation: "The server declines, or accepts with an answer that fits the offer, and compresses by it.",
			Roles:       Servers,
			wishes:      []deflateWish{{}},
			tamper:      with(extensions, parameters),
		}, payload)
		c.judge = func(r *run) {
			if r.agreed == nil || letter == nil {
				return
			}
			if err := letter(*r.agreed); err != nil {
				r.decide(Failed, "The answer: "+err.Error()+".")
			}
		}
		return c
	}
	noClientBits := func(p deflateParams) error {
		if p.clientBits != 0 {
			return errors.New("client_max_window_bits, which was not offered")
		}
		return nil
	}
	serverBits := func(n int) func(deflateParams) error {
		return func(p deflateParams) error {
			if p.serverBits == 0 || p.serverBits > n {
				return fmt.Errorf("no server_max_window_bits of at most %d", n)
			}
			return noClientBits(p)
		}
	}
	noContext := func(p deflateParams) error {
		if !p.serverNoContext {
			return errors.New("no server_no_context_takeover")
		}
		return noClientBits(p)
	}
	cases := []*Case{offer(deflateName, letters(1000), noClientBits)}
	for bits := 8; bits < 15; bits++ {
		cases = append(cases, offer(fmt.Sprintf("%s; server_max_window_bits=%d", deflateName, bits), beyond(bits), serverBits(bits)))
	}
	return append(cases,
		offer(deflateName+"; server_max_window_bits=15", letters(40000), serverBits(15)),
		offer(deflateName+`; server_max_window_bits="10"`, beyond(10), serverBits(10)),
		offer(deflateName+"; server_no_context_takeover", letters(1000), noContext),
		offer(deflateName+"; server_no_context_takeover; server_max_window_bits=9", beyond(9), func(p deflateParams) error {
			return errors.Join(noContext(p), serverBits(9)(p))
		}),
		offer(deflateName+"; client_no_context_takeover", letters(1000), noClientBits),
		offer(deflateName+"; client_max_window_bits", letters(1000), nil),
		offer(deflateName+"; client_max_window_bits=10", letters(1000), func(p deflateParams) error {
			if p.clientBits > 10 {
				return fmt.Errorf("client_max_window_bits=%d, more than was offered", p.clientBits)
			}
			return nil
		}),
		offer(deflateName+"; unheard_of, "+deflateName+"; server_no_context_takeover", letters(1000), noContext),
		offer("x-unheard-of, "+deflateName, letters(1000), noClientBits),
		offer(" "+deflateName+" ;\tserver_no_context_takeover ", letters(1000), noContext),
	)
}

func badAnswers() []*Case {
	refused := func(answer string) *Case {
		return &Case{
			Description: "The answer " + answer + ", and a text message.",
			Expectation: "The client gives the connection up, whether or not it has offered permessage-deflate.",
			Roles:       Clients,
			accept: func(r *run, req *httpHead) bool {
				return r.expectGivingUp(req, with(extensions, answer))
			},
		}
	}
	var cases []*Case
	for _, parameter := range []string{
		"unheard_of", "server_no_context_takeover=1", "client_no_context_takeover; client_no_context_takeover",
		"server_max_window_bits", "server_max_window_bits=7", "server_max_window_bits=16", "server_max_window_bits=010",
		"client_max_window_bits", "client_max_window_bits=7", "client_max_window_bits=16",
		"server_max_window_bits=10; server_max_window_bits=10",
	} {
		cases = append(cases, refused(deflateName+"; "+parameter))
	}
	unoffered := &Case{
		Description: "The answer permessage-deflate; client_max_window_bits=15 to a client that has not offered client_max_window_bits.",
		Expectation: "The client gives the connection up. A client that has offered it is not tested.",
		Roles:       Clients,
		accept: func(r *run, req *httpHead) bool {
			if o := offered(req); o != nil && o.clientBits != 0 {
				return r.inapplicable(req, "The client has offered client_max_window_bits.")
			}
			return r.expectGivingUp(req, with(extensions, deflateName+"; client_max_window_bits=15"))
		},
		close:  weClose(1000),
		script: []step{closeWith(1000, "")},
	}
	return append(cases, refused(deflateName+", "+deflateName), unoffered)
}

// offered is the client's first sound offer of permessage-deflate.
func offered(req *httpHead) *deflateParams {
	exts, err := parseExtensions(req.values(extensions))
	if err != nil {
		return nil
	}
	for _, e := range exts {
		if p, err := parseDeflate(e, true); e.name == deflateName && err == nil {
			return &p
		}
	}
	return nil
}

// fitting is the answer with what the offer makes a server say, too; nil where there is no offer, or it does not allow
// the answer. RFC 7692, Section 7.1.1.1: "A server accepts an extension negotiation offer that includes the
// "server_no_context_takeover" extension parameter by including the "server_no_context_takeover" extension parameter in
// the corresponding extension negotiation response"; Section 7.1.2.1 has the same for server_max_window_bits.
func (p deflateParams) fitting(offer *deflateParams) *deflateParams {
	switch {
	case offer == nil,
		p.clientBits != 0 && offer.clientBits != unvalued && offer.clientBits < p.clientBits,
		offer.serverBits != 0 && offer.serverBits < p.serverBits:
		return nil
	}
	p.serverNoContext = p.serverNoContext || offer.serverNoContext
	p.serverBits = cmp.Or(p.serverBits, offer.serverBits)
	return &p
}

// inapplicable opens an ordinary connection and closes it: the case cannot be played with this client.
func (r *run) inapplicable(req *httpHead, why string) bool {
	r.decide(OK, why+" There is nothing to test.")
	return openAsServer(req)(r)
}

func goodAnswers() []*Case {
	// answer says yes with the parameters. The case is unimplemented for a client that has not offered the extension, or
	// whose offer does not allow the parameters.
	answer := func(p deflateParams, payload string) *Case {
		return sameThrice(&Case{
			Description: "The answer " + p.String() + ", and three equal messages.",
			Expectation: "The client takes part, and compresses by the answer.",
			Roles:       Clients,
			accept: func(r *run, req *httpHead) bool {
				r.answerWith = p.fitting(offered(req))
				return openAsServer(req)(r)
			},
		}, payload)
	}
	cases := []*Case{
		answer(deflateParams{}, letters(1000)),
		answer(deflateParams{clientNoContext: true}, letters(1000)),
		answer(deflateParams{serverNoContext: true}, letters(1000)),
		answer(deflateParams{serverBits: 9}, letters(1000)),
		answer(deflateParams{serverNoContext: true, clientNoContext: true, serverBits: 15}, letters(1000)),
	}
	for bits := 8; bits < 15; bits++ {
		cases = append(cases, answer(deflateParams{clientBits: bits}, beyond(bits)))
	}
	return append(cases,
		answer(deflateParams{clientBits: 15}, letters(40000)),
		answer(deflateParams{clientBits: 9, clientNoContext: true}, beyond(9)))
}

func compressedMessages() []*Case {
	// Messages of RFC 7692, Section 7.2.3: "Hello" in several forms.
	const (
		helloFixed  = "\xf2\x48\xcd\xc9\xc9\x07\x00"
		helloStored = "\x00\x05\x00\xfa\xffHello\x00"
		helloFinal  = "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"
		helloBlocks = "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"
	)
	packed := func(s string) frame { return text(s).rsvBits(rsv1) }
	hello := textMessage("Hello")
	good := func(what string, frames []frame, events ...event) *Case {
		c := mustEcho(what, frames, events...)
		c.wishes, c.script = []deflateWish{{}}, ifAgreed(c.script...)
		return c
	}
	bad := func(what string, frames []frame, codes ...int) *Case {
		c := mustFail(what, frames, codes...)
		c.wishes, c.script = []deflateWish{{}}, ifAgreed(c.script...)
		return c
	}
	tooFar := fixedBlock(func(w *bitWriter) { w.literals("Hel").match3(4) })
	notText := fixedBlock(func(w *bitWriter) { w.literals("caf\xc3") })
	garbage := []int{1002, 1003, 1007, 1011} // RFC 7692 names no code
	lookBack := good("A compressed message, one that is not, and one that looks back at the first",
		list(packed(fixedBlock(func(w *bitWriter) { w.literals("Hello") })), text("plain"),
			packed(fixedBlock(func(w *bitWriter) { w.match3(5).match3(5) }))), hello, textMessage("plain"), textMessage("HelloH"))
	lookBack.tamper = func(h *httpHead) { // as a client: does not invite the server to forbid looking back
		if !h.isResponse() {
			h.set(extensions, deflateName)
		}
	}
	lookBack.script = ifAgreed(unlessForbidden(lookBack.script))
	cut := shouldFail("Compressed data that end in the middle of a block", list(packed(helloFixed[:3])), func(e []event) bool {
		// Who inflates until the data end reads the octets 00 00 ff ff, which every receiver appends, as more of the block.
		return len(e) == 1 && e[0].kind == "message" && (strings.HasPrefix("Hello", e[0].payload) || e[0].payload == "Heh")
	}, garbage...)
	cut.wishes, cut.script = []deflateWish{{}}, ifAgreed(cut.script...)
	return []*Case{
		good("A message that is not compressed", list(text("Hello")), hello),
		good("A compressed message in one block", list(packed(helloFixed)), hello),
		good("A compressed message in a stored block", list(packed(helloStored)), hello),
		good("A compressed message in a block that is marked as the last", list(packed(helloFinal)), hello),
		good("A block that is marked as the last, then another message", list(packed(helloFinal), packed(helloFixed)), hello, hello),
		good("A compressed message in two blocks", list(packed(helloBlocks)), hello),
		good("A compressed message in two fragments", list(packed(helloFixed[:3]).more(), continuation(helloFixed[3:])), hello),
		good("A compressed message in fragments of one octet with a ping between",
			list(packed(helloFixed[:1]).more(), continuation(helloFixed[1:2]).more(), ping("ping"), continuation(helloFixed[2:])), ponged("ping"), hello),
		good("A compressed message whose first and last fragments are empty",
			list(packed("").more(), continuation(helloFixed).more(), continuation("")), hello),
		good("A compressed message that arrives octet by octet", list(packed(helloFixed).chops(1)), hello),
		good("An empty compressed message", list(packed("\x00")), textMessage("")),
		lookBack,
		bad("Compressed data that look back before the start", list(packed(tooFar)), garbage...),
		bad("Compressed data with a block type that does not exist", list(packed("\x06\x00")), garbage...),
		cut,
		bad("A stored block whose length and its complement differ", list(packed("\x00\x05\x00\xfa\xfeHello\x00")), garbage...),
		bad("A compressed text message that is not UTF-8", list(packed(notText)), 1007),
		bad("RSV1 set on the second fragment", list(packed(helloFixed[:3]).more(), continuation(helloFixed[3:]).rsvBits(rsv1)), 1002),
		bad("RSV1 set on the second fragment of a message that is not compressed", list(text("Hel").more(), continuation("lo").rsvBits(rsv1)), 1002),
		bad("RSV1 set on a ping", list(ping("ping").rsvBits(rsv1)), 1002),
		bad("RSV1 set on a Close frame", list(closeFrame(1000, "").rsvBits(rsv1)), 1002),
		bad("RSV2 set on a compressed message", list(packed(helloFixed).rsvBits(rsv1|2)), 1002),
		bad("RSV3 set on a message that is not compressed", list(text("Hello").rsvBits(1)), 1002),
	}
}
