package xconnect

// This file tests the import on the wire and in the environment, in processes of their own: net/http looks at its start.

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// childVariable is set in the processes that the tests start, which print what a server says and the environment.
const childVariable = "XCONNECT_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	offers, err := serverOffers()
	fmt.Printf("%v %v %q\n", offers, err, os.Getenv("GODEBUG"))
}

// TestOnTheWire_8441_3 protects what the server of net/http says about extended CONNECT, the choice that the environment makes
// beforehand, and the environment behind it.
func TestOnTheWire_8441_3(t *testing.T) {
	for before, offers := range map[string]bool{
		"": true, "http2client=0": true, "http2xconnect=0": false, "http2client=0,http2xconnect=1": true,
		"http2xconnect=0,http2client=0": false, "nothttp2xconnect=0": true,
	} {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childVariable+"=1", "GODEBUG="+before)
		out, err := cmd.CombinedOutput()
		if want := fmt.Sprintf("%v <nil> %q\n", offers, before); err != nil || string(out) != want {
			t.Errorf("GODEBUG=%s: %v, %s; want %s", before, err, out, want)
		}
	}
}

// TestUnset protects the environment where the variable was not there at all.
func TestUnset(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GODEBUG=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, childVariable+"=1")
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "true <nil> \"\"\n" {
		t.Errorf("%v, %s", err, out)
	}
}

// serverOffers starts a server and reads whether its first SETTINGS frame has SETTINGS_ENABLE_CONNECT_PROTOCOL.
func serverOffers() (bool, error) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	config := s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	config.NextProtos = []string{"h2"}
	c, err := tls.Dial("tcp", s.Listener.Addr().String(), config)
	if err != nil {
		return false, err
	}
	defer c.Close()
	// RFC 9113, Sections 3.4, 4.1 and 6.5: the preface and an empty SETTINGS frame.
	io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
	r := bufio.NewReader(c)
	var header [9]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return false, err
	}
	payload := make([]byte, int(header[0])<<16|int(header[1])<<8|int(header[2]))
	if _, err := io.ReadFull(r, payload); err != nil || header[3] != 4 {
		return false, fmt.Errorf("frame of type %d: %w", header[3], err)
	}
	setting := binary.BigEndian.AppendUint32([]byte{0, 8}, 1) // RFC 8441, Section 3
	for ; len(payload) >= 6; payload = payload[6:] {
		if bytes.Equal(payload[:6], setting) {
			return true, nil
		}
	}
	return false, nil
}
