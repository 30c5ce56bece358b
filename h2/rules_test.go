package h2

// This file tests what each rule of RFC 9113 that is broken leads to, in both roles where it is one for both.

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket"
)

// headersFrame returns a HEADERS frame with those flags.
func headersFrame(stream uint32, flags uint8, payload []byte) []byte {
	return append(appendFrameHeader(nil, frameHeader{uint32(len(payload)), frameHeaders, flags, stream}), payload...)
}

// other returns a frame of any type.
func other(kind frameType, flags uint8, stream uint32, payload string) []byte {
	return append(appendFrameHeader(nil, frameHeader{uint32(len(payload)), kind, flags, stream}), payload...)
}

// TestConnectionErrors protects the code with which a connection ends that the peer has broken a rule on, and that everything on it does. Stream
// 1 is open; the peer is a client, a server, or each in turn.
func TestConnectionErrors(t *testing.T) {
	const client, server = 1, 2 // what the peer may be
	big := strings.Repeat("x", maxFrame)
	for name, test := range map[string]struct {
		peer int
		send func(p *peer) []byte
		want ErrorCode
	}{
		"4.2 frame too large":            {client | server, func(p *peer) []byte { return other(frameData, 0, 1, big+"x") }, FrameSizeError},
		"4.3 undecodable":                {client | server, func(p *peer) []byte { return headersFrame(1, flagEndHeaders, unhex("ff80808001")) }, CompressionError},
		"4.3 other frame in a block":     {client | server, func(p *peer) []byte { return append(headersFrame(1, 0, nil), appendPing(nil, 0, [8]byte{})...) }, ProtocolError},
		"4.3 other stream in a block":    {client | server, func(p *peer) []byte { return append(headersFrame(1, 0, nil), other(frameContinuation, 4, 3, "")...) }, ProtocolError},
		"5.1 idle DATA":                  {client | server, func(p *peer) []byte { return data(3, 0, "x") }, ProtocolError},
		"5.1 idle RST_STREAM":            {client | server, func(p *peer) []byte { return appendReset(nil, 3, Cancel) }, ProtocolError},
		"5.1 idle WINDOW_UPDATE":         {client | server, func(p *peer) []byte { return appendWindowUpdate(nil, 3, 1) }, ProtocolError},
		"5.1 idle HEADERS":               {server, func(p *peer) []byte { return appendBlock(nil, 3, 0, p.encode(":status", "200")) }, ProtocolError},
		"5.1 DATA behind END_STREAM":     {client | server, func(p *peer) []byte { return append(data(1, flagEndStream, ""), data(1, 0, "x")...) }, StreamClosed},
		"5.1 HEADERS behind END_STREAM":  {client | server, func(p *peer) []byte { return append(data(1, flagEndStream, ""), headersFrame(1, 5, nil)...) }, StreamClosed},
		"5.1.1 even stream":              {client, func(p *peer) []byte { return appendBlock(nil, 2, 0, p.encode(connect...)) }, ProtocolError},
		"5.1.1 DATA on an even stream":   {client | server, func(p *peer) []byte { return data(2, 0, "x") }, ProtocolError},
		"6.1 DATA without a stream":      {client | server, func(p *peer) []byte { return data(0, 0, "x") }, ProtocolError},
		"6.1 padding as long as all":     {client | server, func(p *peer) []byte { return data(1, flagPadded, "\x03ab") }, ProtocolError},
		"6.1 padding without its length": {client | server, func(p *peer) []byte { return data(1, flagPadded, "") }, FrameSizeError},
		"6.2 padding as long as all":     {client | server, func(p *peer) []byte { return headersFrame(1, flagPadded|4, []byte{3, 0x88, 0x88}) }, ProtocolError},
		"6.2 padding and priority":       {client | server, func(p *peer) []byte { return headersFrame(1, flagPadded|flagPriority|4, []byte{1, 0, 0, 0, 0, 0}) }, FrameSizeError},
		"6.2 priority cut":               {client | server, func(p *peer) []byte { return headersFrame(1, flagPriority|4, []byte{0, 0, 0, 0}) }, FrameSizeError},
		"6.3 PRIORITY of another size":   {client | server, func(p *peer) []byte { return other(framePriority, 0, 1, "1234") }, FrameSizeError},
		"6.4 RST_STREAM without stream":  {client | server, func(p *peer) []byte { return appendReset(nil, 0, Cancel) }, ProtocolError},
		"6.5 SETTINGS of a stream":       {client | server, func(p *peer) []byte { return other(frameSettings, 0, 1, "") }, ProtocolError},
		"6.5 ACK with more":              {client | server, func(p *peer) []byte { return appendSettings(nil, flagAck, pair{1, 1}) }, FrameSizeError},
		"6.5.2 push":                     {server, func(p *peer) []byte { return appendSettings(nil, 0, pair{settingEnablePush, 1}) }, ProtocolError},
		"6.5.2 window":                   {client | server, func(p *peer) []byte { return appendSettings(nil, 0, pair{settingInitialWindow, 1 << 31}) }, FlowControlError},
		"6.5.2 frame":                    {client | server, func(p *peer) []byte { return appendSettings(nil, 0, pair{settingMaxFrame, 1}) }, ProtocolError},
		"8441 3":                         {client | server, func(p *peer) []byte { return appendSettings(nil, 0, pair{settingConnectProtocol, 2}) }, ProtocolError},
		"6.6 PUSH_PROMISE":               {client | server, func(p *peer) []byte { return other(framePushPromise, 4, 1, "\x00\x00\x00\x02") }, ProtocolError},
		"6.7 PING of another size":       {client | server, func(p *peer) []byte { return other(framePing, 0, 0, "1234567") }, FrameSizeError},
		"6.8 GOAWAY too small":           {client | server, func(p *peer) []byte { return other(frameGoAway, 0, 0, "1234567") }, FrameSizeError},
		"6.9 by nothing":                 {client | server, func(p *peer) []byte { return appendWindowUpdate(nil, 1, 0) }, ProtocolError},
		"6.9 connection, by nothing":     {client | server, func(p *peer) []byte { return appendWindowUpdate(nil, 0, 0) }, ProtocolError},
		"6.9.1 connection too large":     {client | server, func(p *peer) []byte { return appendWindowUpdate(nil, 0, maxStreamID) }, FlowControlError},
		"6.9.1 stream too large":         {client | server, func(p *peer) []byte { return appendWindowUpdate(nil, 1, maxStreamID) }, FlowControlError},
		"6.9.2 stream too large": {client | server, func(p *peer) []byte {
			return append(appendWindowUpdate(nil, 1, 1<<30), appendSettings(nil, 0, pair{settingInitialWindow, maxStreamID})...)
		}, FlowControlError},
		"6.9.1 more than the window": {client | server, func(p *peer) (out []byte) {
			for range 4 {
				out = append(out, data(1, 0, "\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x00"+big[10:])...)
			}
			return append(out, data(1, 0, big)...)
		}, FlowControlError},
		"6.10 CONTINUATION alone": {client | server, func(p *peer) []byte { return other(frameContinuation, 4, 1, "") }, ProtocolError},
	} {
		for role, as := range map[string]int{"client": client, "server": server} {
			if test.peer&as == 0 {
				continue
			}
			t.Run(name+"/"+role, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					p := opened(t, as == client)
					p.send(test.send(p))
					p.wantGoAway(test.want)
					p.wantEnd()
					err := p.end()
					if told := codeOf(err); told != test.want && !(errors.Is(err, io.ErrUnexpectedEOF) && strings.Contains(name, "behind END_STREAM")) {
						t.Error(err)
					}
				})
			})
		}
	}
}

