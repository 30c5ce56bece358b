module github.com/seed-d69ae1b7/websocket/interop

go 1.25.0

require (
	github.com/coder/websocket v1.8.15
	github.com/gorilla/websocket v1.5.3
	github.com/seed-d69ae1b7/websocket v0.0.0
)

require golang.org/x/sys v0.45.0 // indirect

replace github.com/seed-d69ae1b7/websocket => ../
