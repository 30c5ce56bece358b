//go:build !race

package compress

const underRace = false // see race_test.go