// opened returns a peer with which stream 1 is open, whose connection nobody reads that sends more than the window. It is a client or a server.
func opened(t *testing.T, client bool) *peer {
	if client {
		held := make(chan struct{})
		p := newClientPeer(t, &websocket.Upgrader{}, func(*websocket.Conn, *http.Request) { <-held })
		p.release = func() { close(held) }
		p.open(1)
		return p
	}
	p := newServerPeer(t, &Client{})
	p.accept(1)
	return p
}

// end returns why the connection under test has ended: what Serve has returned, or what the client's connection says.
func (p *peer) end() error {
	if p.conn == nil {
		p.release()
		return <-p.served
	}
	_, err := p.conn.Read(p.t.Context())
	p.conn.CloseNow()
	return err
}

// TestFirstFrames_3_4 protects what must come first, from a client and from a server.
func TestFirstFrames_3_4(t *testing.T) {
	for name, test := range map[string]struct {
		client bool
		send   []byte
		want   ErrorCode
	}{
		"no preface":         {true, []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX"), ProtocolError},
		"HTTP/1.1":           {true, []byte("GET / HTTP/1.1\r\nHost: server.example\r\n\r\n"), ProtocolError},
		"no SETTINGS":        {true, append([]byte(preface), appendPing(nil, 0, [8]byte{})...), ProtocolError},
		"only the ACK":       {true, append([]byte(preface), appendSettings(nil, flagAck)...), ProtocolError},
		"server: PING":       {false, appendPing(nil, 0, [8]byte{}), ProtocolError},
		"server: ACK":        {false, appendSettings(nil, flagAck), ProtocolError},
		"server: a lot else": {false, []byte("220 mail.example ESMTP\r\n"), FrameSizeError},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var p *peer
				if test.client {
					p = raw(t, &websocket.Upgrader{}, echo)
				} else {
					p = dialled(t, &Client{})
				}
				p.send(test.send)
				p.wantGoAway(test.want)
				p.wantEnd()
				if err := <-p.served; codeOf(err) != test.want {
					t.Error(err)
				}
			})
		})
	}
}

