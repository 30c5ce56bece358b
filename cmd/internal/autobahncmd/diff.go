package autobahncmd

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/seed-d69ae1b7/websocket/autobahn"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/harmless"
)

func diffCommand() *cli.Command {
	return &cli.Command{
		Name:  "diff",
		Usage: "print what changed between two report folders; fails if worse",
		Description: "A case that is not in NEW any more got worse; one that is only there did not. The folders may be " +
			"reports of the original. Exits with 2 if a report cannot be read.",
		ArgsUsage: "OLD NEW",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "cases", Usage: "only these, with * for any characters"},
			&cli.StringSliceFlag{Name: "exclude", Usage: "not these"},
		},
		Action: runDiff,
	}
}

func runDiff(_ context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 2 {
		return cli.Exit("ws autobahn diff: name two report folders, OLD and NEW", 2)
	}
	cases, err := autobahn.Select(patterns(cmd, "cases", everything), patterns(cmd, "exclude", nil))
	if err != nil {
		return cli.Exit(err, 2)
	}
	before, err := autobahn.ReadVerdicts(cmd.Args().Get(0))
	if err != nil {
		return cli.Exit(err, 2)
	}
	after, err := autobahn.ReadVerdicts(cmd.Args().Get(1))
	if err != nil {
		return cli.Exit(err, 2)
	}
	changes, worse := before.Compare(after, cases), 0
	for _, c := range changes {
		mark := "  "
		if c.Regression() {
			mark = "- "
			worse++
		}
		fmt.Fprintln(cmd.Root().Writer, mark+harmless.Line(c.String()))
	}
	fmt.Fprintf(cmd.Root().Writer, "%s -> %s: %d verdicts changed, %d for the worse\n", cmd.Args().Get(0), cmd.Args().Get(1), len(changes), worse)
	if worse > 0 {
		return cli.Exit("", 1)
	}
	return nil
}
