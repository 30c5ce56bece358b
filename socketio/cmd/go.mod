module github.com/seed-d69ae1b7/websocket/socketio/cmd

go 1.27

require (
	github.com/seed-d69ae1b7/websocket v0.0.0-00010101000000-000000000000 // indirect
	github.com/seed-d69ae1b7/websocket/socketio v0.0.0-00010101000000-000000000000
)

replace (
	github.com/seed-d69ae1b7/websocket => ../../
	github.com/seed-d69ae1b7/websocket/socketio => ../
)
