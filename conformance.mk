# The library in both roles through the conformance suite (autobahn/). Include this from the Makefile at the root: paths
# are relative to that. No verdict may be worse than in the reports that are committed under golden/, which
# conformance-golden makes anew; reports/ then has what happened.

# Round trips of the cases in sections 9, 12 and 13; 0 is all 1000 of them, as the original makes them.
ROUNDS ?= 100

CONFORMANCE := cmd/internal/conformance
CONFORMANCE_TARGETS := conformance-server conformance-client conformance-server-loops conformance-client-loops conformance-reactor conformance-tls

# All at once: most of a case's time is spent waiting.
.PHONY: conformance
conformance:
	@$(MAKE) --no-print-directory --output-sync=target -j $(words $(CONFORMANCE_TARGETS)) $(CONFORMANCE_TARGETS)

.PHONY: conformance-build bin/ws
bin/ws:
	go build -o $@ ./cmd/ws
conformance-build: bin/ws
	go build -o bin/conformance ./$(CONFORMANCE)

# Of the kernel, a free address for a server: it must be known before the server starts, and starts again for S4.
CONFORMANCE_ADDRESS = address=$$(bin/conformance address)

# $(call conformance_server,NAME,FLAGS OF THE ENDPOINT,ROUNDS,CASES), and for TLS: s,FLAGS OF THE SUITE
conformance_server = $(CONFORMANCE_ADDRESS); bin/ws autobahn client -quiet -fail-on none $(6) -agent $(1) -rounds $(3) $(4) \
	-outdir reports/$(1) -exec "bin/conformance server -addr $$address $(2) >/dev/null" ws$(5)://$$address; \
	bin/ws autobahn diff $(4) $(CONFORMANCE)/golden/server reports/$(1)

# $(call conformance_client,NAME,FLAGS OF THE ENDPOINT,ROUNDS,CASES), and the same
conformance_client = $(CONFORMANCE_ADDRESS); bin/ws autobahn server -quiet -fail-on none $(6) -listen $$address -rounds $(3) $(4) \
	-outdir reports/$(1) -exec "bin/conformance client -agent $(1) $(2) ws$(5)://$$address >/dev/null"; \
	bin/ws autobahn diff $(4) $(CONFORMANCE)/golden/client reports/$(1)

.PHONY: conformance-server conformance-client
conformance-server: conformance-build
	$(call conformance_server,server,,$(ROUNDS),)
conformance-client: conformance-build
	$(call conformance_client,client,,$(ROUNDS),)

# What the last runs of these two found becomes what is expected, for a person to look at and commit: without the times,
# which are never the same.
.PHONY: conformance-golden
conformance-golden:
	for file in {server,client}/{index,extra}.json; do \
		sed 's/"duration": [0-9]*/"duration": 0/' reports/$$file >$(CONFORMANCE)/golden/$$file; \
	done

# The library's other ways to read, write and upgrade, without the cases that take longest: those of 9.5 and 9.6, which
# come in small pieces with pauses, and those that measure memory.
CONFORMANCE_MOST := -exclude '9.5.*' -exclude '9.6.*' -exclude 'S4.*'

.PHONY: conformance-server-loops conformance-client-loops
conformance-server-loops: conformance-build
	$(call conformance_server,server-http-messages,-http,10,$(CONFORMANCE_MOST))
	$(call conformance_server,server-http-append,-http -loop append,10,$(CONFORMANCE_MOST))
	$(call conformance_server,server-read,-loop read -min-size -1,10,$(CONFORMANCE_MOST))
	$(call conformance_server,server-stream,-loop stream -min-size -1,10,$(CONFORMANCE_MOST))
conformance-client-loops: conformance-build
	$(call conformance_client,client-append,-loop append,10,$(CONFORMANCE_MOST))
	$(call conformance_client,client-read,-loop read -min-size -1,10,$(CONFORMANCE_MOST))
	$(call conformance_client,client-stream,-loop stream -min-size -1,10,$(CONFORMANCE_MOST))

# The event loops: those of sockets with all cases, those of workers and of every other net.Conn with most.
.PHONY: conformance-reactor
conformance-reactor: conformance-build
	$(call conformance_server,server-reactor,-reactor sockets,$(ROUNDS),)
	$(call conformance_server,server-reactor-workers,-reactor workers,10,$(CONFORMANCE_MOST))
	$(call conformance_server,server-reactor-other,-reactor other,10,$(CONFORMANCE_MOST))

# Over TLS on the socket, in both roles.
.PHONY: conformance-tls
CONFORMANCE_CERTIFICATE := reports/certificate.pem
conformance-tls: conformance-build
	mkdir -p reports && bin/conformance certificate >$(CONFORMANCE_CERTIFICATE)
	$(call conformance_server,server-tls,-tls,10,$(CONFORMANCE_MOST),s,-insecure)
	$(call conformance_client,client-tls,-tls,10,$(CONFORMANCE_MOST),s,-cert $(CONFORMANCE_CERTIFICATE) -key $(CONFORMANCE_CERTIFICATE))

# Chromium as the client, with a specification of the original's: it plays from the page at webport. Without the cases that
# take longest and 7.9: it answers a close code that may not travel with the same code.
CONFORMANCE_BROWSER := chromium --headless --no-sandbox --disable-gpu --user-data-dir=reports/chromium-profile
CONFORMANCE_BROWSER_SPEC := {"url": "ws://fuzzingserver:%s", "webport": %s, "outdir": "reports/chromium", "cases": ["*"], \
	"exclude-cases": ["7.9.*", "9.*", "12.*", "13.*"]}
.PHONY: conformance-browser
conformance-browser: conformance-build
	rm -rf reports/chromium-profile && mkdir -p reports
	address=$$(bin/conformance address); page=$$(bin/conformance address); \
	printf '$(CONFORMANCE_BROWSER_SPEC)' "$${address##*:}" "$${page##*:}" >reports/fuzzingserver.json; \
	bin/ws autobahn server -quiet -spec reports/fuzzingserver.json -listen $$address \
		-exec "$(CONFORMANCE_BROWSER) 'http://$$page/?run&stop&agent=chromium' >/dev/null 2>&1"

# The fuzzing server by a name, as in a container; needs root.
.PHONY: conformance-container
conformance-container: conformance-build
	$(CONFORMANCE)/container.sh

# The action for GitHub, as autobahn/README.md says to use it, with a fresh clone of what is committed; needs root.
.PHONY: conformance-action
conformance-action: conformance-build
	$(CONFORMANCE)/action.sh -quiet -rounds 10 -exclude '9.3.*,9.4.*,9.5.*,9.6.*,S4.2.*,S4.3.*'
