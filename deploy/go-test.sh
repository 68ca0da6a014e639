#!/usr/bin/env bash
# Runs Go tests with the race detector and writes what `go test -json` does.
#
#   deploy/go-test.sh                   every package
#   deploy/go-test.sh -run X ./spaces   what the arguments say
#
# The root package, whose tests bring a homeserver and browsers each, comes last
# and alone: beside other packages their browsers would starve.
set -euo pipefail

if [ $# -gt 0 ]; then
	exec go test -race -json "$@"
fi
root=$(go list .)
mapfile -t rest < <(go list ./... | grep -vx "$root")
failed=0
go test -race -json "${rest[@]}" || failed=$?
go test -race -json "$root" || failed=$?
exit "$failed"
