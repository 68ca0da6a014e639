#!/usr/bin/env bash
# deploy/progress.sh TITLE command...
#
# Runs a command that may take minutes: says what is being done, every few
# seconds that it still goes on, and the last of the command's words only when
# it fails.
set -euo pipefail
title=$1
shift
log=$(mktemp)
ticker=

finish() {
	[ -z "$ticker" ] || kill "$ticker" 2>/dev/null || true
	rm -f "$log"
}
trap finish EXIT

tick() {
	while sleep 5; do
		printf '   %3d s  %s\n' "$SECONDS" "$(tail -n 1 "$log" | tr -d '\r' | cut -c 1-90)"
	done
}

echo "== $title"
tick &
ticker=$!
"$@" >"$log" 2>&1 || {
	code=$?
	# Without the lines that are only the name of a package being built.
	grep -v '^[^ ]*$' "$log" | tail -n 100 >&2 || true
	echo "failed: $title" >&2
	exit "$code"
}
