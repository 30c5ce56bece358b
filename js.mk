# GOOS=js: the tests that run in Node.js, and how large programs are. Those in Chromium, and over real WebSockets, are a part of interop.

# What runs go's tests for js: Node.js.
JS := GOOS=js GOARCH=wasm CGO_ENABLED=0
JSEXEC = -exec '$(shell go env GOROOT)/lib/wasm/go_js_wasm_exec'

# The root package's tests of what a page uses: the browser's Conn, and Conn's ways of reading and writing over connections in memory.
JSTESTS := ^Test(Browser|Echo|Reader|Writer|Stream|Messages)

.PHONY: test-js
test-js:
	$(JS) go test $(JSEXEC) -shuffle=on -run '$(JSTESTS)' .
	$(JS) go test $(JSEXEC) -shuffle=on ./internal/jssocket/... ./wsjson ./wstest

# The bytes of a smallest client, as it is and as gzip makes it.
.PHONY: size-js
size-js:
	@dir=$$(mktemp -d); trap 'rm -r $$dir' EXIT; \
	for package in ./interop/js/hello ./interop/js/hello/coder; do \
		$(JS) go build -ldflags='-s -w' -o $$dir/hello.wasm $$package; \
		echo "$$package: $$(wc -c <$$dir/hello.wasm), $$(gzip -9 <$$dir/hello.wasm | wc -c) gzipped"; \
	done
