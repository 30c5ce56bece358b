package autobahn

// This file holds what a case leaves behind: the outcomes, the events and the Result with the keys of the original's
// JSON files. Collecting and writing results is report.go's.

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"unicode/utf8"
)

// Outcome is a grade. Behavior and BehaviorClose of a [Result] hold one each, as the original's reports do.
type Outcome string

// The grades of the original. WrongCode, Unclean and FailedByClient grade the closing handshake only.
const (
	OK             Outcome = "OK"
	NonStrict      Outcome = "NON-STRICT"       // allowed, but not what the RFC wishes
	Informational  Outcome = "INFORMATIONAL"    // the RFC leaves it open; no other grade is possible
	Unimplemented  Outcome = "UNIMPLEMENTED"    // the endpoint lacks what the case is about
	WrongCode      Outcome = "WRONG CODE"       // closed with another code than the case asks for
	Unclean        Outcome = "UNCLEAN"          // no closing handshake where the case asks for one
	FailedByClient Outcome = "FAILED BY CLIENT" // the server left it to the suite to drop the TCP connection
	Failed         Outcome = "FAILED"
)

// Result is what one case found. The JSON keys are the original's, in sorted order.
type Result struct {
	Agent                          string             `json:"agent"`
	Behavior                       Outcome            `json:"behavior"`
	BehaviorClose                  Outcome            `json:"behaviorClose"`
	Case                           int                `json:"case"` // from 1, in the full catalogue
	ClosedByMe                     bool               `json:"closedByMe"`
	CreateStats                    bool               `json:"createStats"`
	CreateWirelog                  bool               `json:"createWirelog"`
	Description                    string             `json:"description"`
	DroppedByMe                    bool               `json:"droppedByMe"`
	Duration                       int64              `json:"duration"` // milliseconds
	Expectation                    string             `json:"expectation"`
	Expected                       map[string][]event `json:"expected"`
	ExpectedClose                  expectedClose      `json:"expectedClose"`
	FailedByMe                     bool               `json:"failedByMe"`
	HTTPRequest                    string             `json:"httpRequest"`
	HTTPResponse                   string             `json:"httpResponse"`
	ID                             string             `json:"id"`
	IsServer                       bool               `json:"isServer"` // the suite played the server
	LocalCloseCode                 *int               `json:"localCloseCode"`
	LocalCloseReason               *string            `json:"localCloseReason"`
	Received                       []event            `json:"received"`
	RemoteCloseCode                *int               `json:"remoteCloseCode"`
	RemoteCloseReason              *string            `json:"remoteCloseReason"`
	ReportCompressionRatio         bool               `json:"reportCompressionRatio"`
	ReportTime                     bool               `json:"reportTime"`
	Result                         string             `json:"result"`
	ResultClose                    string             `json:"resultClose"`
	RxFrameStats                   map[int]int        `json:"rxFrameStats"`
	RxOctetStats                   map[int]int        `json:"rxOctetStats"`
	Started                        string             `json:"started"`
	TrafficStats                   *trafficStats      `json:"trafficStats"`
	TxFrameStats                   map[int]int        `json:"txFrameStats"`
	TxOctetStats                   map[int]int        `json:"txOctetStats"`
	WasClean                       bool               `json:"wasClean"`
	WasCloseHandshakeTimeout       bool               `json:"wasCloseHandshakeTimeout"`
	WasNotCleanReason              *string            `json:"wasNotCleanReason"`
	WasOpenHandshakeTimeout        bool               `json:"wasOpenHandshakeTimeout"`
	WasServerConnectionDropTimeout bool               `json:"wasServerConnectionDropTimeout"`
	Wirelog                        []wireRow          `json:"wirelog"`
}

// Verdict is the two grades of the result.
func (r *Result) Verdict() Verdict { return Verdict{r.Behavior, r.BehaviorClose} }

// Problem says what is wrong with the behaviour, or with the closing if the behaviour is OK or INFORMATIONAL.
func (r *Result) Problem() string {
	if r.Behavior.good() {
		return r.ResultClose
	}
	return r.Result
}

