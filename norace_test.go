//go:build !race

package websocket

const underRace = false // see race_test.go
