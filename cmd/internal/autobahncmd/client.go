package autobahncmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"github.com/urfave/cli/v3"

	"github.com/seed-d69ae1b7/websocket/autobahn"
)

func clientCommand() *cli.Command {
	return &cli.Command{
		Name:      "client",
		Usage:     "play the client: test servers, which must echo every message",
		ArgsUsage: "[url...]",
		Flags: append(shared(),
			&cli.StringFlag{Name: "agent", Usage: "name of the server in the reports (default: what it calls itself)"},
			&cli.IntFlag{Name: "parallel", Value: 16, Usage: "cases at a time; those that move much data are fewer"},
			&cli.BoolFlag{Name: "insecure", Usage: "accept any certificate (default: with -spec only, as the original)"},
			&cli.StringFlag{Name: "exec", Usage: "command that starts the server under test; also runs the cases that measure its memory"},
		),
		Action: runClient,
	}
}

func runClient(ctx context.Context, cmd *cli.Command) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	spec, err := clientSpec(cmd)
	if err != nil {
		return err
	}
	if err := prepare(cmd, spec.Outdir); err != nil {
		return err
	}
	t := newTerminal(os.Stderr, cmd.Bool("quiet"))
	f := &autobahn.FuzzingClient{
		Spec: spec, Parallel: cmd.Int("parallel"), Rounds: cmd.Int("rounds"), Insecure: insecure(cmd),
		Process: autobahn.ProcessSpec{Command: shell(cmd.String("exec")), Output: os.Stderr},
		Started: t.start, Progress: t.progress,
	}
	report, err := f.Run(ctx)
	return finish(cmd, t, report, spec.Outdir, err)
}

// insecure tells whether any certificate will do: the original, which specifications are written for, checks none.
func insecure(cmd *cli.Command) bool {
	if cmd.IsSet("insecure") {
		return cmd.Bool("insecure")
	}
	return cmd.IsSet("spec")
}

// clientSpec puts the specification file and the flags together; flags win.
func clientSpec(cmd *cli.Command) (autobahn.ClientSpec, error) {
	spec := autobahn.ClientSpec{Cases: everything}
	if name := cmd.String("spec"); name != "" {
		if cmd.IsSet("agent") {
			return spec, errors.New("-agent and -spec exclude each other: the specification names its agents")
		}
		spec = autobahn.ClientSpec{Cases: []string{"*"}, Outdir: "./reports/servers"}
		if err := autobahn.ReadSpec(name, &spec); err != nil {
			return spec, err
		}
	}
	spec.Cases, spec.ExcludeCases = pick(cmd, spec.Cases, spec.ExcludeCases)
	if dir := cmd.String("outdir"); dir != "" {
		spec.Outdir = dir
	}
	if cmd.Args().Present() {
		spec.Servers = nil
		for _, url := range cmd.Args().Slice() {
			spec.Servers = append(spec.Servers, autobahn.ServerSpec{URL: url, Agent: cmd.String("agent")})
		}
	}
	if len(spec.Servers) == 0 {
		return spec, errors.New("name a server: ws://host:port, or -spec with servers")
	}
	for i := range spec.Servers {
		if spec.Servers[i].URL == "" {
			return spec, fmt.Errorf("server %d of the specification has no url", i+1)
		}
	}
	return spec, nil
}

// shell makes a command line run by the shell, so that it may have arguments; exec keeps it the child itself.
func shell(line string) []string {
	if line == "" {
		return nil
	}
	return []string{"/bin/sh", "-c", "exec " + line}
}
