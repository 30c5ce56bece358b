# The APIs of other libraries on this one (compat/), compared with those libraries, and the tests of what stands on them. Include
# this from the Makefile at the root: paths are relative to that.

# The shims' own tests, and the tables of behaviours that run over the originals and over the shims.
.PHONY: compat
compat:
	go test $(RACE) -shuffle=on ./compat/gorilla/... ./compat/coder/...
	@for library in gorilla coder; do \
		echo "go vet and go test in compat/$$library/twin"; \
		(cd compat/$$library/twin && GOWORK=off go vet . && GOWORK=off go test -count=1 .); \
	done

# The tests of others, with a shim in the place of what they stand on. All of them take about a quarter of an hour when nothing
# is cached.
.PHONY: dependents dependents-quick
dependents:
	compat/dependents.sh gorilla
	compat/dependents.sh coder
dependents-quick:
	compat/dependents.sh gorilla gqlgen melody
