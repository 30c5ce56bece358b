module github.com/seed-d69ae1b7/websocket/compat/gorilla/dependents/melody

go 1.25.0

require (
	github.com/gorilla/websocket v1.5.0 // indirect
	github.com/olahol/melody v1.1.4 // indirect
)

replace (
	github.com/gorilla/websocket => ../../
	github.com/seed-d69ae1b7/websocket => ../../../../
)
