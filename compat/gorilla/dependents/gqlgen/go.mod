module github.com/seed-d69ae1b7/websocket/compat/gorilla/dependents/gqlgen

go 1.25.0

require (
	github.com/99designs/gqlgen v0.17.90 // indirect
	github.com/agnivade/levenshtein v1.2.1 // indirect
	github.com/goccy/go-yaml v1.19.2 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/gorilla/websocket v1.5.0 // indirect
	github.com/sosodev/duration v1.4.0 // indirect
	github.com/urfave/cli/v3 v3.8.0 // indirect
	github.com/vektah/gqlparser/v2 v2.5.33 // indirect
	golang.org/x/mod v0.33.0 // indirect
	golang.org/x/sync v0.20.0 // indirect
	golang.org/x/text v0.35.0 // indirect
	golang.org/x/tools v0.42.0 // indirect
)

replace (
	github.com/gorilla/websocket => ../../
	github.com/seed-d69ae1b7/websocket => ../../../../
)
