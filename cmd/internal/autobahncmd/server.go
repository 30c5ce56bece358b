package autobahncmd

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/signal"

	"github.com/urfave/cli/v3"

	"github.com/seed-d69ae1b7/websocket/autobahn"
)

func serverCommand() *cli.Command {
	return &cli.Command{
		Name:  "server",
		Usage: "play the server: test clients, which connect once a case and must echo every message",
		Flags: append(shared(),
			&cli.StringFlag{Name: "listen", Usage: "address to listen at (default: that of the specification, or 127.0.0.1:9001)"},
			&cli.StringFlag{Name: "cert", Usage: "certificate file for wss"},
			&cli.StringFlag{Name: "key", Usage: "key file for wss"},
			&cli.StringFlag{Name: "exec", Usage: "command that runs the client under test; the server stops when it ends"},
		),
		Action: runServer,
	}
}

func runServer(ctx context.Context, cmd *cli.Command) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	if _, err := autobahn.ParseLimit(cmd.String("fail-on")); err != nil {
		return err
	}
	spec, address, err := serverSpec(cmd)
	if err != nil {
		return err
	}
	l, err := listen(cmd, address)
	if err != nil {
		return err
	}
	t := newTerminal(os.Stderr, cmd.Bool("quiet"))
	s := &autobahn.FuzzingServer{Spec: spec, Rounds: cmd.Int("rounds"), Progress: t.progress,
		Process: autobahn.ProcessSpec{Command: shell(cmd.String("exec")), Output: os.Stderr}}
	if spec.Outdir != "" {
		s.WriteReports = func(r *autobahn.Report) error { return writeReports(r, spec.Outdir) }
	}
	cases, err := s.Count()
	if err != nil {
		return err
	}
	t.start("clients at "+l.Addr().String(), cases)
	report, err := s.Serve(ctx, l)
	if err != nil {
		return err
	}
	if err := finish(cmd, t, report, spec.Outdir); err != nil {
		return err
	}
	if cmd.String("exec") == "" || len(spec.ExcludeAgentCases) > 0 {
		return nil
	}
	return complete(report, cases)
}

// complete returns an error unless a client has run all cases: one that gave up has not shown much.
func complete(report *autobahn.Report, cases int) error {
	most := 0
	for _, agent := range report.Agents() {
		most = max(most, len(report.Results(agent)))
	}
	if most < cases {
		return fmt.Errorf("the client has run %d of %d cases", most, cases)
	}
	return nil
}

func serverSpec(cmd *cli.Command) (autobahn.ServerSpecFile, string, error) {
	spec := autobahn.ServerSpecFile{Cases: everything, URL: "ws://127.0.0.1:9001"}
	if name := cmd.String("spec"); name != "" {
		spec = autobahn.ServerSpecFile{Cases: []string{"*"}, URL: spec.URL, Outdir: "./reports/clients"}
		if err := autobahn.ReadSpec(name, &spec); err != nil {
			return spec, "", err
		}
	}
	spec.Cases, spec.ExcludeCases = pick(cmd, spec.Cases, spec.ExcludeCases)
	if dir := cmd.String("outdir"); dir != "" {
		spec.Outdir = dir
	}
	if address := cmd.String("listen"); address != "" {
		return spec, address, nil
	}
	u, err := url.Parse(spec.URL)
	if err != nil || u.Port() == "" {
		return spec, "", fmt.Errorf("the url of the specification has no port: %q", spec.URL)
	}
	return spec, u.Host, nil
}

func listen(cmd *cli.Command, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil || cmd.String("cert") == "" {
		return l, err
	}
	pair, err := tls.LoadX509KeyPair(cmd.String("cert"), cmd.String("key"))
	if err != nil {
		l.Close()
		return nil, err
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}}), nil
}
