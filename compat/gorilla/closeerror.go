package websocket

// This file holds how a connection was closed: codes, the payload of close frames, and the error (RFC 6455, Section 7.4).

import (
	"encoding/binary"
	"io"
	"slices"
	"strconv"
)

// The registered codes. CloseNoStatusReceived, CloseAbnormalClosure and CloseTLSHandshake are never sent: they stand for what
// happened when there was no code.
const (
	CloseNormalClosure           = 1000
	CloseGoingAway               = 1001
	CloseProtocolError           = 1002
	CloseUnsupportedData         = 1003
	CloseNoStatusReceived        = 1005
	CloseAbnormalClosure         = 1006
	CloseInvalidFramePayloadData = 1007
	ClosePolicyViolation         = 1008
	CloseMessageTooBig           = 1009
	CloseMandatoryExtension      = 1010
	CloseInternalServerErr       = 1011
	CloseServiceRestart          = 1012
	CloseTryAgainLater           = 1013
	CloseTLSHandshake            = 1015
)

// closeNames are how the text of a CloseError names its code, which programs look for.
var closeNames = map[int]string{
	CloseNormalClosure:           "normal",
	CloseGoingAway:               "going away",
	CloseProtocolError:           "protocol error",
	CloseUnsupportedData:         "unsupported data",
	CloseNoStatusReceived:        "no status",
	CloseAbnormalClosure:         "abnormal closure",
	CloseInvalidFramePayloadData: "invalid payload data",
	ClosePolicyViolation:         "policy violation",
	CloseMessageTooBig:           "message too big",
	CloseMandatoryExtension:      "mandatory extension missing",
	CloseInternalServerErr:       "internal server error",
	CloseTLSHandshake:            "TLS handshake error",
}

// CloseError is returned by reads once the peer has sent its close frame, with the code and reason of that; and with
// CloseAbnormalClosure once its stream has ended without one.
type CloseError struct {
	Code int    // CloseNoStatusReceived if the close frame had none
	Text string // the reason
}

// Error gives the code, its name and the reason.
func (e *CloseError) Error() string {
	s := "websocket: close " + strconv.Itoa(e.Code)
	if name := closeNames[e.Code]; name != "" {
		s += " (" + name + ")"
	}
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

// errUnexpectedEOF is what reads return when the peer's stream ends without a close frame.
var errUnexpectedEOF = &CloseError{Code: CloseAbnormalClosure, Text: io.ErrUnexpectedEOF.Error()}

// IsCloseError reports whether err is a *CloseError with one of the codes. It looks at err alone and not at what it wraps.
func IsCloseError(err error, codes ...int) bool {
	e, ok := err.(*CloseError)
	return ok && slices.Contains(codes, e.Code)
}

// IsUnexpectedCloseError reports whether err is a *CloseError with none of the codes. It looks at err alone and not at what
// it wraps.
func IsUnexpectedCloseError(err error, expectedCodes ...int) bool {
	e, ok := err.(*CloseError)
	return ok && !slices.Contains(expectedCodes, e.Code)
}

// FormatCloseMessage returns the payload of a close frame: empty for CloseNoStatusReceived, otherwise the code and the text.
// Nothing is checked before it is written.
func FormatCloseMessage(closeCode int, text string) []byte {
	if closeCode == CloseNoStatusReceived {
		return []byte{}
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(closeCode)), text...)
}
