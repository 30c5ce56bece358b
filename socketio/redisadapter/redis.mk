# What is run for socketio/redisadapter. It needs redis-server (Debian: redis-server) and Node 20.

SIO_GO = GOTOOLCHAIN=go1.27.4 go

.PHONY: test-redis race-redis

# Real Redis servers on Unix sockets of their own, and official Node servers in one cluster with ours.
test-redis:
	cd socketio/redisadapter/node && npm ci --no-audit --no-fund
	cd socketio/redisadapter && $(SIO_GO) vet ./... && $(SIO_GO) test -count=1 ./...

race-redis:
	cd socketio/redisadapter && $(SIO_GO) test -race -count=1 ./...
