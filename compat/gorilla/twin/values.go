package main

// This file holds rows about values: constants, errors, and functions without a connection.

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gorilla/websocket"
)

var values = []row{
	{"types of messages", func() any {
		return []int{websocket.TextMessage, websocket.BinaryMessage, websocket.CloseMessage, websocket.PingMessage, websocket.PongMessage}
	}},
	{"close codes", func() any {
		return []int{
			websocket.CloseNormalClosure, websocket.CloseGoingAway, websocket.CloseProtocolError, websocket.CloseUnsupportedData,
			websocket.CloseNoStatusReceived, websocket.CloseAbnormalClosure, websocket.CloseInvalidFramePayloadData,
			websocket.ClosePolicyViolation, websocket.CloseMessageTooBig, websocket.CloseMandatoryExtension,
			websocket.CloseInternalServerErr, websocket.CloseServiceRestart, websocket.CloseTryAgainLater, websocket.CloseTLSHandshake,
		}
	}},
	{"texts of errors", func() any {
		return []error{websocket.ErrCloseSent, websocket.ErrReadLimit, websocket.ErrBadHandshake}
	}},
	{"text of CloseError", func() any {
		var texts []string
		for code := 999; code < 1017; code++ {
			texts = append(texts, (&websocket.CloseError{Code: code}).Error(), (&websocket.CloseError{Code: code, Text: "why"}).Error())
		}
		return texts
	}},
	{"FormatCloseMessage", func() any {
		var payloads []string
		for _, code := range []int{0, 1000, 1005, 1006, 4999, 70000} {
			payloads = append(payloads, fmt.Sprintf("%#v", websocket.FormatCloseMessage(code, "text")))
		}
		return payloads
	}},
	{"IsCloseError and IsUnexpectedCloseError", func() any {
		var got []bool
		ce := &websocket.CloseError{Code: 1001}
		for _, err := range []error{nil, errors.New("x"), ce, fmt.Errorf("wrapped: %w", ce)} {
			got = append(got,
				websocket.IsCloseError(err), websocket.IsCloseError(err, 1000, 1001), websocket.IsCloseError(err, 1000),
				websocket.IsUnexpectedCloseError(err), websocket.IsUnexpectedCloseError(err, 1000, 1001),
				websocket.IsUnexpectedCloseError(err, 1000))
		}
		return got
	}},
	{"HandshakeError", func() any { return websocket.HandshakeError{}.Error() }},
	{"Subprotocols", func() any {
		var got [][]string
		for _, v := range []string{"", " ", "a", "a,b", " a , b ", "chat.v1, chat.v2"} {
			got = append(got, websocket.Subprotocols(&http.Request{Header: http.Header{"Sec-Websocket-Protocol": {v}}}))
		}
		return fmt.Sprintf("%q", append(got, websocket.Subprotocols(&http.Request{})))
	}},
	{"IsWebSocketUpgrade", func() any {
		var got []bool
		for _, h := range []http.Header{
			{}, {"Upgrade": {"websocket"}}, {"Connection": {"upgrade"}},
			{"Upgrade": {"WebSocket"}, "Connection": {"Keep-Alive, Upgrade"}},
			{"Upgrade": {"h2c", "websocket"}, "Connection": {"keep-alive", "upgrade"}},
			{"Upgrade": {"h2c"}, "Connection": {"upgrade"}},
		} {
			got = append(got, websocket.IsWebSocketUpgrade(&http.Request{Method: "GET", ProtoMajor: 1, ProtoMinor: 1, Header: h}))
		}
		connect := &http.Request{Method: "CONNECT", ProtoMajor: 2, Header: http.Header{":protocol": {"websocket"}}}
		return append(got, websocket.IsWebSocketUpgrade(connect))
	}},
	{"DefaultDialer", func() any {
		d := websocket.DefaultDialer
		return []any{d.HandshakeTimeout, d.Proxy != nil, d.ReadBufferSize, d.WriteBufferSize, d.EnableCompression, d.Subprotocols}
	}},
	{"NewPreparedMessage", func() any {
		var got []string
		for _, messageType := range []int{0, 1, 2, 3, 8, 9, 10, 11} {
			_, err := websocket.NewPreparedMessage(messageType, []byte("x"))
			got = append(got, told(err))
		}
		_, err := websocket.NewPreparedMessage(websocket.PingMessage, make([]byte, 126))
		return append(got, told(err))
	}},
}
