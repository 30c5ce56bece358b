// Package autobahncmd is the command autobahn of the tool ws: the conformance suite for servers and clients.
package autobahncmd

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/seed-d69ae1b7/websocket/autobahn"
)

// Command returns the command, for a tool to add to its own.
func Command() *cli.Command {
	return &cli.Command{
		Name:  "autobahn",
		Usage: "test a WebSocket server or client against the Autobahn catalogue and more",
		Commands: []*cli.Command{
			clientCommand(),
			serverCommand(),
			listCommand(),
		},
	}
}

// everything selects the original's cases and those that it lacks.
var everything = []string{"*", "S*"}

// shared are the flags of client and server.
func shared() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "spec", Usage: "specification file of the original (fuzzingclient.json, fuzzingserver.json)"},
		&cli.StringSliceFlag{Name: "cases", Usage: "cases to run, with * for any characters: 6.*, S1.2 (default: all)"},
		&cli.StringSliceFlag{Name: "exclude", Usage: "cases to leave out"},
		&cli.StringFlag{Name: "outdir", Usage: "write index.json, index.html and a file per case into this directory"},
		&cli.IntFlag{Name: "rounds", Usage: "most round trips of a case in sections 9, 12 and 13; 0: 1000, as the original"},
		&cli.StringFlag{Name: "fail-on", Value: "failed", Usage: "exit with 1 for none, failed, non-strict or unimplemented results, and worse ones"},
		&cli.BoolFlag{Name: "json", Usage: "write the results to standard output as JSON"},
		&cli.StringFlag{Name: "junit", Usage: "write JUnit XML into this file"},
		&cli.StringFlag{Name: "golden", Usage: "compare the outcomes with this file and exit with 1 if they differ"},
		&cli.BoolFlag{Name: "update-golden", Usage: "write the outcomes into the file of -golden"},
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
			cases, err := autobahn.Select(patterns(cmd, "cases", everything), nil)
			if err != nil {
				return err
			}
			if cmd.Bool("json") {
				return printJSON(cmd, cases)
			}
			for _, c := range cases {
				fmt.Fprintf(cmd.Root().Writer, "%-8s %s\n", c.ID, c.Description)
			}
			return nil
		},
	}
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

// finish writes what the flags ask for and says by its error how the tool should exit.
func finish(cmd *cli.Command, t *terminal, report *autobahn.Report, outdir string) error {
	t.done()
	limit, err := autobahn.ParseLimit(cmd.String("fail-on"))
	if err != nil {
		return err
	}
	if outdir != "" {
		if err := writeReports(report, outdir); err != nil {
			return err
		}
	}
	if name := cmd.String("junit"); name != "" {
		if err := writeTo(name, func(f *os.File) error { return report.WriteJUnit(f, limit) }); err != nil {
			return err
		}
	}
	bad := t.summary(report, limit)
	if cmd.Bool("json") {
		if err := printJSON(cmd, summarize(report)); err != nil {
			return err
		}
	}
	if name := cmd.String("golden"); name != "" {
		return golden(cmd, t, report, name)
	}
	if bad > 0 {
		return cli.Exit("", 1)
	}
	return nil
}

func writeReports(report *autobahn.Report, dir string) error {
	if err := report.WriteJSON(dir); err != nil {
		return err
	}
	return report.WriteHTML(dir)
}

// golden compares the outcomes of the only agent with the file, or writes it. With a golden file, it alone decides.
func golden(cmd *cli.Command, t *terminal, report *autobahn.Report, name string) error {
	agents := report.Agents()
	if len(agents) != 1 {
		return fmt.Errorf("-golden needs the results of one agent, there are %d", len(agents))
	}
	if cmd.Bool("update-golden") {
		return writeTo(name, func(f *os.File) error { return report.WriteGolden(f, agents[0]) })
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	diff, err := report.DiffGolden(f, agents[0])
	if err != nil {
		return err
	}
	for _, d := range diff {
		fmt.Fprintln(t.w, d)
	}
	if len(diff) > 0 {
		return cli.Exit(fmt.Sprintf("%d outcomes differ from %s", len(diff), name), 1)
	}
	fmt.Fprintf(t.w, "all outcomes are those of %s\n", name)
	return nil
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
