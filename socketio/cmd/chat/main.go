// Command chat is a chat server with a page: rooms, typing, presence, history, files, and reconnection that loses nothing.
//
// The page uses the official client, which is fetched from npm once, in the directory socketio:
//
//	npm ci --prefix cmd/chat/client
//	go run ./cmd/chat
//
// Several are one chat with -redis redis://localhost:6379, or -nats nats://localhost:4222 (with JetStream): what is said on one is heard on all, and a client that
// loses its connection to one comes back to another without missing anything.
//
// Pages of other origins, such as one that is being developed, are refused unless named: -origin http://localhost:5173.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
	"github.com/seed-d69ae1b7/websocket/socketio/engineio"
	"github.com/seed-d69ae1b7/websocket/socketio/natsadapter"
	"github.com/seed-d69ae1b7/websocket/socketio/redisadapter"
)

func main() {
	addr := flag.String("addr", "localhost:3000", "`address` to listen on")
	client := flag.String("client", "cmd/chat/client/node_modules/socket.io-client/dist", "`directory` of the official client")
	origins := flag.String("origin", "", "other `origins` whose pages may connect, separated by commas")
	cookie := flag.Bool("cookie", false, "set the cookie by which a load balancer keeps a client's requests together")
	redisURL := flag.String("redis", "", "`URL` of the Redis by which several are one")
	natsURL := flag.String("nats", "", "`URLs` of the NATS by which several are one, separated by commas")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o := new(engineio.Options)
	if *origins != "" {
		o.Origins = strings.Split(*origins, ",")
	}
	if *cookie {
		o.Cookie = &http.Cookie{Name: "io", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	}
	a, err := connect(*redisURL, *natsURL)
	if err == nil {
		err = run(ctx, *addr, *client, o, a)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "chat:", err)
		os.Exit(1)
	}
}

// connect returns the adapter of one of several, or nil.
func connect(redisURL, natsURL string) (adapter.New, error) {
	switch {
	case redisURL != "" && natsURL != "":
		return nil, errors.New("-redis or -nats, not both")
	case redisURL != "":
		o, err := redis.ParseURL(redisURL)
		if err != nil {
			return nil, err
		}
		return redisadapter.Streams(redis.NewClient(o), nil), nil
	case natsURL != "":
		return natsadapter.JetStream(natsURL, nil), nil
	}
	return nil, nil
}

// run serves until ctx ends.
func run(ctx context.Context, addr, client string, o *engineio.Options, a adapter.New) error {
	o.OnRefuse = hintAtOrigins
	c := newChat(o, a)
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	if _, err := os.Stat(client + "/" + clientFile); errors.Is(err, fs.ErrNotExist) {
		fmt.Println("The official client is not there yet. In the directory socketio: npm ci --prefix cmd/chat/client")
	}
	srv := &http.Server{Handler: c.routes(client), ReadHeaderTimeout: 10 * time.Second}
	fmt.Printf("http://%s\n", l.Addr())
	go c.keepAnnouncing(ctx)
	go func() {
		<-ctx.Done()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		c.io.Shutdown(ctx) // polls are answered, so that the other need not wait for them
		srv.Shutdown(ctx)
	}()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// hintAtOrigins says how to let a page connect that was refused.
func hintAtOrigins(r *http.Request, err error) {
	var e *engineio.Error
	if r != nil && errors.As(err, &e) && e.Code == engineio.Forbidden {
		slog.Warn("a page of another origin was refused; to allow it, add it to -origin", "origin", r.Header.Get("Origin"))
	}
}
