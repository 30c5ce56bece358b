package websocket

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// pair returns both sides of a connection.
func pair(t *testing.T) (client, server *Conn) {
	t.Helper()
	accepted, done := make(chan *Conn), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := Accept(w, r, nil); err == nil {
			accepted <- c
			<-done
		}
	}))
	client, _, err := Dial(t.Context(), s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	server = <-accepted
	t.Cleanup(func() {
		client.CloseNow()
		server.CloseNow()
		close(done)
		s.Close()
	})
	return client, server
}

// TestConcurrentCalls reads, writes and pings on both sides at once, and then closes on both.
func TestConcurrentCalls(t *testing.T) {
	client, server := pair(t)
	const messages = 100
	var wg sync.WaitGroup
	for _, c := range []*Conn{client, server} {
		read := make(chan struct{})
		wg.Go(func() {
			defer close(read)
			for range 2 * messages {
				if _, _, err := c.Read(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
			go c.Read(t.Context()) // for the pings and the close
		})
		for range 2 {
			wg.Go(func() {
				for range messages {
					if err := c.Write(t.Context(), MessageText, []byte("a")); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Go(func() {
			if err := c.Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var closing sync.WaitGroup
	for _, c := range []*Conn{client, server} {
		closing.Go(func() { c.Close(StatusNormalClosure, "") })
	}
	closing.Wait()
}

// TestContextEndsConnection ends a read by its context, on both sides: nothing can be read or written afterwards, and errors name
// the context's end.
func TestContextEndsConnection(t *testing.T) {
	client, server := pair(t)
	for name, c := range map[string]*Conn{"client": client, "server": server} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		_, _, err := c.Read(ctx)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: Read returned %v", name, err)
		}
		if _, _, err := c.Read(t.Context()); err == nil || CloseStatus(err) != -1 {
			t.Errorf("%s: the next Read returned %v", name, err)
		}
		if err := c.Write(t.Context(), MessageText, nil); err == nil {
			t.Errorf("%s: Write returned nil", name)
		}
	}
}

// TestRedirectsEnd is redirected to the same path again and again.
func TestRedirectsEnd(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "/", http.StatusFound)
	}))
	defer s.Close()
	if _, resp, err := Dial(t.Context(), s.URL, nil); !errors.Is(err, errRedirects) || resp != nil {
		t.Errorf("got %v, %v", resp, err)
	}
	if asked != maxRedirects {
		t.Errorf("%d requests", asked)
	}
}

// TestPatternsDoNotOpenTooMuch has patterns that match nothing, or cannot.
func TestPatternsDoNotOpenTooMuch(t *testing.T) {
	for _, origin := range []string{"https://evil.example", "null", "://", "https://good.example.evil.example", "https://a.b@good.example:1"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Origin", origin)
		if matches([]string{"good.example", "[", "https://good.example"}, r) {
			t.Errorf("%s is allowed", origin)
		}
	}
}
