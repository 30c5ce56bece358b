module github.com/seed-d69ae1b7/websocket/compat/coder

go 1.25.0

require github.com/seed-d69ae1b7/websocket v0.0.0

require golang.org/x/sys v0.45.0 // indirect

replace github.com/seed-d69ae1b7/websocket => ../../
