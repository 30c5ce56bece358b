module github.com/seed-d69ae1b7/websocket/compat/gorilla/dependents/slack

go 1.26

require (
	github.com/gorilla/websocket v1.5.3 // indirect
	github.com/slack-go/slack v0.35.0 // indirect
)

replace (
	github.com/gorilla/websocket => ../../
	github.com/seed-d69ae1b7/websocket => ../../../../
)
