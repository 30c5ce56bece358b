module github.com/seed-d69ae1b7/websocket/tools

go 1.25.0
