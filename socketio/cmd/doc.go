// Package cmd holds the commands that stand on package socketio.
package cmd
