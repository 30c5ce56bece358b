package netpipe

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// TestOrder protects the ring: whatever the sizes of the buffer, the writes and the reads, the bytes that are read are
// those that were written, in their order, and the end comes behind them.
func TestOrder(t *testing.T) {
	for _, size := range []int{1, 2, 7, 64} {
		for _, step := range []int{1, 3, 64, 1000} {
			a, b := New(size)
			want := make([]byte, 1000)
			for i := range want {
				want[i] = byte(i * 7)
			}
			go func() {
				for p := want; len(p) > 0; p = p[min(step, len(p)):] {
					if n, err := a.Write(p[:min(step, len(p))]); n != min(step, len(p)) || err != nil {
						t.Error(n, err)
					}
				}
				a.CloseWrite()
			}()
			got, err := io.ReadAll(b)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("buffer of %d, writes of %d: got %d bytes, %v", size, step, len(got), err)
			}
		}
	}
}

// TestBound protects that a writer waits when the buffer is full and goes on when there is room.
func TestBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := New(4)
		done := false
		go func() {
			a.Write([]byte("abcdef"))
			done = true
		}()
		synctest.Wait()
		if done {
			t.Fatal("write of 6 bytes into a buffer of 4 returned")
		}
		io.ReadFull(b, make([]byte, 2))
		synctest.Wait()
		if !done {
			t.Fatal("writer did not go on")
		}
	})
}

// TestDeadlines protects that a deadline ends a wait at its time, that moving it while somebody waits counts, and
// that nothing is lost by it.
func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := New(4)
		start := time.Now()
		a.SetReadDeadline(start.Add(time.Hour))
		go func() {
			time.Sleep(time.Second)
			a.SetReadDeadline(start.Add(3 * time.Second))
		}()
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Fatal(err, time.Since(start))
		}
		a.SetWriteDeadline(time.Now().Add(time.Second))
		if n, err := a.Write([]byte("abcdef")); n != 4 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(n, err)
		}
		b.Write([]byte("x"))
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("a deadline that has passed did not stop a read:", err)
		}
		a.SetDeadline(time.Time{})
		p := make([]byte, 4)
		if n, err := a.Read(p); n != 1 || p[0] != 'x' || err != nil {
			t.Fatal(n, err)
		}
		if _, err := io.ReadFull(b, p); err != nil || string(p) != "abcd" {
			t.Fatal(string(p), err)
		}
		a.SetReadDeadline(time.Now().Add(time.Second))
		a.SetReadDeadline(time.Time{})
		go func() {
			time.Sleep(time.Minute)
			b.Write([]byte("y"))
		}()
		if n, err := a.Read(p); n != 1 || err != nil {
			t.Fatal("a deadline that was taken back ended a read:", n, err)
		}
	})
}

// TestClose protects what each side sees when one is closed.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := New(0)
		a.Write([]byte("last"))
		var waiting error
		go func() { _, waiting = a.Read(make([]byte, 1)) }()
		synctest.Wait()
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !errors.Is(waiting, net.ErrClosed) {
			t.Error("read that waited:", waiting)
		}
		for what, err := range map[string]error{
			"second Close":     a.Close(),
			"CloseWrite":       a.CloseWrite(),
			"SetReadDeadline":  a.SetReadDeadline(time.Now()),
			"SetWriteDeadline": a.SetWriteDeadline(time.Now()),
			"SetDeadline":      a.SetDeadline(time.Now()),
		} {
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s after Close: %v", what, err)
			}
		}
		if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Error("write after Close:", err)
		}
		if p, err := io.ReadAll(b); string(p) != "last" || err != nil {
			t.Errorf("peer read %q, %v", p, err)
		}
		if _, err := b.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
			t.Error("peer's write:", err)
		}
		if _, err := b.Write(nil); !errors.Is(err, io.ErrClosedPipe) {
			t.Error("peer's empty write:", err)
		}
	})
}

// TestAddr protects that the ends have addresses of opposite names.
func TestAddr(t *testing.T) {
	a, b := New(0)
	if a.LocalAddr() != b.RemoteAddr() || a.RemoteAddr() != b.LocalAddr() || a.LocalAddr() == a.RemoteAddr() {
		t.Error(a.LocalAddr(), a.RemoteAddr(), b.LocalAddr(), b.RemoteAddr())
	}
	if a.LocalAddr().Network() != "pipe" || a.LocalAddr().String() == "" {
		t.Error(a.LocalAddr().Network(), a.LocalAddr())
	}
}
