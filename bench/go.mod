module github.com/seed-d69ae1b7/websocket/bench

go 1.25.0

require (
	github.com/antlabs/greatws v0.2.2
	github.com/coder/websocket v1.8.15
	github.com/gobwas/ws v1.4.0
	github.com/google/go-cmp v0.7.0
	github.com/gorilla/websocket v1.5.3
	github.com/klauspost/compress v1.20.3
	github.com/lesismal/nbio v1.6.9
	github.com/lxzan/gws v1.8.9
	github.com/seed-d69ae1b7/websocket v0.0.0
	golang.org/x/net v0.55.0
	golang.org/x/sys v0.45.0
	gonum.org/v1/plot v0.17.0
)

require (
	codeberg.org/go-fonts/liberation v0.5.0 // indirect
	codeberg.org/go-latex/latex v0.2.0 // indirect
	codeberg.org/go-pdf/fpdf v0.11.1 // indirect
	git.sr.ht/~sbinet/gg v0.7.0 // indirect
	github.com/ajstarks/svgo v0.0.0-20211024235047-1546f124cd8b // indirect
	github.com/antlabs/cpuproc v0.0.0-20240615150837-aa4bcf33806c // indirect
	github.com/antlabs/wsutil v0.1.10 // indirect
	github.com/dolthub/maphash v0.1.0 // indirect
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/gobwas/pool v0.2.1 // indirect
	github.com/golang/freetype v0.0.0-20170609003504-e2365dfdc4a0 // indirect
	github.com/lesismal/llib v1.2.2 // indirect
	golang.org/x/crypto v0.51.0 // indirect
	golang.org/x/image v0.39.0 // indirect
	golang.org/x/text v0.37.0 // indirect
)

replace github.com/seed-d69ae1b7/websocket => ../
