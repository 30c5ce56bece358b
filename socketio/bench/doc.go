// Package bench holds the benchmarks of package socketio.
package bench
