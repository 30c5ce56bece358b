# Where the library runs beside the machine at hand. Include this from the Makefile at the root: paths are relative to that.
#
#	make platforms     all of the following
#	make test-386      the root module's tests on 32 bits, where the kernel runs such programs
#	make test-s390x    those of the root package where the most significant byte comes first, in an emulator (qemu-user-static)
#	make test-arm64    the assembly for arm64, in an emulator; with ARM64= all of the root's tests, which takes minutes
#	make test-versions the root module vetted, and its tests of the protocol and of both roles, with the oldest Go and the newest
#	make build-others  the root module and its tests for systems that nothing here can run: compiled, vetted and linked.

# What is tested where: everything but a test that executes itself, which an emulator does not let it do, and one in which a megabyte is
# deciphered within the second of CloseNow.
SELF := -skip 'TestProxyFromEnvironment|TestSocketsCloseNowBesideFlood'
ARM64 ?= -run 'Mask|UTF8|Header|Close|Opcode|Status'
OTHERS := windows/amd64 darwin/arm64 freebsd/amd64 openbsd/amd64 netbsd/amd64 illumos/amd64 aix/ppc64 plan9/amd64
VERSIONS := go1.25.14 go1.27.4
ESSENCE := 'Receiver|Sender|BothRoles|Requests|CloseHandshake|Echo'

.PHONY: platforms
platforms: test-386 test-s390x test-arm64 test-versions build-others

.PHONY: test-386 test-s390x test-arm64
test-386:
	GOARCH=386 CGO_ENABLED=0 go test -shuffle=on ./...
test-s390x:
	GOARCH=s390x CGO_ENABLED=0 go test -shuffle=on -exec qemu-s390x-static $(SELF) .
test-arm64:
	GOARCH=arm64 CGO_ENABLED=0 go test -exec qemu-aarch64-static $(ARM64) $(SELF) . ./internal/simd

.PHONY: test-versions
test-versions:
	@for version in $(VERSIONS); do \
		echo "go vet ./... and go test . with $$version"; \
		export GOTOOLCHAIN=$$version; \
		go vet ./...; \
		go test -run $(ESSENCE) .; \
	done

.PHONY: build-others
build-others:
	@for target in $(OTHERS); do \
		echo "go build, go vet and go test -c for $$target"; \
		export GOOS=$${target%/*} GOARCH=$${target#*/} CGO_ENABLED=0; \
		go build ./...; \
		go vet ./...; \
		go test -c -o /dev/null .; \
	done
