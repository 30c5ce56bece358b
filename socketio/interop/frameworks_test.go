package interop

// This file tests that identity from a router's middleware reaches sockets, also where the router uses its contexts again.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v5"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/socketio"
)

// userKey is where middleware puts the user.
type userKey struct{}

// withUser returns the request with a user in its context.
func withUser(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), userKey{}, r.Header.Get("X-User")))
}

// routers are routers with middleware that knows the user, before a server.
var routers = map[string]func(h http.Handler) http.Handler{
	"gin": func(h http.Handler) http.Handler {
		gin.SetMode(gin.ReleaseMode)
		r := gin.New()
		r.Use(func(c *gin.Context) { c.Request = withUser(c.Request) })
		r.Any("/socket.io/", gin.WrapH(h))
		return r
	},
	"echo": func(h http.Handler) http.Handler {
		r := echo.New()
		r.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c *echo.Context) error {
				c.SetRequest(withUser(c.Request()))
				return next(c)
			}
		})
		r.Any("/socket.io/", echo.WrapHandler(h))
		return r
	},
	"chi": func(h http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { next.ServeHTTP(w, withUser(req)) })
		})
		r.Handle("/socket.io/", h)
		return r
	},
}

// TestFrameworks has 1,000 clients through real routers, on both transports: each sees its own user.
func TestFrameworks(t *testing.T) {
	for name, router := range routers {
		t.Run(name, func(t *testing.T) {
			o := &socketio.Options{}
			o.Logger = slog.New(slog.DiscardHandler)
			o.Accept = func(r *http.Request) (any, error) {
				user, _ := r.Context().Value(userKey{}).(string)
				if user == "" {
					return nil, errors.New("nobody")
				}
				return user, nil
			}
			srv := socketio.NewServer(o)
			srv.Handle("who", func(s *socketio.Socket, _ struct{}) (string, error) { return s.Session().Value().(string), nil })
			web := httptest.NewServer(router(srv))
			defer web.Close()
			defer srv.Shutdown(context.Background())
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 50}}
			defer client.CloseIdleConnections()
			const clients = 1000
			users := make(chan int)
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() {
					for n := range users {
						user := fmt.Sprint("user ", n)
						ask := askPolling
						if n%2 == 0 {
							ask = askWebSocket
						}
						if got, err := ask(web.URL, client, user); err != nil || got != fmt.Sprintf(`431[%q]`, user) {
							t.Errorf("%s is %s, %v", user, got, err)
						}
					}
				})
			}
			for n := range clients {
				users <- n
			}
			close(users)
			all.Wait()
		})
	}
}

// askWebSocket connects as a user and asks who it is.
func askWebSocket(url string, _ *http.Client, user string) (got string, err error) {
	d := &websocket.Dialer{Header: http.Header{"X-User": {user}}}
	c, _, err := d.Dial(context.Background(), "ws"+strings.TrimPrefix(url, "http")+"/socket.io/?EIO=4&transport=websocket")
	if err != nil {
		return "", err
	}
	defer c.CloseNow()
	for _, text := range []string{"40", `421["who"]`} {
		if err := c.Write(context.Background(), websocket.OpText, []byte(text)); err != nil {
			return "", err
		}
	}
	for range 3 { // the opening, that it is accepted, and the answer
		m, err := c.Read(context.Background())
		if err != nil {
			return "", err
		}
		got = string(m.Data)
	}
	return got, nil
}

// askPolling is askWebSocket over polling.
func askPolling(url string, client *http.Client, user string) (got string, err error) {
	url += "/socket.io/?EIO=4&transport=polling"
	do := func(method, body string) string {
		r, e := http.NewRequest(method, url, strings.NewReader(body))
		if e != nil {
			err = e
			return ""
		}
		r.Header.Set("X-User", user)
		resp, e := client.Do(r)
		if e != nil {
			err = e
			return ""
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return string(b)
	}
	_, rest, ok := strings.Cut(do("GET", ""), `"sid":"`)
	if !ok {
		return "", errors.Join(err, errors.New("no session"))
	}
	url += "&sid=" + rest[:20]
	do("POST", "40\x1e421[\"who\"]")
	for !strings.Contains(got, `431[`) && err == nil {
		got = do("GET", "")
		if i := strings.LastIndexByte(got, 0x1e); i >= 0 {
			got = got[i+1:]
		}
	}
	do("POST", "1")
	return got, err
}
