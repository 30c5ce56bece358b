#!/usr/bin/env bash
# Builds every fuzz target of the root module and of cmd/ for OSS-Fuzz, in its Go image (Dockerfile beside this), and packs the
# inputs that are committed as their seeds. With LIST=1 it only prints what it would build.
set -euo pipefail
cd "${SOURCE:-$(dirname "$0")/../..}"

# targets prints package, function and directory of each target below a module.
targets() {
	(cd "$1" && go list -f '{{.ImportPath}} {{.Dir}}' ./...) | while read -r package dir; do
		{ cat "$dir"/*_test.go 2>/dev/null || true; } | sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(f \*testing.F).*/\1/p' | sort | while read -r target; do
			echo "$package $target $dir"
		done
	done
}

for module in . cmd; do targets "$module"; done | while read -r package target dir; do
	name=$(echo "${package##*/}_$target" | tr '[:upper:]' '[:lower:]')
	if [[ -n ${LIST-} ]]; then
		echo "$package $target $name"
		continue
	fi
	(cd "$dir" && compile_native_go_fuzzer "$package" "$target" "$name")
	if [[ -d $dir/testdata/fuzz/$target ]]; then
		(cd "$dir/testdata/fuzz/$target" && zip -q -r "$OUT/${name}_seed_corpus.zip" .)
	fi
done
