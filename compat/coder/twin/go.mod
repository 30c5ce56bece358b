module github.com/seed-d69ae1b7/websocket/compat/coder/twin

go 1.25.0

require (
	github.com/coder/websocket v1.8.15
	github.com/seed-d69ae1b7/websocket/compat/twin v0.0.0
)

replace github.com/seed-d69ae1b7/websocket/compat/twin => ../../twin
