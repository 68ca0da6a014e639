#!/bin/sh
# A private PostgreSQL server for tests, from the binaries of this machine. It
# never touches a server that is installed or running here: own folder, own
# port on loopback, own superuser, nothing left behind.
#
#   deploy/postgres-test.sh up DIR              start in DIR, print the URL
#   deploy/postgres-test.sh down DIR            stop and remove DIR
#   deploy/postgres-test.sh run -- command...   start, run the command with
#                                               TEST_POSTGRES set, stop
set -eu

fail() {
	echo "postgres-test: $*" >&2
	exit 1
}

# Debian keeps the server's programs out of PATH; the newest version wins.
find_bin() {
	for dir in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -rn) $(dirname "$(command -v initdb || echo /-)"); do
		if [ -x "$dir/initdb" ] && [ -x "$dir/pg_ctl" ] && [ -x "$dir/postgres" ]; then
			echo "$dir"
			return
		fi
	done
	fail "no PostgreSQL server programs found; install them with: apt-get install postgresql"
}

# PostgreSQL refuses to run as root.
server_user() {
	if [ "$(id -u)" != 0 ]; then
		return
	fi
	for user in postgres nobody; do
		if id "$user" >/dev/null 2>&1; then
			echo "$user"
			return
		fi
	done
	fail "running as root and neither the user postgres nor nobody exists"
}

# as_server runs a command as the server's user, from a folder it may read.
as_server() (
	cd "$dir"
	if [ -n "$user" ]; then
		exec runuser -u "$user" -- "$@"
	fi
	exec "$@"
)

# A port that nothing listens on. Somebody may take it before the server does:
# up then tries another.
free_port() {
	while :; do
		port=$(awk -v seed="$(od -An -N4 -tu4 /dev/urandom)" 'BEGIN { srand(seed); print 20000 + int(rand() * 12000) }')
		if ! grep -qi ":$(printf %04X "$port") " /proc/net/tcp 2>/dev/null; then
			echo "$port"
			return
		fi
	done
}

start() {
	port=$(free_port)
	# Nothing is worth keeping, so nothing waits for a disk. A few hundred
	# connections: every test has a database and a pool of its own.
	as_server "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 -s \
		-o "-p $port -h 127.0.0.1 -k $dir/socket -F -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=64MB -c max_wal_size=256MB" start >/dev/null
}

up() {
	dir=$1
	bin=$(find_bin)
	user=$(server_user)
	mkdir -p "$dir"
	dir=$(cd "$dir" && pwd)
	[ -z "$(ls -A "$dir")" ] || fail "$dir is not empty"
	[ -z "$user" ] || chown "$user" "$dir"
	chmod 700 "$dir"
	as_server mkdir socket
	as_server "$bin/initdb" -D "$dir/data" -U presence -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log" 2>&1 ||
		fail "initdb failed: $(cat "$dir/initdb.log")"
	start || start || start || fail "the server did not start: $(tail -n 20 "$dir/log")"
	echo "postgres://presence@127.0.0.1:$port/postgres?sslmode=disable"
}

down() {
	dir=$1
	[ -d "$dir/data" ] || fail "no server in $dir"
	dir=$(cd "$dir" && pwd)
	bin=$(find_bin)
	user=$(server_user)
	as_server "$bin/pg_ctl" -D "$dir/data" -m immediate -w -t 60 -s stop || [ ! -f "$dir/data/postmaster.pid" ] ||
		fail "the server in $dir did not stop"
	rm -rf "$dir"
}

# run keeps the command's exit code and stops the server whatever ends it.
run() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/presence-postgres.XXXXXX")
	chmod 755 "$work"
	trap 'code=$?; trap - EXIT; stop_run' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	TEST_POSTGRES=$(up "$work/server")
	export TEST_POSTGRES
	"$@"
}

stop_run() {
	[ ! -d "$work/server/data" ] || (down "$work/server") || code=1
	rm -rf "$work"
	exit "$code"
}

case "${1:-}" in
up | down)
	[ $# = 2 ] || fail "usage: $0 $1 DIR"
	"$1" "$2"
	;;
run)
	[ "${2:-}" = -- ] && [ $# -gt 2 ] || fail "usage: $0 run -- command..."
	shift 2
	run "$@"
	;;
*)
	fail "usage: $0 up DIR | down DIR | run -- command..."
	;;
esac
