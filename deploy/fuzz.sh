#!/usr/bin/env bash
# deploy/fuzz.sh TIME: runs every fuzz target of the tree for TIME, one after
# the other, and fails when one finds something. Targets are found by their
# names, so a new one is never forgotten.
set -euo pipefail
time=$1
failed=()

targets() { grep -rnoE --include='*_test.go' --exclude-dir=node_modules '^func Fuzz[A-Za-z0-9_]*' . | sed -E 's|^\./||; s|/?[^/]*_test\.go:[0-9]+:func | |' | sort -u; }

while read -r first second; do
	# A target in the root folder has no folder before it.
	dir=./${second:+$first} name=${second:-$first}
	echo "== $name in $dir for $time"
	go test "$dir" -run '^$' -fuzz "^$name\$" -fuzztime "$time" || failed+=("$dir $name")
done < <(targets)

[ ${#failed[@]} = 0 ] || { printf 'found something: %s\n' "${failed[@]}" >&2; exit 1; }
