module github.com/seed-d69ae1b7/websocket/bench

go 1.25.0

require github.com/seed-d69ae1b7/websocket v0.0.0

require github.com/klauspost/compress v1.20.3

replace github.com/seed-d69ae1b7/websocket => ../
