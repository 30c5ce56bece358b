module github.com/seed-d69ae1b7/websocket/compat/gorilla/dependents/cometbft

go 1.25.0

require (
	github.com/cometbft/cometbft v1.0.1 // indirect
	github.com/go-kit/log v0.2.1 // indirect
	github.com/go-logfmt/logfmt v0.6.0 // indirect
	github.com/gorilla/websocket v1.5.3 // indirect
	github.com/petermattis/goid v0.0.0-20240813172612-4fcff4a6cae7 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/rcrowley/go-metrics v0.0.0-20201227073835-cf1acfcdf475 // indirect
	github.com/sasha-s/go-deadlock v0.3.5 // indirect
	golang.org/x/net v0.34.0 // indirect
)

replace (
	github.com/gorilla/websocket => ../../
	github.com/seed-d69ae1b7/websocket => ../../../../
)
