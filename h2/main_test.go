package h2

import (
	"os"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/leak"
)

// idleVariable is set in the process that is a test's server, whose main function asServer is.
const idleVariable = "H2_TEST_SERVER"

var asServer func()

func TestMain(m *testing.M) {
	if os.Getenv(idleVariable) != "" {
		asServer()
		return
	}
	leak.Main(m, nil)
}
