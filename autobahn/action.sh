#!/usr/bin/env bash
# Builds the tool from the repository that this file is part of, and tests what the inputs of action.yml say.
set -euo pipefail
tool=$RUNNER_TEMP/ws
go build -C "$(dirname "$0")/.." -o "$tool" ./cmd/ws
read -ra flags <<<"${FLAGS:-}"
flags+=(-outdir "$REPORTS" -exec "$EXEC")
case ${URL:+url}${LISTEN:+listen} in
	url) "$tool" autobahn client ${AGENT:+-agent "$AGENT"} "${flags[@]}" "$URL" ;;
	listen) "$tool" autobahn server -listen "$LISTEN" "${flags[@]}" ;;
	*)
		echo "name either the url of a server or, for a client, where to listen" >&2
		exit 2
		;;
esac
