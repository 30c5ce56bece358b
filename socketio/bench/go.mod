module github.com/seed-d69ae1b7/websocket/socketio/bench

go 1.27

replace (
	github.com/seed-d69ae1b7/websocket => ../../
	github.com/seed-d69ae1b7/websocket/socketio => ../
)
