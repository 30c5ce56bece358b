package main

// This file holds what a process of ws serve -exec is told of the request: the variables of CGI (RFC 3875, Section 4.1), and those
// that websocketd adds.

import (
	"net"
	"net/http"
	"strings"

	"github.com/seed-d69ae1b7/websocket"
)

// cgiEnvironment returns the variables.
func cgiEnvironment(r *http.Request, conn *websocket.Conn) []string {
	host, port, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	server, serverPort, err := net.SplitHostPort(r.Host)
	if err != nil {
		server = r.Host
	}
	if serverPort == "" {
		_, serverPort, _ = net.SplitHostPort(conn.LocalAddr().String())
	}
	env := []string{
		"GATEWAY_INTERFACE=CGI/1.1",
		"SERVER_SOFTWARE=ws",
		"SERVER_PROTOCOL=" + r.Proto,
		"SERVER_NAME=" + server,
		"SERVER_PORT=" + serverPort,
		"REQUEST_METHOD=" + r.Method,
		"REQUEST_URI=" + r.RequestURI,
		"SCRIPT_NAME=",
		"PATH_INFO=" + r.URL.Path,
		"QUERY_STRING=" + r.URL.RawQuery,
		"REMOTE_ADDR=" + host,
		"REMOTE_HOST=" + host,
		"REMOTE_PORT=" + port,
		"WEBSOCKET_SUBPROTOCOL=" + conn.Subprotocol(),
	}
	if r.TLS != nil {
		env = append(env, "HTTPS=on")
	}
	return append(env, headerVariables(r.Header)...)
}

// headerVariables returns a variable for each header field. RFC 3875, Section 4.1.18: "The HTTP header field name is converted to
// upper case, has all occurrences of "-" replaced with "_" and has "HTTP_" prepended". There is none for Proxy: HTTP_PROXY tells
// programs through whom to send their requests, and the client does not decide that. Nor is there one for a name with other
// characters than letters, digits and dashes, which could stand for another field.
func headerVariables(h http.Header) []string {
	var env []string
	for name, values := range h {
		if name == "Proxy" || strings.ContainsFunc(name, func(r rune) bool {
			return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
		}) {
			continue
		}
		separator := ", "
		if name == "Cookie" {
			separator = "; "
		}
		env = append(env, "HTTP_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))+"="+strings.Join(values, separator))
	}
	return env
}
