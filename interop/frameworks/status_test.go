package frameworks

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/labstack/echo/v5"
	echomiddleware "github.com/labstack/echo/v5/middleware"

	"github.com/seed-d69ae1b7/websocket"
)

// statuses is what the loggers of routers take for the status of a request.
type statuses chan int

func (s statuses) NewLogEntry(*http.Request) middleware.LogEntry { return s }
func (s statuses) Panic(any, []byte)                             {}
func (s statuses) Write(status, _ int, _ http.Header, _ time.Duration, _ any) {
	s <- status
}

// logging are routers that log the status of what h has done.
var logging = map[string]func(s statuses, h http.Handler) http.Handler{
	"chi": func(s statuses, h http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Use(middleware.RequestLogger(s))
		r.Handle("/", h)
		return r
	},
	"gin": func(s statuses, h http.Handler) http.Handler {
		gin.SetMode(gin.ReleaseMode)
		e := gin.New()
		e.Use(gin.LoggerWithFormatter(func(p gin.LogFormatterParams) string {
			s <- p.StatusCode
			return ""
		}))
		e.GET("/", gin.WrapH(h))
		return e
	},
	"echo": func(s statuses, h http.Handler) http.Handler {
		e := echo.New()
		e.Use(echomiddleware.RequestLoggerWithConfig(echomiddleware.RequestLoggerConfig{
			LogStatus: true,
			LogValuesFunc: func(_ *echo.Context, v echomiddleware.RequestLoggerValues) error {
				s <- v.Status
				return nil
			},
		}))
		e.GET("/", echo.WrapHandler(h))
		return e
	},
}

// TestLoggedStatus protects what docs/metrics.md says of access logs: the status of a connection is not 101 there.
func TestLoggedStatus(t *testing.T) {
	for name, want := range map[string]int{"chi": 0, "gin": 200, "echo": 200} {
		s := make(statuses, 1)
		server := httptest.NewServer(logging[name](s, new(websocket.Upgrader).Handler(func(*websocket.Conn, *http.Request) {})))
		if _, resp, err := websocket.Dial(t.Context(), server.URL); err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Error(name, err)
		} else if got := <-s; got != want {
			t.Errorf("%s logs %d", name, got)
		}
		server.Close()
	}
}
