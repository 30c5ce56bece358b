package main

// This file keeps a connection, and knows which errors to retry. Nothing in it knows what the connection is for.

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/seed-d69ae1b7/websocket"
)

// stay has use work with one connection after the other, each to the URL that url returns, until ctx ends or another attempt
// would be in vain. use returns the error of a call on its connection. The first delay is random, of at most first, and those
// after it grow.
func stay(
	ctx context.Context, d *websocket.Dialer, first time.Duration,
	url func() string, use func(context.Context, *websocket.Conn) error,
) error {
	if _, err := d.Handshake(url()); err != nil {
		return err // the URL or the header is wrong: nothing was sent
	}
	for failures := 0; ; failures++ {
		conn, resp, err := d.Dial(ctx, url())
		if err == nil {
			began := time.Now()
			err = use(ctx, conn)
			conn.Close(websocket.StatusNormalClosure, "") // does nothing where it has ended
			if time.Since(began) > time.Minute {
				failures = 0 // what ends sooner was no success
			}
		}
		if ctx.Err() != nil || !again(err) {
			return err
		}
		select {
		case <-time.After(max(delay(first, failures), retryAfter(resp))):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// delay is random, so that the clients of a server that restarts do not come all at once, and grows: at most 1, 2, 4, … 64 times
// first.
func delay(first time.Duration, failures int) time.Duration {
	return rand.N(first << min(failures, 6))
}

// retryAfter is how long a server that has refused wants to be left alone, within reason.
func retryAfter(resp *http.Response) time.Duration {
	if resp == nil {
		return 0
	}
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After")) // it may be a date, or absent
	return min(time.Duration(max(seconds, 0))*time.Second, 5*time.Minute)
}

// again reports whether it makes sense to dial again after an error, of Dial or of a connection.
func again(err error) bool {
	if code := websocket.CloseStatus(err); code != 0 { // there was a connection, and it has ended
		return !errors.Is(err, net.ErrClosed) && (code == websocket.StatusGoingAway || code == websocket.StatusAbnormalClosure ||
			code >= websocket.StatusInternalError && code <= websocket.StatusBadGateway)
	}
	var refused *websocket.HandshakeError
	if errors.As(err, &refused) { // by the server, or by a proxy
		switch refused.Status {
		case 0, 408, 425, 429, 500, 502, 503, 504:
			return true
		}
		return false // 401 is the place to get a new token
	}
	var certificate *tls.CertificateVerificationError
	return err != nil && !errors.As(err, &certificate) // nobody there, no name, no network
}
