package websocket

// This file holds rows about the opening handshake that mutants have asked for (internal/mutants/rules).

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

// TestRequests_RowsOfMutants protects that each element of a list counts, and each character of a target.
func TestRequests_RowsOfMutants(t *testing.T) {
	if found, ok := hasToken([]string{"Upgrade, keep-alive"}, "Upgrade"); !found || !ok {
		t.Error("only the last element of a list was looked at")
	}
	for _, request := range []string{
		withFields("Sec-WebSocket-Protocol: chat, b@d\r\n"), strings.Replace(minimalRequest, "GET /", "GET /\x7f", 1),
	} {
		var refusal *HandshakeError
		if _, _, _, err := new(Upgrader).AppendHandshake(nil, []byte(request), RequestSource{}); !errors.As(err, &refusal) || refusal.Status != http.StatusBadRequest {
			t.Errorf("%q: %v", request, err)
		}
	}
}

// TestClientHandshakeAccepts_8441_5 protects that any status 2xx opens a stream, and no other.
func TestClientHandshakeAccepts_8441_5(t *testing.T) {
	for status, want := range map[int]bool{200: true, 204: true, 299: true, 101: false, 300: false} {
		if got := (&ClientHandshake{stream: true}).accepts(status); got != want {
			t.Errorf("%d: %v", status, got)
		}
	}
}

// TestIsUpgradeProtocol protects that an extended CONNECT of another protocol is not taken for a WebSocket request.
func TestIsUpgradeProtocol(t *testing.T) {
	if IsUpgrade(&http.Request{Method: http.MethodConnect, Header: http.Header{":protocol": {"connect-udp"}}}) {
		t.Error("connect-udp was taken for websocket")
	}
}
