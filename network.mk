# What time and bad networks do. Include this from the Makefile at the root: paths are relative to that.
#
#	make soak SOAKTIME=30m     clients come and go in every way: nothing grows, and every byte is right (internal/soak)
#	make floods            thousands of hostile peers at once, and what they cost while it lasts and behind it (internal/flood); make test
#	                       has a fiftieth of each
#	make faulty-network    packets that are lost, late and out of order, between two network namespaces (internal/badnet);
#	                       needs root and iproute2. What needs neither is in make test

SOAKTIME ?= 30m

.PHONY: soak
soak:
	go test $(RACE) -count=1 -timeout 0 -v -run TestSoak ./internal/soak -soak.duration $(SOAKTIME)

.PHONY: faulty-network
faulty-network:
	go test -tags tun -count=1 -run Line ./internal/badnet

.PHONY: floods
floods:
	go test -count=1 -v -run 'Flood|Shutdown' ./internal/flood -flood.scale 1
