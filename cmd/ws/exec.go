package main

// This file holds ws serve -exec: a process for each connection. What it is told of the request is in cgi.go, and how it is ended
// depends on the system.

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/seed-d69ae1b7/websocket"
	"github.com/seed-d69ae1b7/websocket/cmd/internal/framing"
)

// How long a process goes on after its connection has ended: it is asked by the end of its input, then told, then killed.
const (
	untilTold   = time.Second
	untilKilled = 3 * time.Second
)

// execution says what is run for each connection.
type execution struct {
	command string
	framing framing.Framing
	op      websocket.Opcode // of what the process writes
	limit   int64            // bytes of a line
	service *service
}

// running returns the mode that runs a command for each connection: lines of its output are text messages, and messages lines of its
// input; or bytes.
func running(command string, binary bool, limit int64) func(*service) http.Handler {
	return func(s *service) http.Handler {
		x := &execution{command: command, op: websocket.OpText, limit: limit, service: s}
		if binary {
			x.framing, x.op = framing.Stream, websocket.OpBinary
		}
		return s.detached(x.run)
	}
}

// run runs the command until it ends, or the connection does.
func (x *execution) run(conn *websocket.Conn, r *http.Request) {
	log := x.service.logOf(conn)
	stderr := &lineLog{log: log}
	cmd := shellCommand(x.command)
	cmd.Env = append(os.Environ(), cgiEnvironment(r, conn)...)
	cmd.Stderr = stderr
	cmd.WaitDelay = untilTold // for those who have inherited its outputs
	input, err := cmd.StdinPipe()
	if err == nil {
		var output io.ReadCloser
		if output, err = cmd.StdoutPipe(); err == nil {
			if err = cmd.Start(); err == nil {
				x.connect(conn, cmd, input, output)
				stderr.flush()
				return
			}
		}
	}
	log.Error("not started", "command", x.command, "error", err.Error())
	conn.Close(websocket.StatusInternalError, "the command could not be started")
}

// connect is the life of a process.
func (x *execution) connect(conn *websocket.Conn, cmd *exec.Cmd, input io.WriteCloser, output io.Reader) {
	var ended sync.WaitGroup
	ended.Go(func() {
		x.send(conn, output)
		err := cmd.Wait()
		if err == nil {
			conn.Close(websocket.StatusNormalClosure, "")
			return
		}
		conn.Close(websocket.StatusInternalError, strings.ToValidUTF8(err.Error(), ""))
	})
	stop := context.AfterFunc(conn.Context(), func() { input.Close() }) // also under a write that waits for the process
	x.receive(conn, input)
	stop()
	input.Close()
	told := time.AfterFunc(untilTold, func() { endProcess(cmd, false) })
	killed := time.AfterFunc(untilKilled, func() { endProcess(cmd, true) })
	ended.Wait()
	told.Stop()
	killed.Stop()
}

// send sends what the process writes, until it has closed its output.
func (x *execution) send(conn *websocket.Conn, output io.Reader) {
	for reader := framing.NewReader(output, x.framing, x.limit); ; {
		data, err := reader.Next()
		if err != nil {
			break // the end, or a line without one
		}
		if x.op == websocket.OpText {
			data = bytes.ToValidUTF8(data, []byte("\ufffd"))
		}
		if conn.Write(context.Background(), x.op, data) != nil {
			break
		}
	}
	io.Copy(io.Discard, output) // nobody is there to be told any more
}

// receive writes what comes to the process, until the connection ends. A process that has closed its input gets no more.
func (x *execution) receive(conn *websocket.Conn, input io.Writer) {
	var buffer []byte
	for msg, err := range conn.MessagesInPlace(context.Background()) {
		if err != nil {
			return
		}
		buffer = x.framing.Append(buffer[:0], msg.Data)
		input.Write(buffer)
		if cap(buffer) > keptBuffer {
			buffer = nil
		}
	}
}

// lineLog logs what a process says beside its output, line by line.
type lineLog struct {
	log  *slog.Logger
	line []byte
}

// longestLogged is the most bytes of a line that is logged; what is longer comes as several.
const longestLogged = 1024

// Write implements io.Writer.
func (l *lineLog) Write(p []byte) (int, error) {
	for _, c := range p {
		if c != '\n' {
			l.line = append(l.line, c)
		}
		if c == '\n' || len(l.line) == longestLogged {
			l.flush()
		}
	}
	return len(p), nil
}

// flush logs what there is of a line.
func (l *lineLog) flush() {
	if len(l.line) > 0 {
		l.log.Info("stderr", "line", string(l.line))
	}
	l.line = l.line[:0]
}
