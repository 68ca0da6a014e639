package store_test

import (
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"presence/deploy/testpg"
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
		test(t, open(t, testpg.Database(t)))
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
