#!/usr/bin/env bash
# Makes sure that everything a target needs is on this machine.
#
#   deploy/setup.sh run    what `make run` needs: Go, Node and npm
#   deploy/setup.sh test   also a C compiler (for the race detector),
#                          PostgreSQL's server programs and Chromium
#
# What Debian packages is installed through apt when this account may (root, or
# sudo that asks for no password). What is still missing is named, with the
# command that installs it, and the script fails: nothing is ever skipped.
set -euo pipefail

need_go=1.26
need_node="Node 20.19 or a later 20, or 22.12 or later" # Vite's own rule
missing=()  # what people read, one line each
packages=() # what apt would bring

# at_least HAVE WANTED compares versions.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

want() { # want WHAT PACKAGE...
	missing+=("$1")
	shift
	packages+=("$@")
}

check_go() {
	local have
	if ! command -v go >/dev/null; then
		missing+=("Go $need_go or later; Debian's is older: https://go.dev/doc/install")
		return
	fi
	have=$(go env GOVERSION)
	at_least "${have#go}" "$need_go" ||
		missing+=("Go $need_go or later (this is ${have#go}): https://go.dev/doc/install")
}

check_node() {
	local have
	if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
		missing+=("$need_node, with npm; on Debian 13 and later: apt-get install nodejs npm; elsewhere: https://nodejs.org")
		return
	fi
	have=$(node --version)
	case $have in
	v20.*) at_least "${have#v}" 20.19 && return ;;
	*) at_least "${have#v}" 22.12 && return ;;
	esac
	missing+=("$need_node (this is ${have#v}): https://nodejs.org")
}

has_compiler() { echo 'int main(void) { return 0; }' | "${CC:-gcc}" -x c -o /dev/null - 2>/dev/null; }

has_postgres() {
	local initdb
	for initdb in /usr/lib/postgresql/*/bin/initdb "$(command -v initdb || true)"; do
		[ ! -x "$initdb" ] || return 0
	done
	return 1
}

check_test_tools() {
	has_compiler || want "a C compiler, for the race detector" build-essential
	has_postgres || want "PostgreSQL's server programs" postgresql
	command -v chromium >/dev/null || want "Chromium" chromium fonts-liberation
}

# as_root is how to become root here: nothing, sudo, or not at all.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

may_install() {
	command -v apt-get >/dev/null || return 1
	[ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }
}

install_packages() {
	echo "== installing ${packages[*]}"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
}

check() {
	missing=() packages=()
	check_go
	check_node
	[ "$1" = run ] || check_test_tools
}

case ${1:-} in
run | test) ;;
*) echo "usage: $0 run|test" >&2 && exit 2 ;;
esac

check "$1"
if [ ${#packages[@]} -gt 0 ] && may_install; then
	install_packages
	check "$1"
fi
[ ${#missing[@]} -gt 0 ] || exit 0
{
	echo "Missing on this machine:"
	printf '  - %s\n' "${missing[@]}"
	[ ${#packages[@]} = 0 ] || printf 'Install with:\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends %s\n' "${packages[*]}"
} >&2
exit 1
