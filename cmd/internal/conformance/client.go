package main

// This file holds the client: it plays the cases of a fuzzing server one after the other, as drivers for the original
// Autobahn do, and asks for the verdict on each.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/seed-d69ae1b7/websocket"
)

// A driver talks to one fuzzing server.
type driver struct {
	base   string
	agent  string
	keep   bool // the server is not stopped at the end
	dialer websocket.Dialer
}

func newDriver(base, agent string, options websocket.Options) *driver {
	return &driver{base: base, agent: url.QueryEscape(agent), dialer: websocket.Dialer{Options: options}}
}

// run plays every case, has the reports written and the server stopped. It prints how often each verdict came.
func (d *driver) run(ctx context.Context, f echo) error {
	var cases int
	if err := d.ask(ctx, "/getCaseCount", &cases); err != nil {
		return err
	}
	verdicts := map[string]int{}
	for n := 1; n <= cases; n++ {
		query := fmt.Sprintf("?case=%d&agent=%s", n, d.agent)
		conn, _, err := d.dialer.Dial(ctx, d.base+"/runCase"+query)
		if err == nil { // an error is right where the server shakes hands wrongly, and the server judges it
			f(ctx, conn)
			conn.Close(websocket.StatusNormalClosure, "")
		}
		var status struct{ Behavior string }
		if err := d.ask(ctx, "/getCaseStatus"+query, &status); err != nil {
			return err
		}
		verdicts[status.Behavior]++
	}
	fmt.Println(cases, "cases:", verdicts)
	err := d.ask(ctx, "/updateReports?agent="+d.agent, nil)
	if d.keep {
		return err
	}
	return errors.Join(err, d.ask(ctx, "/stopServer", nil))
}

// ask connects to a path of the server and stores the message that it answers with, if there is to be one, in v.
func (d *driver) ask(ctx context.Context, path string, v any) error {
	conn, _, err := d.dialer.Dial(ctx, d.base+path)
	if err != nil {
		return err
	}
	defer conn.Close(websocket.StatusNormalClosure, "")
	m, err := conn.Read(ctx)
	if v == nil {
		var closed *websocket.CloseError
		if errors.As(err, &closed) && closed.Code == websocket.StatusNormalClosure {
			return nil // the server has done what it was asked for
		}
		return fmt.Errorf("%s: the server did not just close: %w", path, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return json.Unmarshal(m.Data, v)
}
