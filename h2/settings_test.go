package h2

import (
	"errors"
	"testing"
	"time"
)

// codeOf returns the code of an error that ends a connection, or NoError.
func codeOf(err error) ErrorCode {
	var e *ConnectionError
	if errors.As(err, &e) {
		return e.Code
	}
	return NoError
}

// TestSettings_6_5_2 protects what each setting may be, at both sides of each bound, and what is kept of it.
func TestSettings_6_5_2(t *testing.T) {
	for _, test := range []struct {
		name     setting
		v        uint32
		asServer bool
		want     ErrorCode
		kept     func(settings) bool
	}{
		{settingHeaderTableSize, 0, true, NoError, func(s settings) bool { return s.headerTable == 0 }},
		{settingEnablePush, 0, false, NoError, nil},
		{settingEnablePush, 1, false, ProtocolError, nil},
		{settingEnablePush, 1, true, NoError, nil},
		{settingEnablePush, 2, true, ProtocolError, nil},
		{settingMaxStreams, 0, false, NoError, func(s settings) bool { return s.maxStreams == 0 }},
		{settingInitialWindow, maxStreamID, true, NoError, func(s settings) bool { return s.initialWindow == maxStreamID }},
		{settingInitialWindow, maxStreamID + 1, true, FlowControlError, nil},
		{settingMaxFrame, 1<<14 - 1, true, ProtocolError, nil},
		{settingMaxFrame, 1 << 14, true, NoError, nil},
		{settingMaxFrame, 1<<24 - 1, true, NoError, nil},
		{settingMaxFrame, 1 << 24, true, ProtocolError, nil},
		{settingConnectProtocol, 1, false, NoError, func(s settings) bool { return s.connect }},
		{settingConnectProtocol, 0, false, NoError, func(s settings) bool { return !s.connect }},
		{settingConnectProtocol, 2, false, ProtocolError, nil},
		{0x7777, 1, false, NoError, func(s settings) bool { return s == defaultSettings }},
	} {
		s := defaultSettings
		if err := s.set(test.name, test.v, test.asServer); codeOf(err) != test.want || (err != nil) != (test.want != NoError) {
			t.Errorf("%d of %d: %v", test.v, test.name, err)
		} else if test.kept != nil && !test.kept(s) {
			t.Errorf("%d of %d: %+v", test.v, test.name, s)
		}
	}
}

// TestSettings_8441_3 protects a client from a server that takes back what it has said.
func TestSettings_8441_3(t *testing.T) {
	s := defaultSettings
	for i, test := range []struct {
		v    uint32
		want ErrorCode
	}{{0, NoError}, {1, NoError}, {1, NoError}, {0, ProtocolError}} {
		if err := s.set(settingConnectProtocol, test.v, false); codeOf(err) != test.want {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// TestSendWindow_6_9 protects the bound on a window, and that it may be negative.
func TestSendWindow_6_9(t *testing.T) {
	w := sendWindow(defaultWindow)
	if err := w.grow(-2 * defaultWindow); err != nil || w.room() != 0 {
		t.Error(err, w)
	}
	if err := w.grow(maxStreamID); err != nil || w.room() != maxStreamID-defaultWindow {
		t.Error(err, w)
	}
	if err := w.grow(defaultWindow + 1); codeOf(err) != FlowControlError {
		t.Error(err)
	}
	if err := w.grow(defaultWindow); err != nil || w.room() != maxStreamID {
		t.Error(err, w)
	}
}

// TestReceiveWindow_6_9 protects that no byte more is taken than was allowed, that a window opens again by half of it, and that it never is
// larger than at first.
func TestReceiveWindow_6_9(t *testing.T) {
	const size = 100
	w := receiveWindow{left: size}
	for _, step := range []struct {
		receive uint32
		back    int
		update  uint32
	}{{60, 49, 0}, {40, 1, 50}, {50, 30, 0}, {0, 70, 100}} {
		if err := w.receive(step.receive); err != nil {
			t.Fatal(err)
		}
		if by := w.giveBack(step.back, size); by != step.update {
			t.Errorf("%+v: opened by %d", step, by)
		}
	}
	if err := w.receive(size + 1); codeOf(err) != FlowControlError || w.left != size {
		t.Error(err, w)
	}
	if err := w.receive(size); err != nil {
		t.Error(err)
	}
	if err := w.receive(1); codeOf(err) != FlowControlError {
		t.Error(err)
	}
}

// TestAllowance protects how much may come that carries nothing: at once, with time, and with data.
func TestAllowance(t *testing.T) {
	var a allowance
	at := time.Unix(1000, 0)
	now := func() time.Time { return at }
	spend := func(want int) {
		t.Helper()
		for i := range want {
			if err := a.spend(now); err != nil {
				t.Fatalf("after %d of %d: %v", i, want, err)
			}
		}
		if err := a.spend(now); codeOf(err) != EnhanceYourCalm {
			t.Errorf("after %d: %v", want, err)
		}
	}
	spend(allowanceMost)
	at = at.Add(7*allowanceEvery + allowanceEvery/2)
	spend(7)
	at = at.Add(allowanceEvery / 2) // the other half is not lost
	spend(1)
	a.earn()
	spend(allowanceEarn)
	at = at.Add(time.Hour)
	spend(allowanceMost)
	for range allowanceMost {
		a.earn()
	}
	if a.left != allowanceMost {
		t.Errorf("%d earned", a.left)
	}
}
