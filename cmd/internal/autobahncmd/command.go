// Package autobahncmd is the command autobahn of the tool ws: the conformance suite for servers and clients.
package autobahncmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/seed-d69ae1b7/websocket/autobahn"
)

// Command returns the command, for a tool to add to its own.
func Command() *cli.Command {
	return &cli.Command{
		Name:  "autobahn",
		Usage: "test a server or client against the Autobahn catalogue",
		Commands: []*cli.Command{
			clientCommand(),
			serverCommand(),
			listCommand(),
			diffCommand(),
		},
		Action: func(_ context.Context, cmd *cli.Command) error {
			if cmd.Args().Present() {
				return cli.Exit(fmt.Sprintf("ws autobahn: no such command: %s (see ws autobahn -h)", cmd.Args().First()), 2)
			}
			return cli.ShowSubcommandHelp(cmd)
		},
	}
}

// everything selects the original's cases and those that it lacks.
var everything = []string{"*", "S*"}

// pick puts the patterns of the specification, if there is one, and those of the flags together. The cases that the
// original lacks are left to those who ask for them where the specification is one of the original.
func pick(cmd *cli.Command, cases, exclude []string) (in, out []string) {
	in = patterns(cmd, "cases", cases)
	out = append(exclude, patterns(cmd, "exclude", nil)...)
	switch {
	case !cmd.IsSet("extra"):
	case cmd.Bool("extra"):
		in = append(in, "S*")
	default:
		out = append(out, "S*")
	}
	return in, out
}

// shared are the flags of client and server.
func shared() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "spec", Usage: "specification file of the original (fuzzingclient.json, fuzzingserver.json)"},
		&cli.StringSliceFlag{Name: "cases", Usage: "cases to run, with * for any characters: 6.*, S1.2 (default: all)"},
		&cli.StringSliceFlag{Name: "exclude", Usage: "cases to leave out"},
		&cli.BoolFlag{Name: "extra", Usage: "also the cases that the original lacks, S* (default: unless there is a -spec); their results are in extra.json"},
		&cli.StringFlag{Name: "outdir", Usage: "write index.json, extra.json, index.html and a file per case into this directory"},
		&cli.IntFlag{Name: "rounds", Usage: "most round trips of a case in sections 9, 12 and 13; 0: 1000, as the original"},
		&cli.StringFlag{Name: "fail-on", Value: "failed", Usage: "exit with 1 for none, failed, non-strict or unimplemented results, and worse ones"},
		&cli.BoolFlag{Name: "json", Usage: "write the results to standard output as JSON"},
		&cli.StringFlag{Name: "junit", Usage: "write JUnit XML into this file"},
		&cli.BoolFlag{Name: "quiet", Usage: "no progress and no list of results, only the summary"},
	}
}

func listCommand() *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "print every case, one a line",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "cases", Usage: "only these, with * for any characters"},
			&cli.BoolFlag{Name: "json", Usage: "as JSON"},
		},
		Action: func(_ context.Context, cmd *cli.Command) error {
			if err := noArguments(cmd); err != nil {
				return err
			}
			cases, err := autobahn.Select(patterns(cmd, "cases", everything), nil)
			if err != nil {
				return err
			}
			if cmd.Bool("json") {
				return printJSON(cmd, listed(cases))
			}
			for _, c := range cases {
				fmt.Fprintf(cmd.Root().Writer, "%-8s %s\n", c.ID, c.Description)
			}
			return nil
		},
	}
}

// listed is what list -json prints.
func listed(cases []*autobahn.Case) any {
	type entry struct {
		ID          string   `json:"id"`
		Index       int      `json:"index"`
		Description string   `json:"description"`
		Expectation string   `json:"expectation"`
		Roles       []string `json:"roles"` // of the endpoint under test
	}
	list := []entry{}
	for _, c := range cases {
		e := entry{ID: c.ID, Index: c.Index, Description: c.Description, Expectation: c.Expectation}
		if c.Roles&autobahn.Servers != 0 {
			e.Roles = append(e.Roles, "server")
		}
		if c.Roles&autobahn.Clients != 0 {
			e.Roles = append(e.Roles, "client")
		}
		list = append(list, e)
	}
	return list
}

func printJSON(cmd *cli.Command, v any) error {
	e := json.NewEncoder(cmd.Root().Writer)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// patterns are the values of a flag, which may be given several times and may hold several separated by commas.
func patterns(cmd *cli.Command, flag string, otherwise []string) []string {
	var list []string
	for _, v := range cmd.StringSlice(flag) {
		list = append(list, strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' })...)
	}
	if len(list) == 0 {
		return otherwise
	}
	return list
}

// prepare finds out what would make a run worthless before it begins.
func prepare(cmd *cli.Command, outdir string) error {
	if _, err := autobahn.ParseLimit(cmd.String("fail-on")); err != nil || outdir == "" {
		return err
	}
	return os.MkdirAll(outdir, 0o755)
}

// finish tells the results, writes what the flags ask for, and says by its error how the tool should exit; err is that of
// the run itself.
func finish(cmd *cli.Command, t *terminal, report *autobahn.Report, outdir string, err error) error {
	t.done()
	limit, lerr := autobahn.ParseLimit(cmd.String("fail-on"))
	errs := []error{err, lerr}
	bad := t.summary(report, limit)
	if outdir != "" {
		errs = append(errs, writeReports(report, outdir))
	}
	if name := cmd.String("junit"); name != "" {
		errs = append(errs, writeTo(name, func(f *os.File) error { return report.WriteJUnit(f, limit) }))
	}
	if cmd.Bool("json") {
		errs = append(errs, printJSON(cmd, summarize(report)))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if bad > 0 {
		return cli.Exit("", 1)
	}
	return nil
}

// noArguments is the error of a command that takes none and was given some.
func noArguments(cmd *cli.Command) error {
	if cmd.Args().Present() {
		return fmt.Errorf("ws autobahn %s takes no arguments: %s (see ws autobahn %[1]s -h)", cmd.Name, strings.Join(cmd.Args().Slice(), " "))
	}
	return nil
}

func writeReports(report *autobahn.Report, dir string) error {
	if err := report.WriteJSON(dir); err != nil {
		return err
	}
	return report.WriteHTML(dir, strings.Join(append([]string{filepath.Base(os.Args[0])}, os.Args[1:]...), " "))
}

func writeTo(name string, write func(*os.File) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// summarize is what -json prints: for each agent, how often each outcome came and the outcome of every case.
func summarize(report *autobahn.Report) any {
	type result struct {
		ID            string           `json:"id"`
		Behavior      autobahn.Outcome `json:"behavior"`
		BehaviorClose autobahn.Outcome `json:"behaviorClose"`
		Duration      int64            `json:"duration"`
		Result        string           `json:"result"`
		ResultClose   string           `json:"resultClose"`
	}
	type agent struct {
		Counts map[autobahn.Outcome]int `json:"counts"`
		Cases  []result                 `json:"cases"`
	}
	all := map[string]agent{}
	for _, name := range report.Agents() {
		a := agent{Counts: map[autobahn.Outcome]int{}}
		for _, r := range report.Results(name) {
			a.Counts[r.Behavior]++
			a.Cases = append(a.Cases, result{r.ID, r.Behavior, r.BehaviorClose, r.Duration, r.Result, r.ResultClose})
		}
		all[name] = a
	}
	return all
}
