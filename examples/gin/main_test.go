package main

import (
	"testing"

	"github.com/seed-d69ae1b7/websocket/examples/internal/program"
	"github.com/seed-d69ae1b7/websocket/examples/internal/rooms"
)

func TestMain(m *testing.M) { program.Main(m, main) }

func TestRoom(t *testing.T) { rooms.Test(t) }
