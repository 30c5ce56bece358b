package engineio

// This file tests polls that wait beside net/http. With -detach, all tests have them.

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

var (
	detachPolls = flag.Bool("detach", false, "let polls wait beside net/http in all tests")
	loops       = flag.Int("loops", 0, "have as many event loops serve WebSocket in all tests")
)

// inDetached is inWorld with polls that wait beside net/http.
func inDetached(t *testing.T, edit func(o *Options), f func(w *world)) {
	t.Helper()
	o := testOptions()
	o.DetachPolls, o.PingInterval = true, time.Hour
	if edit != nil {
		edit(o)
	}
	inWorld(t, o, f)
}

// wire is a connection on which requests are written by hand.
type wire struct {
	net.Conn
	t  *testing.T
	in *bufio.Reader
}

func (w *world) wire() *wire {
	c, err := w.l.dial(context.Background(), "", "")
	if err != nil {
		w.Fatal(err)
	}
	return &wire{c, w.T, bufio.NewReader(c)}
}

// ask writes the begin of a request.
func (l *wire) ask(method, query, rest string) {
	l.t.Helper()
	if _, err := io.WriteString(l, method+" /engine.io/?"+query+" HTTP/1.1\r\nHost: example.com\r\n"+rest+"\r\n"); err != nil {
		l.t.Error(err)
	}
}

// answer reads a response.
func (l *wire) answer() (*http.Response, string) {
	l.t.Helper()
	resp, err := http.ReadResponse(l.in, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Error(err)
	}
	return resp, string(body)
}

// ended checks that the server has ended the connection.
func (l *wire) ended() {
	l.t.Helper()
	if b, err := io.ReadAll(l.in); len(b) > 0 || err != nil {
		l.t.Errorf("%q %v", b, err)
	}
}

// isDetached reports whether a poll of the last session waits beside net/http.
func (w *world) isDetached() bool {
	synctest.Wait()
	s := w.session()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.polling != nil && s.polling.sleeper != nil
}

// TestDetached protects that a poll which waits leaves net/http, has its headers, and that its connection serves what comes next.
func TestDetached(t *testing.T) {
	inDetached(t, func(o *Options) { o.Origins, o.HTTPCompression = []string{"friend.example"}, 100 }, func(w *world) {
		q := w.polling()
		l := w.wire()
		for _, text := range []string{"one", "two", strings.Repeat("x", 200)} {
			l.ask("GET", q, "Origin: https://friend.example\r\nAccept-Encoding: gzip\r\n")
			if !w.isDetached() {
				t.Fatal("it waits within net/http")
			}
			w.session().Send(websocket.OpText, []byte(text))
			resp, body := l.answer()
			h := resp.Header
			if resp.StatusCode != 200 || h.Get("Access-Control-Allow-Origin") != "https://friend.example" || h.Get("Date") == "" || h.Get("Cache-Control") != "no-store" ||
				h.Get("Content-Type") != "text/plain; charset=UTF-8" || resp.Close {
				t.Errorf("%+v", resp)
			}
			if zipped := h.Get("Content-Encoding") == "gzip"; zipped != (len(text) > 100) || !zipped && body != "4"+text {
				t.Errorf("%q %v", body, h)
			}
			l.ask("POST", q, "Content-Length: 2\r\n\r\n4x")
			if _, body := l.answer(); body != "ok" {
				t.Errorf("%q", body)
			}
			l.ask("GET", q, "") // what is there is sent within net/http
			if _, body := l.answer(); body != "4x" {
				t.Errorf("%q", body)
			}
		}
	})
}

// TestDetachedEnds protects every end of a poll that waits beside net/http: the client's, which ends the session, that of the session, and Shutdown, which waits
// for the answer.
func TestDetachedEnds(t *testing.T) {
	inDetached(t, nil, func(w *world) {
		l := w.wire()
		l.ask("GET", w.polling(), "")
		synctest.Wait()
		l.Close()
		w.expect(t, "open", "close: transport error")
	})
	inDetached(t, nil, func(w *world) {
		l := w.wire()
		l.ask("GET", w.polling(), "")
		synctest.Wait()
		w.session().Send(websocket.OpText, []byte("last"))
		w.session().Close()
		if resp, body := l.answer(); body != "4last\x1e1" && body != "4last" {
			t.Errorf("%q %+v", body, resp)
		}
	})
	inDetached(t, nil, func(w *world) {
		l := w.wire()
		l.ask("GET", w.polling(), "")
		if !w.isDetached() {
			t.Error("it waits within net/http")
		}
		began := time.Now()
		w.srv.Shutdown(context.Background())
		w.http.Shutdown(context.Background())
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %v", took)
		}
		if resp, body := l.answer(); body != "1" || !resp.Close {
			t.Errorf("%q %+v", body, resp)
		}
		l.ended()
	})
}

