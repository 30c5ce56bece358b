// Package vote is an application with handlers, and a test of them in vote_test.go.
package vote

import (
	"sync"

	"github.com/seed-d69ae1b7/websocket/socketio"
)

// New returns a server that counts votes.
func New() *socketio.Server {
	io := socketio.NewServer(nil)
	var mu sync.Mutex
	votes := make(map[string]int)
	io.Handle("vote", func(s *socketio.Socket, option string) (int, error) {
		if option == "" {
			return 0, &socketio.Error{Message: "vote for what?"}
		}
		mu.Lock()
		defer mu.Unlock()
		votes[option]++
		s.Broadcast().Emit("voted", option, votes[option])
		return votes[option], nil
	})
	return io
}
