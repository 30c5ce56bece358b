module github.com/seed-d69ae1b7/websocket/autobahn/peers

go 1.25.0

require (
	github.com/coder/websocket v1.8.15
	github.com/gobwas/httphead v0.1.0
	github.com/gobwas/ws v1.4.0
	github.com/gorilla/websocket v1.5.3
	github.com/lxzan/gws v1.8.9
	github.com/seed-d69ae1b7/websocket v0.0.0
)

replace github.com/seed-d69ae1b7/websocket => ../../

require (
	github.com/dolthub/maphash v0.1.0 // indirect
	github.com/gobwas/pool v0.2.1 // indirect
	github.com/klauspost/compress v1.17.9 // indirect
	golang.org/x/sys v0.45.0 // indirect
)