// TestDetachedOverlap protects that a second poll ends the session, and both are answered.
func TestDetachedOverlap(t *testing.T) {
	inDetached(t, nil, func(w *world) {
		q := w.polling()
		one, two := w.wire(), w.wire()
		one.ask("GET", q, "")
		synctest.Wait()
		two.ask("GET", q, "")
		if resp, body := two.answer(); resp.StatusCode != 400 {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
		if resp, body := one.answer(); resp.StatusCode != 200 || body != "1" {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
		one.ended()
	})
}

// TestDetachedHaste protects that a client which does not wait for the response, or wants the connection to end, gets the response, and then the end.
func TestDetachedHaste(t *testing.T) {
	for name, ask := range map[string]func(l *wire, q string){
		"together": func(l *wire, q string) {
			io.WriteString(l, "GET /engine.io/?"+q+" HTTP/1.1\r\nHost: example.com\r\n\r\nGET /x HTTP/1.1\r\nHost: example.com\r\n\r\n")
		},
		"later": func(l *wire, q string) {
			l.ask("GET", q, "")
			time.Sleep(time.Second)
			l.ask("GET", q, "")
		},
		"close": func(l *wire, q string) { l.ask("GET", q, "Connection: close\r\n") },
	} {
		t.Run(name, func(t *testing.T) {
			inDetached(t, nil, func(w *world) {
				l := w.wire()
				go ask(l, w.polling())
				time.Sleep(2 * time.Second)
				w.session().Send(websocket.OpText, []byte("x"))
				if resp, body := l.answer(); body != "4x" || !resp.Close {
					t.Errorf("%q %+v", body, resp)
				}
				l.ended()
			})
		})
	}
}

// TestDetachedNot protects that a poll waits as ever where its connection cannot be had.
func TestDetachedNot(t *testing.T) {
	inDetached(t, nil, func(w *world) {
		w.serveBy(&http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			w.srv.ServeHTTP(struct{ http.ResponseWriter }{rw}, r)
		})})
		l := w.wire()
		l.ask("GET", w.polling(), "")
		if w.isDetached() {
			t.Error("it has got the connection")
		}
		w.session().Send(websocket.OpText, []byte("x"))
		if _, body := l.answer(); body != "4x" {
			t.Errorf("%q", body)
		}
	})
}

// TestDetachedUpgrade protects that a poll which waits beside net/http ends when a second transport is probed, and that what comes during the probe is held as long as ever.
func TestDetachedUpgrade(t *testing.T) {
	inDetached(t, nil, func(w *world) {
		q := w.polling()
		l := w.wire()
		l.ask("GET", q, "")
		synctest.Wait()
		p, _, err := w.dial(strings.Replace(q, "polling", "websocket", 1))
		if err != nil {
			t.Fatal(err)
		}
		p.send("2probe")
		p.expect("3probe")
		if _, body := l.answer(); body != "6" {
			t.Errorf("%q", body)
		}
		began := time.Now()
		l.ask("GET", q, "")
		if _, body := l.answer(); body != "6" || time.Since(began) != holdProbed {
			t.Errorf("%q after %v", body, time.Since(began))
		}
		l.ask("GET", q, "")
		synctest.Wait()
		p.send("5")
		if resp, _ := l.answer(); resp.StatusCode != 400 || len(w.refusals()) != 1 {
			t.Errorf("%d", resp.StatusCode)
		}
		w.session().Send(websocket.OpText, []byte("moved"))
		p.expect("4moved")
	})
}

// TestDetachedTLS protects that a connection with TLS is given back, too: all requests of a client go over one.
func TestDetachedTLS(t *testing.T) {
	n := new(notes)
	o := testOptions()
	o.DetachPolls, o.PingInterval = true, time.Hour
	srv := NewServer(n, o)
	web := httptest.NewTLSServer(srv)
	defer web.Close()
	defer srv.Shutdown(context.Background())
	client := web.Client()
	client.Transport.(*http.Transport).MaxConnsPerHost = 1 // others wait for the one
	get := func(query string) string {
		t.Helper()
		resp, err := client.Get(web.URL + "/engine.io/?" + query)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.Close {
			t.Errorf("%v %+v", err, resp)
		}
		return string(body)
	}
	get("EIO=4&transport=polling")
	s := n.session()
	for i := range 20 {
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for waits := false; !waits; time.Sleep(time.Millisecond) {
				s.mu.Lock()
				waits = s.polling.sleeper != nil
				s.mu.Unlock()
			}
			s.Send(websocket.OpText, []byte(fmt.Sprint(i)))
		}()
		if body := get("EIO=4&transport=polling&sid=" + s.ID()); body != fmt.Sprint("4", i) {
			t.Errorf("%q", body)
		}
		<-sent
	}
	if s.Request().TLS() != true {
		t.Error("no TLS")
	}
}
