#!/usr/bin/env bash
# Runs the tests of others with a shim in the place of the library that they stand on: each in a module that replaces it.
#
#	compat/dependents.sh [-original] LIBRARY [NAME…]
#
# The file LIBRARY/dependents/list has a line for each dependent: the directory of its module, the flags of go test, and the
# packages. Without names all are run. With -original the modules replace nothing, for comparison. Each is given five minutes, and a
# second run where the first fails: some tests of others wait for milliseconds, and fail on a busy machine, over the original too.
set -uo pipefail
export GOWORK=off GOTOOLCHAIN=auto # a go.mod may want a newer Go
modfile=go.mod
if [[ ${1-} == -original ]]; then
	modfile=original.mod
	shift
fi
cd "$(dirname "$0")/${1:?usage: dependents.sh [-original] LIBRARY [NAME…]}/dependents" || exit 2
shift

# run runs the tests of one dependent.
run() {
	# shellcheck disable=SC2086 # the packages are words
	(cd "$1" && timeout 300 go test -modfile=$modfile -vet=off -count=1 -timeout 240s "$2" $3)
}

failed=()
while read -r name flags packages; do
	[[ $name && $name != \#* ]] || continue
	[[ $# == 0 || " $* " == *" $name "* ]] || continue
	echo "=== $name"
	if [[ $modfile == original.mod ]]; then
		grep -v '=> \.\./' "$name/go.mod" >"$name/original.mod"
		cp "$name/go.sum" "$name/original.sum"
	fi
	run "$name" "$flags" "$packages" || { echo "=== $name again"; run "$name" "$flags" "$packages"; } || failed+=("$name")
done <list
[[ ${#failed[@]} == 0 ]] || { echo "=== FAILED: ${failed[*]}"; exit 1; }
