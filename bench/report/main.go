// Report makes BENCHMARKING.md's tables and charts, and the full tables beside them, of what the benchmarks saved.
//
// Usage, from the root of the repository:
//
//	go run ./bench/report
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-d69ae1b7/websocket/bench/internal/chart"
	"github.com/seed-d69ae1b7/websocket/bench/internal/report"
	"github.com/seed-d69ae1b7/websocket/bench/internal/wire"
)

func main() {
	dir := flag.String("dir", "bench/results", "where the results are, and the charts go")
	document := flag.String("doc", "BENCHMARKING.md", "the document whose sections are replaced")
	flag.Parse()
	if err := run(*dir, *document); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

// run replaces the section of every benchmark that has results.
func run(dir, document string) error {
	b, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	text := string(b)
	for _, section := range []struct {
		name  string
		build func(dir string) (string, error)
	}{{"echo", echo}, {"tls", overTLS}, {"feed", feed}, {"broadcast", broadcast}, {"idle", idle}, {"idle-tls", idleTLS}, {"million", million}, {"micro", micro}, {"compress", compress}, {"takeover", takeover}} {
		s, err := section.build(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if text, err = report.ReplaceSection(text, section.name, s); err != nil {
			return err
		}
	}
	return os.WriteFile(document, []byte(text), 0o644)
}

// echo returns the overview of the echo benchmark, draws its charts, and writes all of its tables into a file.
func echo(dir string) (string, error) {
	r, err := report.Open(filepath.Join(dir, "echo.json"))
	if err != nil {
		return "", err
	}
	var details strings.Builder
	details.WriteString("# All cells of the echo benchmark\n\n" + origin(r))
	for _, c := range r.Cells {
		details.WriteString("\n" + r.Details(c).Markdown())
	}
	if err := os.WriteFile(filepath.Join(dir, "echo.md"), []byte(details.String()), 0o644); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(origin(r))
	for _, c := range r.Charts() {
		b.WriteString(image(dir, c))
		if err := chart.Save(c, dir); err != nil {
			return "", err
		}
	}
	for _, deflate := range []bool{false, true} {
		for _, size := range r.Sizes(deflate) {
			title := "Server CPU per message, raw TCP echo = 1: " + wire.Bytes(size)
			if deflate {
				title += ", permessage-deflate"
			}
			if t, ok := r.Overview(report.CPU, title, size, deflate); ok {
				b.WriteString("\n" + t.Markdown())
			}
		}
	}
	fmt.Fprintf(&b, "\nEvery cell with rate, latency, memory, allocations, system calls and spread: [%[1]s/echo.md](%[1]s/echo.md).\n", dir)
	b.WriteString("\n" + setups(r).Markdown())
	return b.String(), nil
}

// overTLS returns all tables of the echo benchmark over TLS.
func overTLS(dir string) (string, error) {
	r, err := report.Open(filepath.Join(dir, "echo-tls.json"))
	if err != nil {
		return "", err
	}
	text := origin(r)
	for _, c := range r.Cells {
		text += "\n" + r.Short(c).Markdown()
	}
	return text + "\n" + setups(r).Markdown(), nil
}

// feed returns all tables of the feed benchmark.
func feed(dir string) (string, error) {
	r, err := report.Open(filepath.Join(dir, "feed.json"))
	if err != nil {
		return "", err
	}
	text := origin(r)
	for _, c := range r.Cells {
		text += "\n" + r.Feed(c).Markdown()
	}
	return text + "\n" + setups(r).Markdown(), nil
}

// broadcast returns the table of the broadcast benchmark.
func broadcast(dir string) (string, error) {
	r, err := report.Open(filepath.Join(dir, "broadcast.json"))
	if err != nil {
		return "", err
	}
	return origin(r) + "\n" + r.Broadcast().Markdown() + "\n" + setups(r).Markdown(), nil
}

// setups lists how each library was used.
func setups(r report.Report) report.Table {
	t := report.Table{Title: "What was compared", Words: true, Header: []string{"library", "version", "setup"}}
	for _, l := range r.Libraries {
		t.Rows = append(t.Rows, []string{l.Name, strings.TrimSpace(l.Module + " " + l.Version), l.Setup})
	}
	return t
}

// idle returns the table of the idle benchmark and draws its chart.
func idle(dir string) (string, error) {
	r, err := report.Open(filepath.Join(dir, "idle.json"))
	if err != nil {
		return "", err
	}
	c := r.IdleChart()
	return origin(r) + image(dir, c) + "\n" + r.Idle().Markdown(), chart.Save(c, dir)
}

// idleTLS returns the table of the idle benchmark over TLS.
func idleTLS(dir string) (string, error) {
	r, err := report.Open(filepath.Join(dir, "idle-tls.json"))
	if err != nil {
		return "", err
	}
	return origin(r) + "\n" + r.Idle().Markdown(), nil
}

// micro returns the table of the micro benchmarks.
func micro(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, "micro.txt"))
	if err != nil {
		return "", err
	}
	t := report.Micro(string(b))
	if len(t.Rows) == 0 {
		return "", errors.New("no benchmark in micro.txt")
	}
	return t.Markdown(), nil
}

// origin says where the figures come from.
func origin(r report.Report) string {
	return fmt.Sprintf("`%s`, %s. %s. %s.\n", strings.TrimSpace(r.Command), r.Date, r.Machine, r.Method)
}

// image shows c.
func image(dir string, c report.Chart) string {
	return fmt.Sprintf("\n![%s](%s)\n", c.Title, filepath.ToSlash(filepath.Join(dir, c.File)))
}

// compress returns what the contest of compressors printed.
func compress(dir string) (string, error) { return printed(dir, "compress.txt") }

// takeover returns what bench/takeover printed.
func takeover(dir string) (string, error) { return printed(dir, "takeover.txt") }

// million returns what bench/million printed: of many connections, and of few to which much is published.
func million(dir string) (string, error) {
	many, err := printed(dir, "million.txt")
	if err != nil {
		return "", err
	}
	few, err := printed(dir, "publish.txt")
	return "`go run ./bench/million -conns 200000`\n\n" + many + "\n`go run ./bench/million -conns 200 -messages 8 -times 10`\n\n" + few, err
}

// printed returns what a benchmark printed into a file.
func printed(dir, file string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, file))
	return "```\n" + string(b) + "```\n", err
}
