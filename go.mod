module github.com/seed-d69ae1b7/websocket

go 1.25.0

require (
	github.com/google/go-cmp v0.7.0
	golang.org/x/sys v0.45.0
)