// trafficStats counts the octets of a compression case, as the original does: data frames only, and octets on the wire
// only while the connection is open, those before apart. A ratio is null when there is nothing to divide by.
type trafficStats struct {
	IncomingCompressionRatio       *float64 `json:"incomingCompressionRatio"`
	IncomingOctetsAppLevel         int64    `json:"incomingOctetsAppLevel"`
	IncomingOctetsWebSocketLevel   int64    `json:"incomingOctetsWebSocketLevel"`
	IncomingOctetsWireLevel        int64    `json:"incomingOctetsWireLevel"`
	IncomingWebSocketFrames        int64    `json:"incomingWebSocketFrames"`
	IncomingWebSocketMessages      int64    `json:"incomingWebSocketMessages"`
	IncomingWebSocketOverhead      *float64 `json:"incomingWebSocketOverhead"`
	OutgoingCompressionRatio       *float64 `json:"outgoingCompressionRatio"`
	OutgoingOctetsAppLevel         int64    `json:"outgoingOctetsAppLevel"`
	OutgoingOctetsWebSocketLevel   int64    `json:"outgoingOctetsWebSocketLevel"`
	OutgoingOctetsWireLevel        int64    `json:"outgoingOctetsWireLevel"`
	OutgoingWebSocketFrames        int64    `json:"outgoingWebSocketFrames"`
	OutgoingWebSocketMessages      int64    `json:"outgoingWebSocketMessages"`
	OutgoingWebSocketOverhead      *float64 `json:"outgoingWebSocketOverhead"`
	PreopenIncomingOctetsWireLevel int64    `json:"preopenIncomingOctetsWireLevel"`
	PreopenOutgoingOctetsWireLevel int64    `json:"preopenOutgoingOctetsWireLevel"`
}

// finish is a copy with the ratios: octets on the WebSocket level over those of the application, and the octets of framing
// over those of the WebSocket level.
func (t trafficStats) finish() *trafficStats {
	ratio := func(a, b int64) *float64 {
		if b == 0 {
			return nil
		}
		q := float64(a) / float64(b)
		return &q
	}
	t.IncomingCompressionRatio = ratio(t.IncomingOctetsWebSocketLevel, t.IncomingOctetsAppLevel)
	t.OutgoingCompressionRatio = ratio(t.OutgoingOctetsWebSocketLevel, t.OutgoingOctetsAppLevel)
	t.IncomingWebSocketOverhead = ratio(t.IncomingOctetsWireLevel-t.IncomingOctetsWebSocketLevel, t.IncomingOctetsWebSocketLevel)
	t.OutgoingWebSocketOverhead = ratio(t.OutgoingOctetsWireLevel-t.OutgoingOctetsWebSocketLevel, t.OutgoingOctetsWebSocketLevel)
	return &t
}

// An event is something that a script expects or that arrived.
type event struct {
	kind    string // message, pong or timeout
	payload string
	binary  bool // of a message
}

func textMessage(s string) event   { return event{kind: "message", payload: s} }
func binaryMessage(s string) event { return event{kind: "message", payload: s, binary: true} }
func ponged(s string) event        { return event{kind: "pong", payload: s} }
func timedOut(tag string) event    { return event{kind: "timeout", payload: tag} }

// MarshalJSON writes the event as the original does: a list of the kind, the payload and, for a message, whether it is
// binary.
func (e event) MarshalJSON() ([]byte, error) {
	if e.kind == "message" {
		return plainJSON([]any{e.kind, show(e.payload), e.binary})
	}
	return plainJSON([]any{e.kind, show(e.payload)})
}

// plainJSON is json.Marshal without the escaping of &, < and >, which the original does not do.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// show makes a payload printable: cut to 64 octets if it is longer than 60, and in hexadecimal if it is not UTF-8.
func show(s string) string {
	const limit, cut = 60, 64
	more := ""
	if len(s) > limit {
		if len(s) > cut {
			s = s[:cut]
		}
		more = " ..."
	}
	if utf8.ValidString(s) {
		return s + more
	}
	return "0x" + hex.EncodeToString([]byte(s)) + more
}
