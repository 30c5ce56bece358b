package wsjson_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/wsjson"
	"github.com/seed-d69ae1b7/websocket/wstest"
)

type value struct {
	Name  string
	Items []int
	Raw   json.RawMessage
}

// TestRoundTrip protects that a value arrives as it was, in one text message that is exactly its JSON, whatever its
// size, and that what was read does not change when the next message comes.
func TestRoundTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := wstest.Pipe(nil, nil)
		defer client.CloseNow()
		defer server.CloseNow()
		var all []value
		sizes := []int{0, 10, 5000, 100000, 10}
		for _, n := range sizes {
			want := value{strings.Repeat("é<", n), []int{n, -1}, json.RawMessage(`{"a":[1,2]}`)}
			go func() {
				if err := wsjson.Write(t.Context(), client, want); err != nil {
					t.Error(err)
				}
			}()
			var got value
			if err := wsjson.Read(t.Context(), server, &got); err != nil {
				t.Fatal(err)
			}
			all = append(all, got)
		}
		for i, n := range sizes {
			want := value{strings.Repeat("é<", n), []int{n, -1}, json.RawMessage(`{"a":[1,2]}`)}
			if diff := cmp.Diff(want, all[i]); diff != "" {
				t.Error(diff)
			}
		}
		if err := wsjson.Write(t.Context(), server, []int{1}); err != nil {
			t.Fatal(err)
		}
		if m, err := client.Read(t.Context()); m.Op != websocket.OpText || string(m.Data) != "[1]" || err != nil {
			t.Errorf("%v %q %v", m.Op, m.Data, err)
		}
	})
}

// TestReadErrors protects that a message that is not the wanted JSON is an *Error that says so, and that the
// connection then goes on.
func TestReadErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := wstest.Pipe(nil, nil)
		defer client.CloseNow()
		defer server.CloseNow()
		for _, test := range []struct {
			op        websocket.Opcode
			wire, say string
		}{
			{websocket.OpText, "", "unexpected end"},
			{websocket.OpText, "{", "unexpected end"},
			{websocket.OpText, `{} {}`, "invalid character"},
			{websocket.OpText, "not JSON", "invalid character"},
			{websocket.OpText, `{"Name":1}`, "cannot unmarshal number"},
			{websocket.OpBinary, `{}`, "binary message"},
		} {
			if err := client.Write(t.Context(), test.op, []byte(test.wire)); err != nil {
				t.Fatal(err)
			}
			var v value
			err := wsjson.Read(t.Context(), server, &v)
			var e *wsjson.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), test.say) || !strings.HasPrefix(err.Error(), "wsjson: ") {
				t.Errorf("%q: %v", test.wire, err)
			}
		}
		var unmarshal *json.UnmarshalTypeError
		client.Write(t.Context(), websocket.OpText, []byte(`[]`))
		if err := wsjson.Read(t.Context(), server, new(value)); !errors.As(err, &unmarshal) {
			t.Error(err)
		}
		wsjson.Write(t.Context(), client, "next")
		var s string
		if err := wsjson.Read(t.Context(), server, &s); err != nil || s != "next" {
			t.Error(s, err)
		}
	})
}

// TestReadCancelled protects that the end of a context loses nothing.
func TestReadCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := wstest.Pipe(nil, nil)
		defer client.CloseNow()
		defer server.CloseNow()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var n int
		if err := wsjson.Read(ctx, server, &n); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		wsjson.Write(t.Context(), client, 7)
		if err := wsjson.Read(t.Context(), server, &n); err != nil || n != 7 {
			t.Error(n, err)
		}
	})
}

// TestWriteErrors protects that a value without JSON is an error that names its type, and that nothing is sent.
func TestWriteErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := wstest.Pipe(nil, nil)
		defer server.CloseNow()
		err := wsjson.Write(t.Context(), client, math.Inf(1))
		var unsupported *json.UnsupportedValueError
		if !errors.As(err, &unsupported) || !strings.Contains(err.Error(), "wsjson: cannot encode float64") {
			t.Error(err)
		}
		wsjson.Write(t.Context(), client, 1)
		var n int
		if err := wsjson.Read(t.Context(), server, &n); err != nil || n != 1 {
			t.Error(n, err)
		}
		client.CloseNow()
		var closed *websocket.CloseError
		if err := wsjson.Write(t.Context(), client, 1); !errors.As(err, &closed) {
			t.Error(err)
		}
		if err := wsjson.Read(t.Context(), client, &n); !errors.As(err, &closed) {
			t.Error(err)
		}
	})
}
