package main

import (
	"testing"

	"github.com/seed-d69ae1b7/websocket/compat/twin"
)

// The differences that are meant, by the paragraph of ../doc.go that tells of each.
const (
	concurrent = "Writes may be concurrent"
	takeover   = "Compression keeps its context"
	limits     = "The read limit counts what has been inflated"
	text       = "Text is UTF-8"
	closeCodes = "Close frames are checked"
	violations = "More violations are noticed"
	repeated   = "A read after an error is no panic"
	whole      = "WriteJSON sends nothing of what cannot be encoded"
	earlyBytes = "Bytes behind the request are kept"
	answers    = "Responses are checked"
	jar        = "Cookies of the Jar and of the header"
	httpsProxy = "Proxies by https"
)

// differences are the rows whose results are not gorilla's.
var differences = map[string]string{
	"Dial: compression":                                    takeover,
	"Dial: compression that was not asked for":             answers,
	"Dial: extension that was not asked for":               answers,
	"Dial: subprotocol that was not asked for":             answers,
	"Dial: cookies of the Jar and of the header":           jar,
	"Upgrade: bytes behind the request":                    earlyBytes,
	"Upgrade: compression":                                 takeover,
	"WriteJSON: nothing is sent of what cannot be encoded": whole,
	"close: a read that has failed is repeated":            repeated,
	"close: codes that may not be sent":                    closeCodes,
	"compression: the limit is of what is inflated":        limits,
	"proxy: https":                                    httpsProxy,
	"proxy: https, credentials refused":               httpsProxy,
	"proxy: https, server with TLS":                   httpsProxy,
	"text that is not UTF-8":                          text,
	"violation: close of one byte":                    violations,
	"violation: close reason is not UTF-8":            violations,
	"violation: length not minimal":                   violations,
	"violation: length with its top bit":              violations,
	"violation: text is not UTF-8":                    text,
	"a write while another one waits for the network": concurrent,
}

// TestTwins compares gorilla with the shim.
func TestTwins(t *testing.T) { twin.Compare(t, 200, differences) }

// TestDifferencesAreTold looks for each of the differences in the documentation.
func TestDifferencesAreTold(t *testing.T) { twin.Told(t, differences) }
