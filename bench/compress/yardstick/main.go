// Command yardstick prints the chat corpus, one message a line, for zlib.mjs, which tells what zlib makes of it:
//
//	go run ./compress/yardstick | node compress/yardstick/zlib.mjs
package main

import (
	"bytes"
	"log"
	"os"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

func main() {
	if _, err := os.Stdout.Write(bytes.Join(corpus.Chat(corpus.Seed, 256), []byte("\n"))); err != nil {
		log.Fatal(err)
	}
}
