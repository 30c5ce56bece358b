module github.com/seed-d69ae1b7/websocket/socketio/redisadapter

go 1.27

replace (
	github.com/seed-d69ae1b7/websocket => ../../
	github.com/seed-d69ae1b7/websocket/socketio => ../
)

require (
	github.com/redis/go-redis/v9 v9.23.0
	github.com/seed-d69ae1b7/websocket/socketio v0.0.0-00010101000000-000000000000
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/seed-d69ae1b7/websocket v0.0.0-00010101000000-000000000000 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
)
