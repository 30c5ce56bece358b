package autobahncmd

// This file decides where the fuzzing server listens, and as what.

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/seed-d69ae1b7/websocket/autobahn"
)

// A plan is the specification of a fuzzing server and the flags put together; flags win.
type plan struct {
	spec      autobahn.ServerSpecFile
	address   string
	cert, key string // files; "": not wss
	web       string // address of the page for browsers; "": none
	webWanted bool   // somebody has asked for the page: that it cannot be had is an error
}

// defaultWebPort is the original's.
const defaultWebPort = 8080

func serverPlan(cmd *cli.Command) (plan, error) {
	p := plan{
		spec:    autobahn.ServerSpecFile{Cases: everything},
		address: cmp.Or(cmd.String("listen"), "127.0.0.1:9001"),
		cert:    cmd.String("cert"), key: cmd.String("key"),
		web: cmd.String("web"), webWanted: cmd.String("web") != "",
	}
	if name := cmd.String("spec"); name != "" {
		p.spec = autobahn.ServerSpecFile{Cases: []string{"*"}, URL: "ws://127.0.0.1:9001", Outdir: "./reports/clients"}
		if err := autobahn.ReadSpec(name, &p.spec); err != nil {
			return p, err
		}
		if err := p.asOriginal(cmd.String("listen"), cmd.IsSet("web")); err != nil {
			return p, err
		}
	}
	p.spec.Cases, p.spec.ExcludeCases = pick(cmd, p.spec.Cases, p.spec.ExcludeCases)
	p.spec.Outdir = cmp.Or(cmd.String("outdir"), p.spec.Outdir)
	if (p.cert == "") != (p.key == "") {
		return p, fmt.Errorf("wss needs a certificate and its key: cert %q, key %q", p.cert, p.key)
	}
	return p, nil
}

// asOriginal fills in what the flags leave open as the original reads its specification: of the url only scheme and port
// count, so that ws://fuzzingserver:9001 is right in a container of that name, whose address nobody knows before.
func (p *plan) asOriginal(listen string, webGiven bool) error {
	u, err := url.Parse(p.spec.URL)
	if err != nil || u.Scheme != "ws" && u.Scheme != "wss" {
		return fmt.Errorf("the url of the specification is neither ws://HOST:PORT nor wss://HOST:PORT: %q", p.spec.URL)
	}
	if listen == "" {
		if u.Port() == "" {
			return fmt.Errorf("the url of the specification has no port: %q", p.spec.URL)
		}
		p.address = ":" + u.Port()
	}
	if u.Scheme == "wss" {
		p.cert, p.key = cmp.Or(p.cert, p.spec.Cert), cmp.Or(p.key, p.spec.Key)
		if p.cert == "" {
			return fmt.Errorf("the url of the specification is wss, and it names no cert and key")
		}
	}
	port := defaultWebPort
	if p.spec.WebPort != nil {
		port = *p.spec.WebPort
	}
	if !webGiven && port != 0 {
		host, _, _ := net.SplitHostPort(p.address) // an address that is wrong fails when it is listened at
		p.web, p.webWanted = net.JoinHostPort(host, strconv.Itoa(port)), p.spec.WebPort != nil
	}
	return nil
}

func (p *plan) listen() (net.Listener, error) {
	l, err := net.Listen("tcp", p.address)
	if err != nil || p.cert == "" {
		return l, err
	}
	pair, err := tls.LoadX509KeyPair(p.cert, p.key)
	if err != nil {
		l.Close()
		return nil, err
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}}), nil
}

// serveWeb serves the page for browsers until the end of ctx. Where nobody has asked for it and the original's port is
// taken, it is left out. The address is that of the page, or "".
func (p *plan) serveWeb(ctx context.Context, fuzzing net.Addr) (address string, err error) {
	if p.web == "" {
		return "", nil
	}
	l, err := net.Listen("tcp", p.web)
	if err != nil {
		if p.webWanted {
			return "", err
		}
		fmt.Fprintf(os.Stderr, "no page for browsers: %v (\"webport\": 0 in the specification turns it off)\n", err)
		return "", nil
	}
	server := &http.Server{
		Handler:           autobahn.WebHandler(fuzzing.(*net.TCPAddr).Port, p.cert != "", p.spec.Outdir),
		ReadHeaderTimeout: 10 * time.Second,
	}
	context.AfterFunc(ctx, func() { server.Close() })
	go server.Serve(l)
	return l.Addr().String(), nil
}
