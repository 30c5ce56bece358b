#!/usr/bin/env bash
# The fuzzing server as people run the original: in a container, here a network namespace, in which the name of its
# specification's url resolves to an address that is not loopback. The client under test plays a few cases by that name,
# and the reports are read at the page's port. Needs root, and ip of iproute2.
set -euo pipefail
cd "$(dirname "$0")/../../.."
name=ws-fuzzingserver-$$
work=$(mktemp -d)
server=
finish() {
	[[ -z $server ]] || kill "$server" 2>/dev/null || true
	ip netns del "$name" || true
	rm -rf "$work" "/etc/netns/$name"
}
trap finish EXIT

ip netns add "$name"
mkdir -p "/etc/netns/$name"
echo "172.31.9.2 fuzzingserver" >"/etc/netns/$name/hosts"
ip -n "$name" link set lo up
ip -n "$name" address add 172.31.9.2/32 dev lo
cat >"$work/fuzzingserver.json" <<END
{
	"url": "ws://fuzzingserver:9001",
	"outdir": "$work/reports/clients",
	"cases": ["1.1.*", "2.*", "5.*", "7.1.*"],
	"exclude-cases": [],
	"exclude-agent-cases": {}
}
END
inside() { ip netns exec "$name" "$@"; }

ip netns exec "$name" bin/ws autobahn server -quiet -spec "$work/fuzzingserver.json" & # whose process becomes the server
server=$!
page() { inside bash -c 'exec 3<>/dev/tcp/fuzzingserver/8080 && printf "GET %s HTTP/1.0\r\n\r\n" "$1" >&3 && cat <&3' - "$1"; }
for _ in {1..100}; do
	page / >/dev/null 2>&1 && break
	sleep 0.1
done
inside bin/conformance client -agent inside -keep ws://fuzzingserver:9001
page /cwd/reports/clients/index.json | grep -q '"7.1.6"'
if page /cwd/reports/clients/index.json | grep -E '"(FAILED|UNCLEAN)"'; then exit 1; fi
kill "$server"
wait "$server"
server=
