module github.com/seed-d69ae1b7/websocket/socketio/bench

go 1.27

replace (
	github.com/seed-d69ae1b7/websocket => ../../
	github.com/seed-d69ae1b7/websocket/socketio => ../
)

require github.com/seed-d69ae1b7/websocket/socketio v0.0.0-00010101000000-000000000000

require (
	github.com/seed-d69ae1b7/websocket v0.0.0-00010101000000-000000000000 // indirect
	golang.org/x/sys v0.45.0 // indirect
)
