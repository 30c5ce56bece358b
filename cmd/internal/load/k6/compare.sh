#!/usr/bin/env bash
# Puts ws serve under load with ws load and with k6 1.8.1, and ws load on its own with as many connections as one process may hold.
# What the server has counted stands behind each. Bounded in time; loopback only. It needs Go and curl.
#
#	cmd/internal/load/k6/compare.sh [CONNS] [SECONDS] [MANY]    100, 8 and 19900 unless given
set -euo pipefail
conns=${1:-100} seconds=${2:-8} many=${3:-19900}
here=$(cd "$(dirname "$0")" && pwd)
bin=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$bin"' EXIT

(cd "$here/../../.." && go build -o "$bin/ws" ./ws)
k6=${K6:-$bin/k6} # K6 names one that stands already
[[ -x $k6 ]] || (cd "$bin" && GOWORK=off GOBIN=$bin go install go.k6.io/k6@v1.8.1)

"$bin/ws" serve -addr 127.0.0.1:0 -log off -compress=false -metrics 127.0.0.1:0 >"$bin/out" &
server=$!
until grep -q '^Open' "$bin/out"; do kill -0 "$server"; sleep 0.1; done
metrics=$(grep -o 'http://[^ ]*/metrics' "$bin/out")
url=$(grep -o 'ws://[^ ]*/' "$bin/out")

# counted prints what the server has counted since it began.
counted() { curl -s "$metrics" | grep -E '^(ws_messages_total|ws_connections_total|process_cpu_seconds_total|process_resident_memory_bytes)'; }

echo "== ws load, $conns connections, 1 message under way on each"
"$bin/ws" load -quiet -c "$conns" -duration "${seconds}s" "$url"
counted
echo "== k6, $conns virtual users, 1 message under way on each"
timeout $((seconds + 60)) "$k6" run --quiet --no-usage-report -e CONNS="$conns" -e SECONDS="$seconds" -e URL="$url" "$here/echo.js" |
	grep -E 'answers|latency|ws_connecting|ws_sessions'
counted
echo "== ws load, $many connections, $many messages a second"
"$bin/ws" load -quiet -c "$many" -ramp 5s -rate "$many" -duration "${seconds}s" "$url"
counted
