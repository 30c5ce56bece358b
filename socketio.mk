# The modules under socketio/, which need Go 1.27 and stand in a go.work of their own. Include this from the Makefile at the
# root: paths are relative to that.
#
#	make test-socketio              what of them needs only Go, which fetches 1.27 by itself
#	make interop-socketio           the official clients, in Node, in Chromium and of Python, and Go's frameworks
#	make fuzz-socketio FUZZTIME=1m  each fuzz target

# What a go command of any version fetches, if it is not that already.
SOCKETIO_GO := GOTOOLCHAIN=go1.27.4
SOCKETIO_MODULES := $(dir $(wildcard socketio/go.mod socketio/*/go.mod))
# Those of socketio/go.work, but for the root.
SOCKETIO_PACKAGES := ./... ./cmd/... ./bench/...

.PHONY: test-socketio
test-socketio: lint-socketio
	cd socketio && $(SOCKETIO_GO) go test $(RACE) -shuffle=on -timeout 10m $(SOCKETIO_PACKAGES)
	$(if $(RACE),cd socketio && $(SOCKETIO_GO) go test -shuffle=on -run 'Alloc|Memory' ./...)

# gofmt is that of 1.27: an older one takes a generic method for an error.
.PHONY: lint-socketio
lint-socketio: bin/staticcheck-socketio
	@echo gofmt -l socketio
	@files=$$($$($(SOCKETIO_GO) go env GOROOT)/bin/gofmt -l socketio); if [ -n "$$files" ]; then echo "$$files"; exit 1; fi
	cd socketio && $(SOCKETIO_GO) go vet $(SOCKETIO_PACKAGES) ./interop/...
	cd socketio && $(SOCKETIO_GO) $(CURDIR)/bin/staticcheck-socketio $(SOCKETIO_PACKAGES) ./interop/...
	@for module in $(SOCKETIO_MODULES); do \
		echo "go mod tidy -diff in $$module"; \
		(cd $$module && $(SOCKETIO_GO) GOWORK=off go mod tidy -diff); \
	done

bin/staticcheck-socketio: socketio/tools/go.mod
	cd socketio/tools && $(SOCKETIO_GO) GOWORK=off go build -o $(CURDIR)/$@ honnef.co/go/tools/cmd/staticcheck

.PHONY: interop-socketio
interop-socketio: socketio/interop/node/node_modules/.package-lock.json
	cd socketio && $(SOCKETIO_GO) go test $(RACE) -shuffle=on ./interop/...

# npm writes this file when it has installed everything.
socketio/interop/node/node_modules/.package-lock.json: socketio/interop/node/package-lock.json
	cd socketio/interop/node && npm ci

.PHONY: fuzz-socketio
fuzz-socketio:
	@cd socketio && export $(SOCKETIO_GO) && for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x $$package; \
		done; \
	done
