#!/usr/bin/env bash
# Makes the nested modules ready for a release: each that requires the root module by "replace => ../" then requires a
# version of it instead, without which "go install github.com/seed-d69ae1b7/websocket/cmd/ws@latest" would refuse it.
#
#	scripts/release.sh [-n] VERSION
#
# The modules under socketio/ are left out: they are not released yet.
#
# -n only prints what would change. A release is made in this order:
#
#	1. On main, with CHANGELOG.md up to date and CI green: git tag VERSION, and push the tag.
#	2. On a branch beside main: scripts/release.sh VERSION, then "GOWORK=off go mod tidy" in each module that it names,
#	   which needs the tag to be public, and commit.
#	3. git tag cmd/VERSION, h2/VERSION, h3/VERSION, compat/gorilla/VERSION and compat/coder/VERSION on that commit, and push the tags. The branch is
#	   not merged: main keeps the replacements, so that a clone builds what it holds.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
	echo "usage: scripts/release.sh [-n] VERSION, such as v1.2.3" >&2
	exit 2
}

dry=
if [[ ${1-} == -n ]]; then
	dry=1
	shift
fi
[[ $# == 1 && $1 =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || usage
version=$1
root=$(sed -n 's/^module //p' go.mod)

for mod in */go.mod */*/go.mod; do
	[[ $mod != socketio/* ]] || continue
	grep -q "^replace $root => " "$mod" || continue
	edit=(go mod edit -dropreplace="$root" -require="$root@$version")
	if [[ -n $dry ]]; then
		# A copy is edited, so that nothing can be left behind half done.
		copy=$(mktemp -d)
		cp "$mod" "$copy/go.mod"
		"${edit[@]}" "$copy/go.mod"
		diff -u --label "$mod" --label "$mod, released" "$mod" "$copy/go.mod" || true
		rm -r "$copy"
	else
		"${edit[@]}" "$mod"
		echo "${mod%/go.mod}"
	fi
done
