package redisadapter

// This file tests random operations in clusters of servers of both kinds.

import (
	"encoding/json/v2"
	"testing"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/clustertest"
)

// TestModel has three servers of ours and two of Node.
func TestModel(t *testing.T) {
	for _, format := range []string{"pubsub", "sharded", "streams", "recovering"} {
		t.Run(format, func(t *testing.T) {
			b := startBroker(t)
			var servers []clustertest.ModelServer
			for range 3 {
				servers = append(servers, startMember(t, b, format, new(Options)).Model(t))
			}
			for range 2 {
				servers = append(servers, startNode(t, b, format).model())
			}
			clustertest.Model(t, servers, 14)
		})
	}
}

// model returns the server as a ModelServer. What Node emits behind an order goes another way than the order.
func (n *nodeServer) model() clustertest.ModelServer {
	return clustertest.ModelServer{URL: n.url,
		Emit: func(rooms, except []string, args []any) {
			for i := range args {
				if bytes, ok := args[i].([]byte); ok {
					args[i] = binary{bytes}
				}
			}
			n.do(order{Do: "emit", Rooms: rooms, Except: except, Args: append([]any{"e"}, args...)})
		},
		Ask: func(rooms, except []string) []string {
			return n.list(order{Do: "ask", Rooms: rooms, Except: except, Args: []any{"ask", binary{[]byte("x")}}})
		},
		Sockets: func(rooms, except []string) []string {
			return n.list(order{Do: "ids", Rooms: rooms, Except: except})
		},
		Join:  func(id, room string) { n.do(order{Do: "join", Rooms: []string{id}, Args: []string{room}}) },
		Leave: func(id, room string) { n.do(order{Do: "leave", Rooms: []string{id}, Args: []string{room}}) },
	}
}

// list gives an order that results in a list of texts.
func (n *nodeServer) list(o order) (all []string) {
	n.t.Helper()
	if err := json.Unmarshal([]byte(n.do(o)), &all); err != nil {
		n.t.Error(err)
	}
	return all
}
