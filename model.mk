# Random conversations over Conn (internal/model). Include this from the Makefile at the root: paths are relative to that.
#
#	make model DURATION=1h          plain and with the race detector, GOMAXPROCS 1, 2 and 8, a sixth of the time each
#	make model FLAGS="-model.only=real -model.filter"
#	                                over TLS on sockets only
#	make model FLAGS=-model.base=7  from a seed on; more flags: go test ./internal/model -args -help
#	make model-replay SEED=0x18ec5146c66d8c70 FLAGS=-model.bubble
#	                                one conversation again and again, for DURATION: the scheduler is not drawn. A finding says
#	                                whether it was in a bubble
#	make model-mutants              each of a table of defects put in, and the time until the model has found it
#	make mutants                    each rule of the RFCs broken by a line, and the quick test that fails then: internal/mutants/rules,
#	                                where the result is committed. FLAGS=-new takes only what is new or was changed

DURATION ?= 1m
MUTANT_TIME ?= 1m
FLAGS ?=

MODEL := ./internal/model -run '^TestModel$$' -count=1 -timeout 0 -v -args -model.duration=$(DURATION)

.PHONY: model
model:
	@for procs in 1 2 8; do for race in "" $(RACE); do \
		echo "GOMAXPROCS=$$procs $$race"; \
		GOMAXPROCS=$$procs nice go test $$race $(MODEL) -model.share=6 $(FLAGS); \
	done; done

.PHONY: model-replay
model-replay:
	go test $(RACE) $(MODEL) -model.seed=$(SEED) -model.keep $(FLAGS)

# A minute: seeds that are always the same, and others, which are printed.
.PHONY: model-short
model-short:
	go test $(MODEL) -model.base=1 -model.share=3
	go test $(RACE) $(MODEL) -model.base=1000000 -model.share=3
	GOMAXPROCS=8 go test $(MODEL) -model.share=3

.PHONY: model-mutants
model-mutants:
	nice go run ./internal/model/mutants -for $(MUTANT_TIME) $(FLAGS)

.PHONY: mutants
mutants:
	nice go run ./internal/mutants/rules $(FLAGS)
