# What others get from us, and what we get from others. Include this from the Makefile at the root: paths are relative to that.
#
#	make verify           what the cache has of other modules is what the go.sum files name
#	make vulnerabilities  no code of ours calls what the Go vulnerability database knows to be broken
#	make archives         the tool for six platforms, with checksums and lists of what is in it, in out/archives
#	make archives-check   ... and once more elsewhere, to see that the bytes are the same

# The database as of a day: a module, whose content the checksum database vouches for. A newer one may fail what passed
# yesterday: change this line for that, and not what a commit means.
VULNERABILITY_DB := golang.org/x/vulndb@v0.0.0-20261105234957-e22db6528018
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
# A Go whose standard library has the fixes, and which understands all of our modules.
FIXED_GO := GOTOOLCHAIN=go1.27.4

# Others' modules whose tests run over a shim (compat/*/dependents) are theirs: what they require is not ours to mend.
.PHONY: verify
verify:
	@for module in $$(git ls-files '*go.mod'); do \
		echo "go mod verify of $$module"; \
		(cd $$(dirname $$module) && $(FIXED_GO) GOWORK=off go mod verify >/dev/null); \
	done

.PHONY: vulnerabilities
vulnerabilities: bin/govulncheck
	@cd tools && GOWORK=off go build -o ../bin/vulnerable ./vulnerable
	@db=$$(go mod download -json $(VULNERABILITY_DB) | sed -n 's/.*"Dir": "\(.*\)".*/\1/p'); \
	check() { \
		echo "govulncheck -test $$* in $$PWD"; \
		$(FIXED_GO) $(CURDIR)/bin/govulncheck -test -format json -db "file://$$db/data/osv" "$$@" | $(CURDIR)/bin/vulnerable "$$PWD"; \
	}; \
	check ./... $(INSIDE); \
	(cd socketio && check $(SOCKETIO_PACKAGES) ./interop/... ./redisadapter/...); \
	for module in $(OUTSIDE) ./tools/ ./socketio/bench/zishang/; do \
		(cd $$module && export GOWORK=off && check ./...); \
	done

bin/govulncheck: supply.mk
	$(FIXED_GO) GOBIN=$(CURDIR)/bin go install $(GOVULNCHECK)

.PHONY: archives archives-check
archives:
	cd tools && $(FIXED_GO) GOWORK=off go run ./archives -out ../out/archives
archives-check:
	cd tools && $(FIXED_GO) GOWORK=off go run ./archives -out ../out/archives -check
