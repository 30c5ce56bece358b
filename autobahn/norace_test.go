//go:build !race

package autobahn

const underRace = false // see race_test.go
