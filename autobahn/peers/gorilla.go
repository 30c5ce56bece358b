package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

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

// gorillaClient is a driver of the kind that was written for the original: it asks for the number of cases, runs each,
// and has the reports written.
func gorillaClient(base, agent string) error {
	dialer := websocket.Dialer{EnableCompression: true}
	c, _, err := dialer.Dial(base+"/getCaseCount", nil)
	if err != nil {
		return err
	}
	_, p, err := c.ReadMessage()
	c.Close()
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(string(p))
	if err != nil {
		return err
	}
	for i := 1; i <= count; i++ {
		c, _, err := dialer.Dial(fmt.Sprintf("%s/runCase?case=%d&agent=%s", base, i, url.QueryEscape(agent)), nil)
		if err == nil {
			gorillaEcho(c)
		}
	}
	c, _, err = dialer.Dial(base+"/updateReports?agent="+url.QueryEscape(agent), nil)
	if err != nil {
		return err
	}
	return c.Close()
}
