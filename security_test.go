//go:build !js

package websocket

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// securityDefaults is what the table of SECURITY.md has to say: by the first name of a row what holds unless it is set.
var securityDefaults = map[string]any{
	"ReadLimit":          DefaultReadLimit,
	"wireSlack":          wireSlack,
	"maxEmptyFragments":  strconv.Itoa(maxEmptyFragments),
	"inflateChunk":       inflateChunk,
	"WriteBuffer":        DefaultWriteBuffer,
	"controlRoom":        controlRoom,
	"HandshakeTimeout":   DefaultHandshakeTimeout,
	"MaxRequestHead":     new(Upgrader).requestHead(),
	"maxRequestFields":   strconv.Itoa(maxRequestFields),
	"maxExtensions":      strconv.Itoa(maxExtensions),
	"maxExtensionParams": strconv.Itoa(maxExtensionParams),
	"MaxResponseHead":    defaultResponseHead,
	"maxInterim":         strconv.Itoa(maxInterim),
	"maxRefusalBody":     maxRefusalBody,
	"maxRefusalWire":     maxRefusalWire,
	"WriteTimeout":       DefaultWriteTimeout,
	"CloseTimeout":       DefaultCloseTimeout,
	"lingerBytes":        lingerBytes,
	"lingerTime":         lingerTime,
	"PingInterval":       orDefault(Options{}.PingInterval, 0),
	"PongTimeout":        DefaultPongTimeout,
	"Origins":            Upgrader{}.Origins,
	"Compression":        Options{}.Compression,
}

// asWritten returns a default as the table writes it: bytes with their unit, times, counts, and what there is none of.
func asWritten(v any) string {
	switch v := v.(type) {
	case int:
		for _, unit := range []string{"B", "KiB", "MiB"} {
			if v < 1<<10 {
				return strconv.Itoa(v) + " " + unit
			}
			v >>= 10
		}
	case time.Duration:
		if v == 0 {
			return "no bound"
		}
		return strconv.FormatFloat(v.Seconds(), 'g', -1, 64) + " s"
	case string:
		return v
	}
	return "none"
}

// TestSecurityTable protects that SECURITY.md tells the limits and defaults that the code has, and none that it does not have.
func TestSecurityTable(t *testing.T) {
	page, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| [^|]+ \\| `(\\w+)`[^|]* \\| ([^|]+) \\|$")
	seen := map[string]bool{}
	for _, r := range row.FindAllStringSubmatch(string(page), -1) {
		name, said := r[1], strings.TrimSpace(r[2])
		seen[name] = true
		if is, ok := securityDefaults[name]; !ok || asWritten(is) != said {
			t.Errorf("SECURITY.md says %s of %s, want %s", said, name, asWritten(is))
		}
	}
	for name := range securityDefaults {
		if !seen[name] {
			t.Errorf("SECURITY.md has no row for %s", name)
		}
	}
}
