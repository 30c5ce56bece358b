#!/usr/bin/env bash
# The lines that autobahn/README.md gives to users of GitHub Actions, played with a fresh clone of this repository as
# GitHub would: each "uses" of the action with its inputs, by the environment and the command of autobahn/action.yml. The
# server and the client under test are this library's. Arguments are further flags for the suite. Needs root and ip of
# iproute2: the ports of the lines are free in a network namespace of its own.
set -euo pipefail
if [[ ${1:-} != inside ]]; then
	exec unshare --net "$0" inside "$@"
fi
shift
cd "$(dirname "$0")/../../.."
ip link set lo up
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone -q --depth 1 "file://$PWD" "$work/action"
mkdir "$work/project" "$work/temp"
printf '#!/bin/sh\nexec "%s" server -addr "127.0.0.1:$2" >/dev/null\n' "$PWD/bin/conformance" >"$work/project/my-server"
printf '#!/bin/sh\nexec "%s" client -agent my-driver "$1" >/dev/null\n' "$PWD/bin/conformance" >"$work/project/my-driver"
chmod +x "$work"/project/*
cd "$work/project"

# values NAME FILE: what stands behind "NAME: " in the lines of the file.
values() { sed -n "s/^ *\(- \)\?$1: //p" "$2"; }
# inputs N: "name: value" of the N-th use in the README.
inputs() { awk -v n="$1" '/^    - uses: .*\/autobahn@/ { use++ } use == n && /^        [a-z]+: /' "$work/action/autobahn/README.md"; }

use() {
	local name expression value
	inputs "$1" >"$work/inputs"
	while IFS=' :' read -r name expression; do
		value=${expression//'${{ runner.temp }}'/$work/temp}
		if [[ $value =~ ^'${{ inputs.'([a-z]+)' }}'$ ]]; then
			value=$(values "${BASH_REMATCH[1]}" "$work/inputs")
		fi
		[[ $name != FLAGS ]] || value+=" $2"
		export "$name=$value"
	done < <(sed -n 's/^        \([A-Z]\+: .*\)/\1/p' "$work/action/autobahn/action.yml")
	echo "action: $(tr -s ' \n' ' ' <"$work/inputs")"
	export RUNNER_TEMP=$work/temp GITHUB_ACTION_PATH=$work/action/autobahn
	bash -euo pipefail -c "$(values run "$work/action/autobahn/action.yml")"
	ls "$REPORTS/index.html" "$REPORTS/index.json" >/dev/null
	rm -rf "$REPORTS"
}

uses=$(grep -c '^    - uses: .*/autobahn@' "$work/action/autobahn/README.md")
[[ $uses == 2 ]]
for n in $(seq "$uses"); do
	use "$n" "$*"
done
