package main

// This file plays the cases of a fuzzing server, as drivers written for the original do.

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/gorilla/websocket"
)

// drive asks for the number of cases, has client play each, and then has the reports written. What is not a case is
// asked with one library for all.
func drive(base, agent string, client func(url string) error) error {
	count, err := ask(base + "/getCaseCount")
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	query := "agent=" + url.QueryEscape(agent)
	for i := 1; i <= n; i++ {
		client(fmt.Sprintf("%s/runCase?case=%d&%s", base, i, query)) // an error is right where the server answers wrongly
	}
	if answer, _ := ask(base + "/updateReports?" + query); answer != "" {
		return fmt.Errorf("reports: %s", answer)
	}
	return nil
}

// ask gives the first message that the server sends.
func ask(url string) (string, error) {
	c, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_, p, err := c.ReadMessage()
	return string(p), err
}
