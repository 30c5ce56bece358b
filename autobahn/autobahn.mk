# The conformance suite against the library, both roles: every outcome must be the one in the golden files. The rounds of
# sections 9, 12 and 13 are cut to ROUNDS; 0 is all 1000 of them.
ROUNDS ?= 50
CONFORMANCE := autobahn/testdata/conformance

.PHONY: conformance
conformance:
	cd autobahn/peers && GOWORK=off go build -o ../../bin/peers .
	go build -o bin/ws ./cmd/ws
	bin/ws autobahn client -rounds $(ROUNDS) -agent seed -fail-on unimplemented -golden $(CONFORMANCE)/server.tsv -outdir reports/servers \
		-exec "bin/peers -library seed -listen 127.0.0.1:9101" ws://127.0.0.1:9101
	bin/ws autobahn server -rounds $(ROUNDS) -listen 127.0.0.1:9102 -fail-on unimplemented -golden $(CONFORMANCE)/client.tsv -outdir reports/clients \
		-exec "bin/peers -library seed -connect ws://127.0.0.1:9102"
