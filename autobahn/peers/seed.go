package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/compress"
)

// seedOptions are those of the library beside the suite: compression on, for messages of any size, and a limit that
// lets the catalogue's largest message pass.
func seedOptions(o compress.Options) websocket.Options {
	o.MinSize = -1
	return websocket.Options{ReadLimit: 16 << 20, Compression: &o}
}

var seedUpgrader = websocket.Upgrader{InsecureSkipOriginCheck: true, Options: seedOptions(compress.Options{})}

var seedServer = seedUpgrader.Handler(func(c *websocket.Conn, _ *http.Request) { seedEcho(c) }).ServeHTTP

func seedEcho(c *websocket.Conn) {
	ctx := context.Background()
	for msg, err := range c.Messages(ctx) {
		if err != nil || c.Write(ctx, msg.Op, msg.Data) != nil {
			return
		}
	}
}

// seedClient is a driver as gorillaClient is.
func seedClient(base, agent string) error {
	ctx := context.Background()
	dialer := &websocket.Dialer{Options: seedOptions(compress.Options{})}
	c, _, err := dialer.Dial(ctx, base+"/getCaseCount")
	if err != nil {
		return err
	}
	_, p, err := c.Read(ctx)
	if err := errors.Join(err, c.Close(websocket.StatusNormalClosure, "")); err != nil && p == nil {
		return err
	}
	count, err := strconv.Atoi(string(p))
	if err != nil {
		return err
	}
	for i := 1; i <= count; i++ {
		c, _, err := dialer.Dial(ctx, fmt.Sprintf("%s/runCase?case=%d&agent=%s", base, i, url.QueryEscape(agent)))
		if err == nil {
			seedEcho(c)
			c.CloseNow()
		}
	}
	c, _, err = dialer.Dial(ctx, base+"/updateReports?agent="+url.QueryEscape(agent))
	if err != nil {
		return err
	}
	c.Read(ctx) // until the server, which has then written its reports, closes
	c.CloseNow()
	return nil
}
