module github.com/seed-d69ae1b7/websocket/h2

go 1.26.0

require (
	github.com/seed-d69ae1b7/websocket v0.0.0
	golang.org/x/net v0.62.0
)

require golang.org/x/sys v0.49.0 // indirect

replace github.com/seed-d69ae1b7/websocket => ..
