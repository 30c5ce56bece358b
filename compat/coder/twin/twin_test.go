package main

import (
	"testing"

	"github.com/seed-d69ae1b7/websocket/compat/twin"
)

// The differences that are meant, by the paragraph of ../doc.go that tells of each.
const (
	spelling = "Fields are written in another way"
	reasons  = "Reasons of close frames"
	again    = "Errors repeat how the connection ended"
	hijacker = "Status 500 instead of 501"
)

// differences are the rows whose results are not coder's.
var differences = map[string]string{
	"Accept: compression without takeover": spelling,
	"Accept: no Hijacker":                  hijacker,
	"Dial: compression with takeover":      spelling,
	"Dial: compression without takeover":   spelling,
	"Dial: subprotocols":                   spelling,
	"NetConn: another type":                reasons,
	"calls after the peer has closed":      again,
	"read limit":                           reasons,
	"read limit: set":                      reasons,
}

// TestTwins compares coder with the shim.
func TestTwins(t *testing.T) { twin.Compare(t, 120, differences) }

// TestDifferencesAreTold looks for each of the differences in the documentation.
func TestDifferencesAreTold(t *testing.T) { twin.Told(t, differences) }
