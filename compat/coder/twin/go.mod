module github.com/seed-d69ae1b7/websocket/compat/coder/twin

go 1.25.0

require github.com/coder/websocket v1.8.15
