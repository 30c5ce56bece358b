# What people and CI run. Nothing here needs more than Go, but for interop (Node.js, npm, Chromium, Firefox, nginx, HAProxy and
# Apache), interop-more (Debian's python3-websockets, -aiohttp and -tornado, microsocks and tinyproxy), examples (Chromium),
# interop-socketio (python3-socketio and python3-aiohttp, too), platforms (qemu-user-static), test-js (Node.js) and faulty-network (root, iproute2);
# .ci/run installs these.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c

# The modules under socketio/ need Go 1.27 and have targets of their own, in socketio.mk.
MODULES := $(filter-out ./socketio/%,$(dir $(wildcard ./go.mod ./*/go.mod ./*/*/go.mod)))
# Those that go.work leaves out, because they need a newer Go than the rest. They are run with GOWORK=off.
OUTSIDE := $(filter-out $(addsuffix /,$(shell awk '/^\t\./ { print $$1 }' go.work)),$(MODULES))
# What one run of go can look at, beside the root, whose packages are ./...
INSIDE := $(addsuffix ...,$(filter-out ./ ./tools/ $(OUTSIDE),$(MODULES)))
# The race detector needs cgo, which needs a C compiler. Without one the tests run all the same.
RACE := $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)
# How long each fuzz target runs.
FUZZTIME ?= 10s
# The least coverage of the root package by its own tests, in percent of statements.
COVERAGE := 95

# The default: everything that needs only Go. The second run is for the files that the race detector cannot be used
# with, which assert what is allocated, and for the whole of what is done in part under it, where all takes ten times as long
# (internal/race); the last two for the portable code that assembly, and loads of whole words, stand in front of.
.PHONY: test
test:
	go test $(RACE) -shuffle=on -timeout 20m ./... ./cmd/...
	$(if $(RACE),go test -shuffle=on . ./autobahn ./compress ./internal/simd ./reactor)
	go test -tags purego -run 'Mask|UTF8|Allocs|RoundTrip|Zlib' . ./internal/simd
	go test -tags purego ./compress

# The event loops for longer, for each of their four drivers: wake-ups that are lost, and descriptors that are used again.
SOAK_REACTOR ?= 4s
.PHONY: soak-reactor
soak-reactor:
	go test $(RACE) -timeout 1h -run 'TestSoak|TestReusedDescriptors' -v ./reactor -soak $(SOAK_REACTOR)

# Other systems and architectures that the root module must at least pass go vet on, its tests included.
VET := linux/amd64 linux/arm64 linux/386 windows/amd64 darwin/arm64 freebsd/amd64 js/wasm

.PHONY: lint
lint: bin/staticcheck
	@echo gofmt -l; files=$$(git ls-files '*.go' ':!socketio' | xargs gofmt -l); if [ -n "$$files" ]; then echo "$$files"; exit 1; fi
	go vet $(INSIDE)
	@for target in $(VET); do \
		echo "go vet ./... for $$target"; \
		GOOS=$${target%/*} GOARCH=$${target#*/} CGO_ENABLED=0 go vet ./...; \
	done
	@for target in darwin/arm64 freebsd/amd64 netbsd/amd64 openbsd/amd64; do \
		echo "go vet -tags kqueue ./reactor for $$target"; \
		GOOS=$${target%/*} GOARCH=$${target#*/} CGO_ENABLED=0 go vet -tags kqueue ./reactor; \
	done
	go vet -tags purego ./...
	bin/staticcheck ./... $(INSIDE)
	$(JS) go vet ./interop/js/... ./examples/chat/client
	$(JS) bin/staticcheck -checks inherit,-U1000 . ./internal/jssocket/... ./interop/js/... ./examples/chat/client
	@for module in $(OUTSIDE); do \
		echo "go vet and staticcheck in $$module"; \
		(cd $$module && GOWORK=off go vet ./... && GOWORK=off $(CURDIR)/bin/staticcheck ./...); \
	done
	@for module in $(MODULES); do \
		echo "go mod tidy -diff in $$module"; \
		(cd $$module && GOWORK=off go mod tidy -diff); \
	done
	cd tools && GOWORK=off go vet ./... && GOWORK=off go test ./... && GOWORK=off go run ./undocumented .. -socketio
	bash -n .ci/run && scripts/release.sh -n v0.0.0 >/dev/null && LIST=1 scripts/oss-fuzz/build.sh >/dev/null

bin/staticcheck: tools/go.mod
	cd tools && GOWORK=off go build -o ../$@ honnef.co/go/tools/cmd/staticcheck

.PHONY: fuzz
fuzz:
	@for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x $$package; \
		done; \
	done

.PHONY: cover
cover:
	go test -coverprofile coverage.out .
	@go tool cover -func coverage.out | awk '{ sub("%", "", $$3) } $$1 == "total:" { print "total: " $$3 "%, at least $(COVERAGE)%"; exit $$3 < $(COVERAGE) }'

.PHONY: interop
interop: interop/node/node_modules/.package-lock.json
	go test -race -shuffle=on -timeout 20m ./interop/... ./interop/frameworks/...
	go test ./bench/features
	cd interop/newer && GOWORK=off go test -race -shuffle=on ./...

# Further peers: websockets, aiohttp and tornado of Debian's Python, undici and faye-websocket of Node; and microsocks and tinyproxy.
.PHONY: interop-more
interop-more: interop/node/node_modules/.package-lock.json
	go test -tags more -shuffle=on -run TestMore ./interop

# The programs of examples/, which their tests run, and Chromium on their pages.
.PHONY: examples
examples:
	go test $(RACE) -shuffle=on ./examples/...

# npm writes this file when it has installed everything.
interop/node/node_modules/.package-lock.json: interop/node/package-lock.json
	cd interop/node && npm ci

include bench/bench.mk
include conformance.mk
include model.mk
include js.mk
include compat.mk
include http2.mk
include socketio.mk
include supply.mk
include platforms.mk
include network.mk
