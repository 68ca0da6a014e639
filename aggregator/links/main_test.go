package links_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"presence/migrations"
	"presence/spaces"
	"presence/spaces/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openStore(t testing.TB) *store.Store {
	t.Helper()
	db, err := migrations.Open(t.Context(), "", t.TempDir(), slog.New(slog.DiscardHandler))
	ok(t, err)
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

func slugs(t testing.TB, s *store.Store) string {
	t.Helper()
	links, err := s.Links(t.Context())
	ok(t, err)
	return join(links)
}

func join(links []spaces.Link) string {
	names := make([]string, len(links))
	for i, l := range links {
		names[i] = string(l.Slug)
	}
	return strings.Join(names, " ")
}

// journal is a log that tests read; guarded by mu.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) logger() *slog.Logger { return slog.New(slog.NewTextHandler(j, nil)) }

// count says how often a text was logged.
func (j *journal) count(text string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.text.String(), text)
}
