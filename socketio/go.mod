module github.com/seed-d69ae1b7/websocket/socketio

go 1.27

replace github.com/seed-d69ae1b7/websocket => ../

require github.com/seed-d69ae1b7/websocket v0.0.0-00010101000000-000000000000

require golang.org/x/sys v0.45.0 // indirect
