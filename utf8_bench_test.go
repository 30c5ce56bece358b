package websocket

// This file measures UTF-8 validation beside utf8.Valid. It stands here and not in bench/ because nothing exported
// reaches the validator by itself.

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// BenchmarkUTF8 measures text that arrives whole.
func BenchmarkUTF8(b *testing.B) {
	for _, text := range []struct{ name, sample string }{
		{"ASCII", "The quick brown fox jumps over the lazy dog. "},
		{"mixed", "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich, 世界 и мир 😀. "},
		{"CJK", "語言文字是人類溝通的工具"},
	} {
		for _, size := range []int{16, 125, 1 << 10, 64 << 10} {
			p := []byte(strings.Repeat(text.sample, size/len(text.sample)+1))
			for size < len(p) && !utf8.RuneStart(p[size]) {
				size--
			}
			p = p[:size]
			measure := func(name string, valid func([]byte) bool) {
				b.Run(fmt.Sprintf("%s/%d/%s", text.name, len(p), name), func(b *testing.B) {
					b.SetBytes(int64(len(p)))
					for b.Loop() {
						if !valid(p) {
							b.Fatal("refused")
						}
					}
				})
			}
			measure("validator", func(p []byte) bool {
				var v utf8Validator
				return v.valid(p) && v.complete()
			})
			measure("utf8.Valid", utf8.Valid)
		}
	}
}
