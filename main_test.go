package websocket

import (
	"net/http"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/leak"
)

// TestMain fails the package when goroutines or descriptors are left after its tests.
func TestMain(m *testing.M) { leak.Main(m, http.DefaultClient.CloseIdleConnections) }
