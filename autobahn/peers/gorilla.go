package main

import (
	"net/http"

	"github.com/gorilla/websocket"
)

var gorillaUpgrader = websocket.Upgrader{
	EnableCompression: true,
	CheckOrigin:       func(*http.Request) bool { return true },
}

func gorillaServer(w http.ResponseWriter, r *http.Request) {
	c, err := gorillaUpgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	gorillaEcho(c)
}

func gorillaEcho(c *websocket.Conn) {
	defer c.Close()
	for {
		kind, p, err := c.ReadMessage()
		if err != nil {
			return
		}
		if err := c.WriteMessage(kind, p); err != nil {
			return
		}
	}
}

func gorillaClient(url string) error {
	dialer := websocket.Dialer{EnableCompression: true}
	c, _, err := dialer.Dial(url, nil)
	if err != nil {
		return err
	}
	gorillaEcho(c)
	return nil
}
