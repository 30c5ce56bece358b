# HTTP/2 and HTTP/3 of our own: h2/ and h3/, modules outside of go.work, which need Go 1.26. Include this from the Makefile at the root: paths are
# relative to that. What they do with real peers is in interop/newer.

# The second run is for the files that the race detector cannot be used with, which assert what memory is taken.
.PHONY: test-http2
test-http2:
	cd h2 && GOWORK=off go test $(RACE) -shuffle=on ./...
	$(if $(RACE),cd h2 && GOWORK=off go test -run Memory ./...)
	cd h3 && GOWORK=off go test $(RACE) -shuffle=on ./...

.PHONY: fuzz-http2
fuzz-http2:
	for target in FuzzServe FuzzClient; do \
		(cd h2 && GOWORK=off go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x .); \
	done

# Go's own clients of HTTP/2 have been the same from 1.27 on, and the server is another: what can differ of interop/newer there.
.PHONY: interop-http2-next
interop-http2-next:
	cd interop/newer && GOTOOLCHAIN=go1.27.4 GOWORK=off go test -run 'HTTP2$$|Ends|Rules|Read|Stall|Shutdown|H2' .

# All of the conformance suite over HTTP/2, of which interop plays what takes seconds.
.PHONY: conformance-http2
conformance-http2:
	cd interop/newer && GOWORK=off go test -count=1 -timeout 30m -v -run Suite . -suite
