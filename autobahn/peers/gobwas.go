package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"

	"github.com/gobwas/httphead"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"
	"github.com/gobwas/ws/wsutil"
)

// gobwasServer puts together what the library's own examples use: a wsutil.Reader that checks UTF-8, wsutil's control
// handler, and wsflate for compression without context takeover, which is all that wsflate does.
func gobwasServer(w http.ResponseWriter, r *http.Request) {
	ext := wsflate.Extension{Parameters: wsflate.DefaultParameters}
	conn, _, _, err := ws.HTTPUpgrader{Negotiate: ext.Negotiate}.Upgrade(r, w)
	if err != nil {
		return
	}
	defer conn.Close()
	_, compressed := ext.Accepted()
	gobwasEcho(conn, conn, ws.StateServerSide, compressed)
}

// gobwasClient takes the answer's parameters for those that were offered, as the library leaves it to its user to check.
func gobwasClient(url string) error {
	dialer := ws.Dialer{Extensions: []httphead.Option{wsflate.DefaultParameters.Option()}}
	conn, buffered, handshake, err := dialer.Dial(context.Background(), url)
	if err != nil {
		return err
	}
	defer conn.Close()
	var source io.Reader = conn
	if buffered != nil {
		source = io.MultiReader(io.LimitReader(buffered, int64(buffered.Buffered())), conn)
	}
	gobwasEcho(conn, source, ws.StateClientSide, len(handshake.Extensions) > 0)
	return nil
}

func gobwasEcho(conn net.Conn, source io.Reader, state ws.State, compressed bool) {
	control := wsutil.ControlFrameHandler(conn, state)
	var msg wsflate.MessageState
	rd := &wsutil.Reader{Source: source, State: state, CheckUTF8: !compressed, OnIntermediate: control}
	if compressed {
		rd.State = state.Set(ws.StateExtended)
		rd.Extensions = []wsutil.RecvExtension{&msg}
	}
	for {
		h, err := rd.NextFrame()
		if err != nil {
			return
		}
		if h.OpCode.IsControl() {
			if control(h, rd) != nil {
				return
			}
			continue
		}
		p, err := gobwasRead(rd, &msg)
		if err != nil || gobwasWrite(conn, state, h.OpCode, p, msg.IsCompressed()) != nil {
			return
		}
	}
}

func gobwasRead(rd *wsutil.Reader, msg *wsflate.MessageState) ([]byte, error) {
	p, err := io.ReadAll(rd)
	if err != nil || !msg.IsCompressed() {
		return p, err
	}
	return wsflate.DefaultHelper.Decompress(p)
}

func gobwasWrite(conn net.Conn, state ws.State, op ws.OpCode, p []byte, compressed bool) error {
	f := ws.NewFrame(op, true, p)
	if compressed {
		var err error
		if f, err = wsflate.CompressFrame(f); err != nil {
			return err
		}
	}
	if state.ClientSide() {
		f = ws.MaskFrameInPlace(f)
	}
	var b bytes.Buffer
	if err := ws.WriteFrame(&b, f); err != nil {
		return err
	}
	_, err := conn.Write(b.Bytes())
	return err
}
