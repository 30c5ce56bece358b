package h2

// This file holds the settings of a connection (RFC 9113, Section 6.5, and RFC 8441, Section 3): what each may be, and what is
// assumed of a peer that does not say.

import "encoding/binary"

// setting is the name of a setting.
type setting uint16

const (
	settingHeaderTableSize setting = iota + 1
	settingEnablePush
	settingMaxStreams
	settingInitialWindow
	settingMaxFrame
	settingMaxHeaderList
	settingConnectProtocol setting = 8
)

// settingSize is the size of one in a frame.
const settingSize = 6

const (
	defaultWindow      = 1<<16 - 1 // of a stream, and of a connection at first (RFC 9113, Section 6.9.2)
	defaultHeaderTable = 4096
)

// settings are those of one peer.
type settings struct {
	headerTable   uint32 // bytes of the dynamic table that its decoder has
	maxStreams    uint32 // that the other side may have open
	initialWindow uint32 // of a stream
	connect       bool   // it takes extended CONNECT
}

// defaultSettings are those of a peer that has not said anything.
var defaultSettings = settings{headerTable: defaultHeaderTable, maxStreams: maxStreamID, initialWindow: defaultWindow}

// set takes note of a setting of the peer's, which is a client if asServer. The error is a *ConnectionError.
func (s *settings) set(name setting, v uint32, asServer bool) error {
	switch name {
	case settingHeaderTableSize:
		s.headerTable = v
	case settingEnablePush:
		// RFC 9113, Section 6.5.2: "A client MUST treat receipt of a SETTINGS frame with SETTINGS_ENABLE_PUSH set to 1 as a connection
		// error [...] of type PROTOCOL_ERROR", as anybody must any value other than 0 and 1.
		if v > 1 || v == 1 && !asServer {
			return violation(ProtocolError, "SETTINGS_ENABLE_PUSH is wrong (Section 6.5.2)")
		}
	case settingMaxStreams:
		s.maxStreams = v
	case settingInitialWindow:
		// "Values above the maximum flow-control window size of 2^31-1 MUST be treated as a connection error [...] of type
		// FLOW_CONTROL_ERROR."
		if v > maxStreamID {
			return violation(FlowControlError, "SETTINGS_INITIAL_WINDOW_SIZE is too large (Section 6.5.2)")
		}
		s.initialWindow = v
	case settingMaxFrame:
		// "Values outside this range MUST be treated as a connection error [...] of type PROTOCOL_ERROR." Ours are never larger than
		// the least that it may be.
		if v < maxFrame || v > 1<<24-1 {
			return violation(ProtocolError, "SETTINGS_MAX_FRAME_SIZE is wrong (Section 6.5.2)")
		}
	case settingConnectProtocol:
		// RFC 8441, Section 3: "the value of the parameter MUST be 0 or 1", and "a sender MUST NOT send a [...] parameter with the value
		// of 0 after previously sending a value of 1".
		if v > 1 || v == 0 && s.connect {
			return violation(ProtocolError, "SETTINGS_ENABLE_CONNECT_PROTOCOL is wrong (RFC 8441, Section 3)")
		}
		s.connect = v == 1
	}
	return nil // RFC 9113, Section 6.5.2: "An endpoint that receives [...] any unknown or unsupported identifier MUST ignore that setting."
}

// pair is a setting with its value.
type pair struct {
	name  setting
	value uint32
}

// appendSettings appends a SETTINGS frame.
func appendSettings(dst []byte, flags uint8, pairs ...pair) []byte {
	dst = appendFrameHeader(dst, frameHeader{uint32(settingSize * len(pairs)), frameSettings, flags, 0})
	for _, p := range pairs {
		dst = binary.BigEndian.AppendUint16(dst, uint16(p.name))
		dst = binary.BigEndian.AppendUint32(dst, p.value)
	}
	return dst
}
