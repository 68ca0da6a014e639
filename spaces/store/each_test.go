package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"presence/migrations"
	"presence/spaces"
	"presence/spaces/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// each runs test on both engines, each time on an empty database of its own.
func each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, ""))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, newDatabase(t)))
	})
}

func open(t testing.TB, url string) *store.Store {
	t.Helper()
	db, err := migrations.Open(t.Context(), url, t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return store.New(db)
}

// databases, with the process id, keeps the databases on one server apart.
var databases atomic.Int64

func newDatabase(t testing.TB) string {
	t.Helper()
	server := os.Getenv("TEST_POSTGRES")
	if server == "" {
		t.Fatal("TEST_POSTGRES is not set, so nothing was tested on PostgreSQL. Run: deploy/postgres-test.sh run -- go test ./spaces/store ./migrations")
	}
	name := fmt.Sprintf("store_test_%d_%d", os.Getpid(), databases.Add(1))
	asAdmin(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { asAdmin(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	parsed, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	parsed.Path = "/" + name
	return parsed.String()
}

func asAdmin(t testing.TB, server, statement string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // also in cleanup
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("TEST_POSTGRES: %v", err)
	}
	_, err = conn.Exec(ctx, statement)
	if err := conn.Close(ctx); err != nil {
		t.Error(err)
	}
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code spaces.Code, words ...string) {
	t.Helper()
	if got := spaces.ErrorCode(err); got != code {
		t.Fatalf("error code %q of %v, want %q", got, err, code)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}
