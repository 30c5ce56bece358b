package interop

// This file tests that docs/from-node.md has everything that the official packages declare to be public.

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// declarations are the official packages' declarations of types, by the folder that they are installed in.
var declarations = map[string][]string{
	"nodeserver/node_modules/socket.io/dist":       {"index", "namespace", "socket", "broadcast-operator", "parent-namespace", "client"},
	"nodeserver/node_modules/engine.io/build":      {"server", "socket"},
	"node/node_modules/socket.io-client/build/esm": {"index", "manager", "socket"},
	"node/node_modules/engine.io-client/build/esm": {"socket"},
	"../redisadapter/node/node_modules/@socket.io": {"redis-adapter/dist/index", "redis-adapter/dist/sharded-adapter", "redis-streams-adapter/dist/adapter", "redis-emitter/dist/index"},
}

// internals are public for other packages of Socket.IO only, or by mistake.
var internals = strings.Fields(`constructor encoder createChild preEncoded wsPreEncoded opts upgrades onWebTransportSession errorMessages description
	transportImplementations priorWebsocketSuccess binaryType doPublish doPublishResponse onRawMessage decode encode subClient uid nextOffset
	broadcastWithAck addSockets delSockets persistSession restoreSession broadcastChannel requestChannel redisClient initialPacket`)

var (
	comment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	member  = regexp.MustCompile(`(?m)^    (?:(?:readonly|static|get|set|abstract) )*["']?([a-z]\w*)["']?\??(?:<[^(\n]*>)?[:(]`)
)

// TestFromNode protects that every method, property, option and event of the official server, client, adapters and emitter has its place in
// docs/from-node.md.
func TestFromNode(t *testing.T) {
	text, err := os.ReadFile("../docs/from-node.md")
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for _, name := range regexp.MustCompile(`\w+`).FindAllString(string(text), -1) {
		known[name] = true
	}
	for _, name := range internals {
		known[name] = true
	}
	found := 0
	for dir, files := range declarations {
		for _, file := range files {
			b, err := os.ReadFile(filepath.Join(dir, file+".d.ts"))
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range member.FindAllStringSubmatch(comment.ReplaceAllString(string(b), ""), -1) {
				if found++; !known[m[1]] {
					t.Errorf("%s/%s: %s", dir, file, m[1])
					known[m[1]] = true
				}
			}
		}
	}
	if found < 300 {
		t.Errorf("only %d members were found", found)
	}
}
