package chart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
)

// The chart is an SVG with the name of every library in it.
func TestSave(t *testing.T) {
	dir := t.TempDir()
	c := report.Chart{File: "c.svg", Series: []report.Series{{Name: "1 KiB", Labels: []string{"raw", "ours"}, Values: []float64{1, 2}}}}
	if err := Save(c, dir); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, c.File))
	if err != nil || !strings.Contains(string(b), "<svg") || !strings.Contains(string(b), ">raw<") || !strings.Contains(string(b), ">ours<") {
		t.Errorf("%v, %.200s", err, b)
	}
}
