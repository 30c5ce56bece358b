//go:build !js

package websocket

// inBrowser reports whether c runs over a browser's WebSocket, with what that can do: see browserconn_js.go.
func (c *Conn) inBrowser() bool { return false }