// TestStreamErrors protects the connection from what is wrong about one stream: that is reset, or answered, and the rest goes on.
func TestStreamErrors(t *testing.T) {
	for name, test := range map[string]struct {
		fields []string
		want   ErrorCode // of the reset; or
		status string
	}{
		"8.3.1 no path":            {connect[:8], ProtocolError, ""},
		"8.2.1 upper case":         {append(connect[:len(connect):len(connect)], "Upper", "x"), ProtocolError, ""},
		"8.2.2 upgrade":            {append(connect[:len(connect):len(connect)], "upgrade", "websocket"), ProtocolError, ""},
		"8441 5 other protocol":    {append([]string{":method", "CONNECT", ":protocol", "connect-udp"}, connect[4:]...), 0, "501"},
		"8441 4 method":            {append([]string{":method", "GET"}, connect[2:]...), 0, "400"},
		"6455 no version":          {connect[:10], 0, "400"},
		"6455 foreign origin":      {append(connect[:len(connect):len(connect)], "origin", "https://evil.example"), 0, "403"},
		"GET, as of health checks": {[]string{":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a"}, 0, "400"},
		"10.5.1 many fields":       {append(connect[:len(connect):len(connect)], manyFields(40)...), 0, "431"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				p := newClientPeer(t, &websocket.Upgrader{MaxRequestHead: 1 << 10}, echo)
				p.send(appendBlock(nil, 1, 0, p.encode(test.fields...)))
				if test.status == "" {
					p.wantReset(1, test.want)
				} else {
					if h := p.wantHead(0, 1); h[":status"][0] != test.status {
						t.Error(h)
					}
					p.want(frameData, 0, 1)
					p.want(frameData, flagEndStream, 1)
					p.wantReset(1, NoError) // RFC 9113, Section 8.1: it need not send the rest
				}
				p.answered()
				p.open(3)
				p.send(appendReset(nil, 3, Cancel))
				p.nc.Close()
				if err := <-p.served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// manyFields returns so many fields, which take next to nothing on their way.
func manyFields(n int) (list []string) {
	for range n {
		list = append(list, "a", "b")
	}
	return list
}

// TestResponseErrors protects a client's connection in the same way, and that Dial says what is wrong.
func TestResponseErrors(t *testing.T) {
	for name, test := range map[string]struct {
		send func(p *peer)
		want ErrorCode
		says string
	}{
		"no status": {func(p *peer) { p.send(appendBlock(nil, 1, 0, p.encode("a", "b"))) }, ProtocolError, ":status"},
		"malformed": {func(p *peer) { p.send(appendBlock(nil, 1, 0, p.encode(":status", "200", "Upper", "x"))) }, ProtocolError, "8.2.1"},
		"switching": {func(p *peer) { p.send(appendBlock(nil, 1, 0, p.encode(":status", "101"))) }, ProtocolError, ":status"},
		"too large": {func(p *peer) {
			p.send(appendBlock(nil, 1, 0, p.encode(append([]string{":status", "200"}, manyFields(40)...)...)))
		}, EnhanceYourCalm, "1024 bytes"},
		"too many 1xx": {func(p *peer) {
			for range maxInterim + 1 {
				p.send(appendBlock(nil, 1, 0, p.encode(":status", "103", "link", "x")))
			}
		}, EnhanceYourCalm, "interim"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				c := &Client{Dialer: websocket.Dialer{MaxResponseHead: 1 << 10}}
				p := newServerPeer(t, c)
				p.wantHead(0, 1)
				test.send(p)
				if err := <-p.served; err == nil || !strings.Contains(err.Error(), test.says) {
					t.Error(err)
				}
				p.wantReset(1, test.want)
				p.answered()
				c.CloseIdleConnections()
				p.wantEnd()
			})
		})
	}
}

