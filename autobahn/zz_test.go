package autobahn

import (
	"context"
	"fmt"
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
