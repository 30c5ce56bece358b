module github.com/seed-d69ae1b7/websocket/bench

go 1.25.0

require (
	github.com/gobwas/ws v1.4.0
	github.com/seed-d69ae1b7/websocket v0.0.0
)

require (
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/gobwas/pool v0.2.1 // indirect
	golang.org/x/sys v0.45.0 // indirect
)

replace github.com/seed-d69ae1b7/websocket => ../
