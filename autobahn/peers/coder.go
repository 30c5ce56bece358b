package main

import (
	"context"
	"net/http"

	"github.com/coder/websocket"
)

func coderServer(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true,
		CompressionMode:    websocket.CompressionContextTakeover,
	})
	if err != nil {
		return
	}
	coderEcho(c)
}

func coderClient(url string) error {
	c, _, err := websocket.Dial(context.Background(), url, &websocket.DialOptions{CompressionMode: websocket.CompressionContextTakeover})
	if err != nil {
		return err
	}
	coderEcho(c)
	return nil
}

func coderEcho(c *websocket.Conn) {
	defer c.CloseNow()
	c.SetReadLimit(-1)
	ctx := context.Background()
	for {
		kind, p, err := c.Read(ctx)
		if err != nil {
			return
		}
		if err := c.Write(ctx, kind, p); err != nil {
			return
		}
	}
}
