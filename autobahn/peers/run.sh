#!/usr/bin/env bash
# Runs the suite on every endpoint of this folder, one after the other, and writes verdicts.tsv: ten minutes or so. The
# cases that measure memory, and two that end the process of some, are left out, see RESULTS.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-reports/peers}
go build -o bin/ws ./cmd/ws
go build -o bin/conformance ./cmd/internal/conformance
(cd autobahn/peers && GOWORK=off go build -o ../../bin/peers . && cd node && npm ci --silent)
flags=(-quiet -rounds "${ROUNDS:-20}" -exclude 'S4.*,S3.1.7,S3.1.8' -fail-on none)

# endpoint NAME ROLE COMMAND: ADDRESS and PORT in the command are those of the server, whichever side that is.
endpoint() {
	local address command
	address=$(bin/conformance address)
	command=${3//ADDRESS/$address}
	command=${command//PORT/${address##*:}}
	if [[ $2 == server ]]; then
		bin/ws autobahn client "${flags[@]}" -parallel 4 -agent "$1 server" -outdir "$out/$1-server" -exec "$command" "ws://$address"
	else
		bin/ws autobahn server "${flags[@]}" -listen "$address" -outdir "$out/$1-client" -exec "$command"
	fi
}

for library in gorilla coder gobwas gws; do
	endpoint $library server "bin/peers -library $library -listen ADDRESS"
	endpoint $library client "bin/peers -library $library -connect ws://ADDRESS"
done
endpoint ws server "node autobahn/peers/node/peer.js server PORT"
endpoint ws client "node autobahn/peers/node/peer.js client ws://ADDRESS"
bin/peers -table "$out" >autobahn/peers/verdicts.tsv
