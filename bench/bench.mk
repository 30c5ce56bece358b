# Benchmarks against other libraries. Include this from the Makefile at the root: paths are relative to that.
# What the figures mean, and what is unfair about them: BENCHMARKING.md.

BENCH_ROUNDS ?= 9
BENCH_RESULTS := bench/results
BENCH_TLS := ours-messages,ours-appendread,ours-netconn,coder,gobwas,gorilla,gws
BENCH_MICRO := go test ./bench/micro -run '^$$' -benchmem

# The whole comparison, and BENCHMARKING.md made anew of it. Takes about 20 minutes; keep the machine quiet.
.PHONY: bench
bench:
	mkdir -p $(BENCH_RESULTS)
	go run ./bench/echo -rounds $(BENCH_ROUNDS) -warm 50ms -time 200ms -json $(BENCH_RESULTS)/echo.json
	go run ./bench/idle -json $(BENCH_RESULTS)/idle.json
	go run ./bench/broadcast -rounds $(BENCH_ROUNDS) -json $(BENCH_RESULTS)/broadcast.json
	$(MAKE) bench-tls
	$(BENCH_MICRO) -bench 'Header|Mask|Message|Upgrade' -count 5 -benchtime 50ms | tee $(BENCH_RESULTS)/micro.txt
	go test . -run '^$$' -bench UTF8 -benchmem -count 5 -benchtime 50ms | tee -a $(BENCH_RESULTS)/micro.txt
	go run ./bench/compress/contest | tee $(BENCH_RESULTS)/compress.txt
	go run ./bench/takeover | tee $(BENCH_RESULTS)/takeover.txt
	go run ./bench/report

# TLS beside crypto/tls, and clients that read a feed. Three minutes; makes the sections of BENCHMARKING.md that are about these.
.PHONY: bench-tls
bench-tls:
	mkdir -p $(BENCH_RESULTS)
	go run ./bench/feed -rounds $(BENCH_ROUNDS) -json $(BENCH_RESULTS)/feed.json
	go run ./bench/echo -tls on -deflate off -libs $(BENCH_TLS) -conns 1,100 -sizes 125,1048576 -rounds $(BENCH_ROUNDS) \
		-json $(BENCH_RESULTS)/echo-tls.json
	go run ./bench/idle -tls -libs $(BENCH_TLS),ours-detached -conns 2000 -rounds 2 -json $(BENCH_RESULTS)/idle-tls.json
	go run ./bench/report

# Many connections that wait: eleven server processes and as many of clients, 4 GB. Makes the section of BENCHMARKING.md about them.
.PHONY: bench-million
bench-million:
	mkdir -p $(BENCH_RESULTS)
	go run ./bench/million -conns 200000 | tee $(BENCH_RESULTS)/million.txt
	go run ./bench/million -conns 200 -messages 8 -times 10 | tee $(BENCH_RESULTS)/publish.txt
	go run ./bench/report

# The cells that matter most, in under two minutes. Fails only if our library allocates for each message.
.PHONY: bench-quick
bench-quick:
	go run ./bench/echo -libs ours-messages,ours-appendread,ours-read,ours-reactor,gorilla,coder,gobwas,gws -conns 100 -sizes 125,1024 \
		-rounds 3 -warm 50ms -time 150ms -gate ours-messages,ours-appendread,ours-reactor
	go run ./bench/idle -libs ours-messages,ours-owned,ours-handler,ours-detached,ours-reactor,gorilla,gobwas -rounds 1
	go run ./bench/million -conns 1000 -per 500 -times 1
	go run ./bench/feed -libs ours-messages,gorilla -rounds 1
	go run ./bench/broadcast -conns 100 -rounds 1
	go run ./bench/echo -tls on -deflate off -libs ours-messages,gorilla -conns 100 -sizes 125 -rounds 1
	$(BENCH_MICRO) -bench 'ParseHeader|AppendHeader|Upgrade' -benchtime 20ms
