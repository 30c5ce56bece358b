# The library in both roles through the conformance suite (autobahn/). Include this from the Makefile at the root: paths
# are relative to that. Every outcome must be the one in the golden files; reports/ then has what happened.

# Round trips of the cases in sections 9, 12 and 13; 0 is all 1000 of them, as the original makes them.
ROUNDS ?= 100

CONFORMANCE := cmd/internal/conformance
CONFORMANCE_TARGETS := conformance-server conformance-client conformance-server-loops conformance-client-loops

# All at once: most of a case's time is spent waiting.
.PHONY: conformance
conformance:
	@$(MAKE) --no-print-directory --output-sync=target -j $(words $(CONFORMANCE_TARGETS)) $(CONFORMANCE_TARGETS)

.PHONY: conformance-build
conformance-build:
	go build -o bin/ws ./cmd/ws
	go build -o bin/conformance ./$(CONFORMANCE)

# Of the kernel, a free address for a server: it must be known before the server starts, and starts again for S4.
CONFORMANCE_ADDRESS = address=$$(bin/conformance address)

# $(call conformance_server,NAME,FLAGS OF THE ENDPOINT,FLAGS OF THE SUITE,GOLDEN FILE)
conformance_server = $(CONFORMANCE_ADDRESS); bin/ws autobahn client -quiet -agent $(1) $(3) -golden $(4) \
	-outdir reports/$(1) -exec "bin/conformance server -addr $$address $(2) >/dev/null" ws://$$address

# $(call conformance_client,NAME,FLAGS OF THE ENDPOINT,FLAGS OF THE SUITE,GOLDEN FILE)
conformance_client = $(CONFORMANCE_ADDRESS); bin/ws autobahn server -quiet -listen $$address $(3) -golden $(4) \
	-outdir reports/$(1) -exec "bin/conformance client -agent $(1) $(2) ws://$$address >/dev/null"

.PHONY: conformance-server conformance-client
conformance-server: conformance-build
	$(call conformance_server,server,,-rounds $(ROUNDS),$(CONFORMANCE)/golden/server.tsv)
conformance-client: conformance-build
	$(call conformance_client,client,,-rounds $(ROUNDS),$(CONFORMANCE)/golden/client.tsv)

# The library's other ways to read, write and upgrade, without the cases that take longest: those of 9.5 and 9.6, which
# come in small pieces with pauses, and those that measure memory.
CONFORMANCE_LOOPS := -rounds 10 -exclude '9.5.*,9.6.*,S4.*'
conformance_most = <(grep -vE '^(9\.5|9\.6|S4)\.' $(CONFORMANCE)/golden/$(1).tsv)

.PHONY: conformance-server-loops conformance-client-loops
conformance-server-loops: conformance-build
	$(call conformance_server,server-http-messages,-http,$(CONFORMANCE_LOOPS),$(call conformance_most,server))
	$(call conformance_server,server-http-append,-http -loop append,$(CONFORMANCE_LOOPS),$(call conformance_most,server))
	$(call conformance_server,server-read,-loop read -min-size -1,$(CONFORMANCE_LOOPS),$(call conformance_most,server))
	$(call conformance_server,server-stream,-loop stream -min-size -1,$(CONFORMANCE_LOOPS),$(call conformance_most,server))
conformance-client-loops: conformance-build
	$(call conformance_client,client-append,-loop append,$(CONFORMANCE_LOOPS),$(call conformance_most,client))
	$(call conformance_client,client-read,-loop read -min-size -1,$(CONFORMANCE_LOOPS),$(call conformance_most,client))
	$(call conformance_client,client-stream,-loop stream -min-size -1,$(CONFORMANCE_LOOPS),$(call conformance_most,client))
