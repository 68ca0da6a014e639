// Package testpg gives a test a PostgreSQL database of its own, on the server
// that TEST_POSTGRES names. `make test` starts such a server with
// deploy/postgres-test.sh and removes it afterwards. A database each, because
// the schema's version table is looked up by name in every schema.
//
// Only tests import it.
package testpg

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// made, with the process id, keeps the databases on one server apart.
var made atomic.Int64

// Database makes an empty database, dropped when the test ends, and returns its
// URL. Without a server the test fails: half a suite that was skipped would
// look like a suite that passed.
func Database(t testing.TB) string {
	t.Helper()
	server := os.Getenv("TEST_POSTGRES")
	if server == "" {
		t.Fatal("TEST_POSTGRES is not set, so nothing was tested on PostgreSQL. Run: deploy/postgres-test.sh run -- go test ./... (make test does that)")
	}
	parsed, err := url.Parse(server)
	if err != nil {
		t.Fatal("TEST_POSTGRES is not a URL")
	}
	name := fmt.Sprintf("presence_test_%d_%d", os.Getpid(), made.Add(1))
	ctx := context.WithoutCancel(t.Context()) // also in cleanup
	run(ctx, t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { run(ctx, t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	parsed.Path = "/" + name
	return parsed.String()
}

func run(ctx context.Context, t testing.TB, server, statement string) {
	t.Helper()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("TEST_POSTGRES: %v", err)
	}
	_, err = conn.Exec(ctx, statement)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
