package model

// This file holds what can be left out of conversations, and what is left out because it is known to be broken.

// Known names what is left out unless all is asked for: what the library is known to do wrong, as long as it does.
// What each means, and when it may go:
//
//	append      what is handed out of a buffer can be appended to (issue 10, 2.4): with "What is handed out of a buffer cannot
//	            be appended to beyond its end", branch w3
//	overtaking  a large message passes fragments, and compressed messages, that it must not pass: see messageWriter.end, queue
//	buffered    what had been accepted when the end was aborted stays in the buffer for ever: see finished
var Known = []string{"append", "overtaking", "buffered"}

// leaveOut takes what is named out of p.
func (p *plan) leaveOut(names map[string]bool) {
	for name, f := range optional {
		if names[name] {
			f(p)
		}
	}
}

// optional is what can be left out of all conversations, by name. Beside these, "append" and "buffered" leave out a check.
var optional = map[string]func(p *plan){
	"keepalive": func(p *plan) {
		for i := range p.sides {
			p.sides[i].options.PingInterval = 0
		}
		if p.shape == silence {
			p.shape, p.transport.relay = talking, relayPlan{}
		}
	},
	"full": func(p *plan) {
		for i := range p.sides {
			p.sides[i].options.FailWhenFull = false
		}
	},
	"stalls": func(p *plan) {
		for i := range p.sides {
			p.sides[i].pause = 0
		}
	},
	"lastwords": func(p *plan) {
		if p.shape == lastWords {
			p.shape = talking
		}
	},
	"compete": func(p *plan) {
		for i := range p.sides {
			p.sides[i].readers = min(p.sides[i].readers, 1)
		}
	},
	"closenow": func(p *plan) {
		if p.ending.how == byCloseNow {
			p.ending.how = byClose
		}
	},
	"owner": func(p *plan) {
		if p.ending.how == byOwner {
			p.ending.how = byCloseNow
		}
	},
	"overtaking": func(p *plan) {
		deflates := p.handshake && p.sides[0].options.Compression != nil && p.sides[1].options.Compression != nil
		for i := range p.sides {
			if s := &p.sides[i]; deflates || s.kinds&byWriter != 0 {
				s.options.WriteBuffer, p.size = 1<<20, min(p.size, 256<<10)
			}
		}
	},
}
