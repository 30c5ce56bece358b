// Package websocket implements the WebSocket protocol of RFC 6455, for servers and clients.
package websocket
