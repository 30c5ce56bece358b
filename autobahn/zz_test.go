package autobahn

import (
	"context"
	"fmt"
	"net"
	"os"
	"testing"
)

func TestZZ(t *testing.T) {
	f := &FuzzingClient{Spec: ClientSpec{Servers: []ServerSpec{{Agent: "x", URL: os.Getenv("WSURL")}}, Cases: []string{os.Getenv("WSCASES")}}, Parallel: 16, Rounds: 50}
	n := map[string]int{}
	f.Progress = func(r *Result) {
		k := string(r.Behavior) + "/" + string(r.BehaviorClose)
		n[k]++
		if k != "OK/OK" {
			fmt.Println(r.ID, k, r.Result, r.ResultClose)
		}
	}
	_, err := f.Run(context.Background())
	fmt.Println(n, err)
}
func TestZS(t *testing.T) {
	s := &FuzzingServer{Spec: ServerSpecFile{Cases: []string{os.Getenv("WSCASES")}}, Rounds: 20}
	n := map[string]int{}
	s.Progress = func(r *Result) {
		k := string(r.Behavior) + "/" + string(r.BehaviorClose)
		n[k]++
		if k != "OK/OK" {
			fmt.Println(r.ID, k, r.Result, r.ResultClose)
		}
	}
	l, _ := net.Listen("tcp", os.Getenv("WSURL"))
	_, err := s.Serve(context.Background(), l)
	fmt.Println(n, err)
}
