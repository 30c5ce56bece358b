package autobahncmd

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/urfave/cli/v3"

	"github.com/seed-d69ae1b7/websocket/autobahn"
)

func serverCommand() *cli.Command {
	return &cli.Command{
		Name:  "server",
		Usage: "play the server: test clients, which must echo every message",
		Flags: append(shared(),
			&cli.StringFlag{Name: "listen", Usage: "`HOST:PORT` (default: 127.0.0.1:9001; with -spec, as the original, the port of its url on all interfaces)"},
			&cli.StringFlag{Name: "web", Usage: "`HOST:PORT` of a page from which a browser plays the cases, and of the reports (default: none; with -spec its webport, 8080, where -listen listens, unless this is \"\")"},
			&cli.StringFlag{Name: "cert", Usage: "certificate file for wss (default: that of -spec, if its url is wss)"},
			&cli.StringFlag{Name: "key", Usage: "key file for wss"},
			&cli.StringFlag{Name: "exec", Usage: "command that runs the client under test; the server stops when it ends"},
		),
		Action: runServer,
	}
}

func runServer(ctx context.Context, cmd *cli.Command) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	if err := noArguments(cmd); err != nil {
		return err
	}
	p, err := serverPlan(cmd)
	if err != nil {
		return err
	}
	if err := prepare(cmd, p.spec.Outdir); err != nil {
		return err
	}
	l, err := p.listen()
	if err != nil {
		return err
	}
	defer l.Close()
	page, err := p.serveWeb(ctx, l.Addr())
	if err != nil {
		return err
	}
	t := newTerminal(os.Stderr, cmd.Bool("quiet"))
	s := p.fuzzingServer(cmd, t)
	cases, err := s.Count()
	if err != nil {
		return err
	}
	t.start("clients at "+l.Addr().String(), cases)
	if page != "" {
		fmt.Fprintf(os.Stderr, "page for browsers: http://%s/\n", page)
	}
	report, err := s.Serve(ctx, l)
	if report == nil {
		return err
	}
	return finish(cmd, t, report, p.spec.Outdir, err)
}

func (p *plan) fuzzingServer(cmd *cli.Command, t *terminal) *autobahn.FuzzingServer {
	s := &autobahn.FuzzingServer{Spec: p.spec, Rounds: cmd.Int("rounds"), Progress: t.progress,
		Process: autobahn.ProcessSpec{Command: shell(cmd.String("exec")), Output: os.Stderr}}
	if p.spec.Outdir != "" {
		s.WriteReports = func(r *autobahn.Report) error { return writeReports(r, p.spec.Outdir) }
	}
	return s
}
