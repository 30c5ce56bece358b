module github.com/seed-d69ae1b7/websocket/compat/coder/dependents/gqlgen

go 1.26.0

require (
	github.com/99designs/gqlgen v0.17.98 // indirect
	github.com/coder/websocket v1.8.15 // indirect
	github.com/go-viper/mapstructure/v2 v2.5.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/sosodev/duration v1.4.0 // indirect
	github.com/vektah/gqlparser/v2 v2.5.64 // indirect
	golang.org/x/sync v0.24.0 // indirect
)

replace (
	github.com/coder/websocket => ../../
	github.com/seed-d69ae1b7/websocket => ../../../../
)
