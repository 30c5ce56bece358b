module github.com/seed-d69ae1b7/websocket/compat/gorilla/twin

go 1.25.0

require (
	github.com/gorilla/websocket v1.5.3
	github.com/seed-d69ae1b7/websocket/compat/twin v0.0.0
)

require (
	github.com/seed-d69ae1b7/websocket v0.0.0 // indirect
	golang.org/x/sys v0.45.0 // indirect
)

replace github.com/seed-d69ae1b7/websocket => ../../../

replace github.com/gorilla/websocket => ../

replace github.com/seed-d69ae1b7/websocket/compat/twin => ../../twin
