module github.com/seed-d69ae1b7/websocket/compat/twin

go 1.25.0
