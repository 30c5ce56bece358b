module github.com/seed-d69ae1b7/websocket/compat/coder/dependents/goproxy

go 1.25.0

require (
	github.com/coder/websocket v1.8.15 // indirect
	github.com/elazarl/goproxy v1.9.3 // indirect
	golang.org/x/net v0.50.0 // indirect
	golang.org/x/text v0.34.0 // indirect
)

replace (
	github.com/coder/websocket => ../../
	github.com/seed-d69ae1b7/websocket => ../../../../
)
