// Package early asks net/http for extended CONNECT before that is initialized. It imports nothing but os for that reason: Go
// initializes packages in the order of their import paths as soon as all that they import has been, and net/http needs much
// more than os.
package early

import "os"

// Variable is where net/http looks, and Before what it held.
const Variable = "GODEBUG"

var (
	Before string
	set    bool
)

const setting = "http2xconnect="

func init() {
	Before, set = os.LookupEnv(Variable)
	if given(Before) {
		return
	}
	value := setting + "1"
	if Before != "" {
		value = Before + "," + value
	}
	os.Setenv(Variable, value)
}

// given reports whether the setting stands in the variable already, with either value.
func given(v string) bool {
	for i := 0; i+len(setting) <= len(v); i++ {
		if v[i:i+len(setting)] == setting && (i == 0 || v[i-1] == ',') {
			return true
		}
	}
	return false
}

// Restore undoes what this package has done to the environment, for child processes.
func Restore() {
	if set {
		os.Setenv(Variable, Before)
	} else {
		os.Unsetenv(Variable)
	}
}
