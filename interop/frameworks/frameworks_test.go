package frameworks

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/labstack/echo/v5"

	"github.com/seed-d69ae1b7/websocket"
)

// room answers every message with the room that the router says the request is about. param is asked anew each time.
func room(param func(*http.Request) string) func(*websocket.Conn, *http.Request) {
	return func(conn *websocket.Conn, r *http.Request) {
		for m, err := range conn.Messages(r.Context()) {
			if err != nil {
				return
			}
			if string(m.Data) == "panic" {
				panic("asked for")
			}
			conn.Write(r.Context(), m.Op, []byte(param(r)))
		}
	}
}

// routers make an http.Handler that serves /rooms/{room}, and a plain answer at /pages/{page}, which takes contexts from the
// router's pool in between. around is middleware.
var routers = map[string]func(up *websocket.Upgrader, around func(http.Handler) http.Handler) http.Handler{
	"chi": func(up *websocket.Upgrader, around func(http.Handler) http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Use(around, middleware.Recoverer)
		r.Handle("/rooms/{room}", up.Handler(room(func(r *http.Request) string { return chi.URLParam(r, "room") })))
		r.Get("/pages/{page}", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, chi.URLParam(r, "page")) })
		return r
	},
	"gin": func(up *websocket.Upgrader, around func(http.Handler) http.Handler) http.Handler {
		gin.SetMode(gin.ReleaseMode)
		e := gin.New()
		e.Use(gin.RecoveryWithWriter(io.Discard))
		e.GET("/rooms/:room", func(c *gin.Context) {
			up.Handler(room(func(*http.Request) string { return c.Param("room") })).ServeHTTP(c.Writer, c.Request)
		})
		e.GET("/pages/:page", func(c *gin.Context) { c.String(200, c.Param("page")) })
		return around(e)
	},
	"echo": func(up *websocket.Upgrader, around func(http.Handler) http.Handler) http.Handler {
		e := echo.New()
		e.Use(echo.WrapMiddleware(around))
		e.GET("/rooms/:room", func(c *echo.Context) error {
			up.Handler(room(func(*http.Request) string { return c.Param("room") })).ServeHTTP(c.Response(), c.Request())
			return nil
		})
		e.GET("/pages/:page", func(c *echo.Context) error { return c.String(200, c.Param("page")) })
		return e
	},
	"ServeMux": func(up *websocket.Upgrader, around func(http.Handler) http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/rooms/{room}", up.Handler(room(func(r *http.Request) string { return r.PathValue("room") })))
		mux.HandleFunc("/pages/{page}", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.PathValue("page")) })
		return around(mux)
	},
}

// around counts the requests that are between its beginning and its end.
type around struct{ running atomic.Int32 }

func (a *around) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.running.Add(1)
		defer a.running.Add(-1)
		next.ServeHTTP(w, r)
	})
}

// TestRooms protects clients from being shown another client's room: many are connected at the same time, and other requests
// use the router's contexts again.
func TestRooms(t *testing.T) {
	const clients, rounds = 96, 5
	for name, router := range routers {
		t.Run(name, func(t *testing.T) {
			up, a := new(websocket.Upgrader), new(around)
			s := httptest.NewServer(router(up, a.middleware))
			defer s.Close()
			conns := make([]*websocket.Conn, clients)
			for i := range conns {
				c, _, err := websocket.Dial(t.Context(), fmt.Sprint(s.URL, "/rooms/", i))
				if err != nil {
					t.Fatal(err)
				}
				conns[i] = c
			}
			var all sync.WaitGroup
			for i, c := range conns {
				all.Go(func() {
					for range rounds {
						page(t, s.URL)
						c.Write(t.Context(), websocket.OpText, []byte("where am I?"))
						if m, err := c.Read(t.Context()); string(m.Data) != fmt.Sprint(i) {
							t.Errorf("client %d is in room %q, %v", i, m.Data, err)
						}
					}
				})
			}
			all.Wait()
			if got := a.running.Load(); got != clients {
				t.Errorf("middleware is around %d functions of %d", got, clients)
			}
			for _, c := range conns {
				go c.CloseRead(t.Context())
			}
			if err := up.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// page asks for a plain page.
func page(t *testing.T, url string) {
	resp, err := http.Get(url + "/pages/plain")
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); string(body) != "plain" {
		t.Errorf("page %q, %v", body, err)
	}
}

// TestPanic protects what a panic becomes: code 1011 for the client, and a panic for the router, whose recovery or whose
// net/http goes on to serve others.
func TestPanic(t *testing.T) {
	for name, router := range routers {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(router(new(websocket.Upgrader), new(around).middleware))
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.Start()
			defer s.Close()
			for range 2 {
				c, _, err := websocket.Dial(t.Context(), s.URL+"/rooms/1")
				if err != nil {
					t.Fatal(err)
				}
				c.Write(t.Context(), websocket.OpText, []byte("panic"))
				_, err = c.Read(context.Background())
				if code := websocket.CloseStatus(err); code != websocket.StatusInternalError {
					t.Errorf("code %v of %v", code, err)
				}
			}
		})
	}
}

// TestRefused protects the answer to a request that is no opening handshake.
func TestRefused(t *testing.T) {
	for name, router := range routers {
		s := httptest.NewServer(router(new(websocket.Upgrader), new(around).middleware))
		resp, err := http.Get(s.URL + "/rooms/1")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != 400 || len(body) == 0 {
			t.Errorf("%s: %s %q", name, resp.Status, body)
		}
		resp.Body.Close()
		s.Close()
	}
}