// TestTrailers_8_1 protects the end of a stream by a HEADERS frame, and from one that is not the end.
func TestTrailers_8_1(t *testing.T) {
	for _, client := range []bool{true, false} {
		inBubble(t, func(t *testing.T) {
			p := opened(t, client)
			p.send(appendBlock(nil, 1, 0, p.encode("a", "b")))
			p.wantReset(1, ProtocolError)
			p.answered()
			p.nc.Close()
			p.end()
		})
		inBubble(t, func(t *testing.T) {
			p := opened(t, client)
			p.send(appendBlock(nil, 1, flagEndStream, p.encode("a", "b")))
			if client {
				pass(0) // the function waits for the context, and nobody reads
			} else if _, err := p.conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusAbnormalClosure {
				t.Error(err)
			}
			p.nc.Close()
			p.end()
		})
	}
}

// TestLate protects a connection from what a peer sends on a stream that was reset, which it may not know yet (RFC 9113, Section 5.1): frames
// are ignored, but for the connection's window and for HPACK's table.
func TestLate(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		p := newClientPeer(t, &websocket.Upgrader{}, echo)
		p.open(1)
		p.open(3)
		p.send(appendReset(nil, 1, Cancel))
		for range connWindow / maxFrame / 2 {
			p.send(data(1, 0, strings.Repeat("x", maxFrame)))
		}
		p.send(appendBlock(nil, 1, flagEndStream, p.encode("later", "known")), appendReset(nil, 1, Cancel), appendWindowUpdate(nil, 1, 5))
		p.send(appendBlock(nil, 5, 0, p.encode(append(connect[:len(connect):len(connect)], "later", "known")...)))
		p.want(frameWindowUpdate, 0, 0)
		if h := p.wantHead(0, 5); h[":status"][0] != "200" {
			t.Error(h)
		}
		p.nc.Close()
		<-p.served
	})
}
