module github.com/seed-d69ae1b7/websocket/cmd

go 1.25.0

require github.com/seed-d69ae1b7/websocket v0.0.0

require (
	github.com/urfave/cli/v3 v3.14.0
	golang.org/x/term v0.43.0
)

require golang.org/x/sys v0.45.0 // indirect

replace github.com/seed-d69ae1b7/websocket => ../
