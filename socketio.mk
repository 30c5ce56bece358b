# The modules under socketio/, which need Go 1.27 and stand in a go.work of their own. Include this from the Makefile at the
# root: paths are relative to that.
#
#	make test-socketio              what of them needs only Go, which fetches 1.27 by itself: natsadapter, too, whose NATS server is embedded
#	make interop-socketio           the official clients, in Node, in Chromium and of Python, servers, and Go's frameworks
#	make redis-socketio             redisadapter with Redis servers, official Node servers in one cluster with ours, and chats as one, behind HAProxy, too
#	make fuzz-socketio FUZZTIME=1m  each fuzz target
#	make soak-socketio SOAK=10m     10,000 clients at once, which vanish; then clients that come and go in every way
#	make bench-socketio             what a server costs, beside others: socketio/BENCHMARKING.md
#	make bench-socketio-quick       the same in a minute
#	make bench-socketio-cluster     what events cost that go through Redis and NATS, beside official servers

# What a go command of any version fetches, if it is not that already.
SOCKETIO_GO := GOTOOLCHAIN=go1.27.4
SOCKETIO_MODULES := $(dir $(wildcard socketio/go.mod socketio/*/go.mod socketio/*/*/go.mod))
# Those of socketio/go.work, but for the root.
SOCKETIO_PACKAGES := ./... ./cmd/... ./bench/... ./natsadapter/...

.PHONY: test-socketio
test-socketio: lint-socketio
	cd socketio && $(SOCKETIO_GO) go test $(RACE) -shuffle=on -timeout 15m $(SOCKETIO_PACKAGES)
	$(if $(RACE),cd socketio && $(SOCKETIO_GO) go test -shuffle=on -run 'Alloc|Memory' ./...)
	cd socketio && $(SOCKETIO_GO) go test -shuffle=on . ./engineio -detach

# gofmt is that of 1.27: an older one takes a generic method for an error.
.PHONY: lint-socketio
lint-socketio: bin/staticcheck-socketio
	@echo gofmt -l socketio
	@files=$$($$($(SOCKETIO_GO) go env GOROOT)/bin/gofmt -l socketio); if [ -n "$$files" ]; then echo "$$files"; exit 1; fi
	cd socketio && $(SOCKETIO_GO) go vet $(SOCKETIO_PACKAGES) ./interop/... ./redisadapter/...
	cd socketio && $(SOCKETIO_GO) $(CURDIR)/bin/staticcheck-socketio $(SOCKETIO_PACKAGES) ./interop/... ./redisadapter/...
	cd socketio/bench/zishang && $(SOCKETIO_GO) GOWORK=off go vet . && $(SOCKETIO_GO) GOWORK=off $(CURDIR)/bin/staticcheck-socketio .
	cd tools && $(SOCKETIO_GO) GOWORK=off go run ./undocumented ../socketio
	@for module in $(SOCKETIO_MODULES); do \
		echo "go mod tidy -diff in $$module"; \
		(cd $$module && $(SOCKETIO_GO) GOWORK=off go mod tidy -diff); \
	done

bin/staticcheck-socketio: socketio/tools/go.mod
	cd socketio/tools && $(SOCKETIO_GO) GOWORK=off go build -o $(CURDIR)/$@ honnef.co/go/tools/cmd/staticcheck

.PHONY: interop-socketio
interop-socketio: socketio/interop/node/node_modules/.package-lock.json
interop-socketio: socketio/interop/nodeserver/node_modules/.package-lock.json
interop-socketio: socketio/redisadapter/node/node_modules/.package-lock.json
	cd socketio && $(SOCKETIO_GO) go test $(RACE) -shuffle=on ./interop/...

# npm writes this file when it has installed everything.
%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci

SOAK ?= 30s
CROWD ?= 10000

.PHONY: soak-socketio
soak-socketio:
	cd socketio && $(SOCKETIO_GO) go test -count=1 -timeout 1h -v -run 'Crowd|Soak' ./bench -crowd $(CROWD) -soak $(SOAK)

# The figures of socketio/BENCHMARKING.md. Keep the machine quiet.
.PHONY: bench-socketio
bench-socketio: socketio/bench/node/node_modules/.package-lock.json
	cd socketio && $(SOCKETIO_GO) go run ./bench -json bench/results.json

.PHONY: bench-socketio-quick
bench-socketio-quick: socketio/bench/node/node_modules/.package-lock.json
	cd socketio && $(SOCKETIO_GO) go run ./bench -quick

.PHONY: bench-socketio-cluster
bench-socketio-cluster: socketio/bench/node/node_modules/.package-lock.json
	cd socketio && $(SOCKETIO_GO) go run ./bench -cluster

.PHONY: redis-socketio
redis-socketio: socketio/redisadapter/node/node_modules/.package-lock.json
	cd socketio && $(SOCKETIO_GO) go test $(RACE) -count=1 -timeout 15m ./redisadapter/...
	cd socketio && $(SOCKETIO_GO) go test $(RACE) -count=1 -tags redis -run "Redis|HAProxy" ./cmd/chat

.PHONY: fuzz-socketio
fuzz-socketio:
	@cd socketio && export $(SOCKETIO_GO) && for package in $$(go list ./... ./redisadapter/... ./natsadapter/...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x $$package; \
		done; \
	done
