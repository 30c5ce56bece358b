package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/seed-d69ae1b7/websocket/bench/internal/stats"
)

// Table is a table of text. The first column is aligned to the left, the others to the right unless they hold words.
type Table struct {
	Title  string
	Words  bool
	Header []string
	Rows   [][]string
	Note   string // below the table, or empty
}

// Print writes t for a terminal.
func (t Table) Print(w io.Writer) error {
	fmt.Fprintf(w, "\n%s\n", t.Title)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range append([][]string{t.Header}, t.Rows...) {
		fmt.Fprintf(tw, "%-*s\t%s\t\n", t.firstWidth(), row[0], strings.Join(row[1:], "\t"))
	}
	if err := tw.Flush(); err != nil || t.Note == "" {
		return err
	}
	_, err := fmt.Fprintln(w, t.Note)
	return err
}

// firstWidth is the width of the first column, which is padded by hand because tabwriter aligns all columns alike.
func (t Table) firstWidth() int {
	width := len(t.Header[0])
	for _, row := range t.Rows {
		width = max(width, len(row[0]))
	}
	return width
}

// Markdown writes t as GitHub shows it.
func (t Table) Markdown() string {
	var b strings.Builder
	column := "---:|"
	if t.Words {
		column = "---|"
	}
	fmt.Fprintf(&b, "**%s**\n\n| %s |\n|---|%s\n", t.Title, strings.Join(t.Header, " | "),
		strings.Repeat(column, len(t.Header)-1))
	for _, row := range t.Rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	if t.Note != "" {
		fmt.Fprintf(&b, "\n%s\n", t.Note)
	}
	return b.String()
}

// Number writes v with three significant digits, and thousands as k and M.
func Number(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.3gM", v/1e6)
	case v >= 1e4:
		return fmt.Sprintf("%.3gk", v/1e3)
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v < 0.005 && v > -0.005:
		return "0"
	}
	return fmt.Sprintf("%.3g", v)
}

// spread writes a median with the lowest and highest round.
func spread(s stats.Summary) string {
	if s.N == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f (%.2f-%.2f)", s.Median, s.Min, s.Max)
}

// bytes writes a number of bytes as KiB or MiB.
func bytes(v float64) string {
	if v >= 1<<20 {
		return fmt.Sprintf("%.1f MiB", v/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", v/(1<<10))
}
