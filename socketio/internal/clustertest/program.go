package clustertest

// This file holds servers in processes of their own, which can be killed: the program of the test, started once more.

import (
	"bufio"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/seed-d69ae1b7/websocket/socketio"
	"github.com/seed-d69ae1b7/websocket/socketio/adapter"
)

// programEnv is the variable of the environment that lets the program of a test be a server.
const programEnv = "CLUSTERTEST_PROGRAM"

// Program is for TestMain: it returns, unless this process is to be a server. Then it is one until its standard input ends, with the adapter
// that follows from Cluster.Program.
func Program(adapterOf func(arg string) adapter.New) {
	arg, ok := os.LookupEnv(programEnv)
	if !ok {
		return
	}
	arg, recovers := strings.CutPrefix(arg, "recovers ")
	s := httptest.NewServer(newServer(adapterOf(arg), recovers, socketio.Recovery{SurviveKill: true}))
	fmt.Println(s.URL)
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// Beat is how often a server in a process of its own says that it is there, in formats where servers do.
const Beat = 500 * time.Millisecond

// Victim is a server in a process of its own.
type Victim struct {
	Process
	URL string
}

// Spawn starts a server that can be killed. It ends with the test at the latest. Its clients' sessions survive that, where there is recovery.
func (c *Cluster) Spawn() *Victim {
	c.T.Helper()
	cmd := exec.Command(os.Args[0])
	arg := c.Program
	if c.Recovers {
		arg = "recovers " + arg
	}
	cmd.Env = append(os.Environ(), programEnv+"="+arg)
	out, err := cmd.StdoutPipe()
	if err != nil {
		c.T.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil { // ends with this process, however it ends
		c.T.Fatal(err)
	}
	v := new(Victim)
	v.Run(c.T, cmd)
	c.T.Cleanup(v.Stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		c.T.Fatal("the server does not start: ", line, err)
	}
	v.URL = strings.TrimSpace(line)
	return v
}
