module github.com/seed-d69ae1b7/websocket/compat/gorilla/twin

go 1.25.0

require (
	github.com/gorilla/websocket v1.5.3
	github.com/seed-d69ae1b7/websocket/compat/twin v0.0.0
)

replace github.com/seed-d69ae1b7/websocket/compat/twin => ../../twin
