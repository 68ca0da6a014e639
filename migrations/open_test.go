package migrations_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.mau.fi/util/dbutil"
	"go.uber.org/goleak"

	"presence/deploy/testpg"
	"presence/migrations"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// place is a database that is still empty.
type place struct{ url, dir string }

func (p place) open(t testing.TB) (*dbutil.Database, error) {
	return migrations.Open(t.Context(), p.url, p.dir, slog.New(slog.DiscardHandler))
}

// each runs test on both engines, each time with an empty database of its own.
func each(t *testing.T, test func(t *testing.T, p place)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, place{dir: filepath.Join(t.TempDir(), "data")})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, place{url: testpg.Database(t)})
	})
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpenTwice(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		for range 2 {
			db, err := p.open(t)
			ok(t, err)
			_, err = db.Exec(t.Context(), "INSERT INTO microdao_members (microdao_id, subject) VALUES ('d', 's') ON CONFLICT DO NOTHING")
			ok(t, err)
			var members int
			ok(t, db.QueryRow(t.Context(), "SELECT count(*) FROM microdao_members").Scan(&members))
			if members != 1 {
				t.Fatalf("%d members", members)
			}
			ok(t, db.Close())
		}
	})
}

// TestOpenAtOnce: processes that start together on an empty database take
// turns to upgrade it.
func TestOpenAtOnce(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		var starting sync.WaitGroup
		for range 8 {
			starting.Go(func() {
				db, err := p.open(t)
				if err != nil {
					t.Error(err)
					return
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		starting.Wait()
	})
}

func TestRefusesNewerSchema(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		db, err := p.open(t)
		ok(t, err)
		_, err = db.Exec(t.Context(), "UPDATE version SET version = 1000, compat = 999")
		ok(t, errors.Join(err, db.Close()))
		_, err = p.open(t)
		if !errors.Is(err, dbutil.ErrUnsupportedDatabaseVersion) || !strings.Contains(err.Error(), "newer presence") {
			t.Fatal(err)
		}
	})
}

// TestAcceptsNewerCompatibleSchema: while a cluster is upgraded one process at
// a time, the older ones keep starting.
func TestAcceptsNewerCompatibleSchema(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		db, err := p.open(t)
		ok(t, err)
		_, err = db.Exec(t.Context(), "UPDATE version SET version = 1000, compat = 1")
		ok(t, errors.Join(err, db.Close()))
		db, err = p.open(t)
		ok(t, err)
		ok(t, db.Close())
	})
}

// TestSQLiteOptions reads every option back, on several connections, because
// the driver ignores misspelt ones.
func TestSQLiteOptions(t *testing.T) {
	t.Parallel()
	db, err := place{dir: t.TempDir()}.open(t)
	ok(t, err)
	defer func() { ok(t, db.Close()) }()
	for range 3 {
		conn, err := db.RawDB.Conn(t.Context())
		ok(t, err)
		defer func() { ok(t, conn.Close()) }()
		for pragma, want := range map[string]string{"foreign_keys": "1", "journal_mode": "wal", "busy_timeout": "5000", "synchronous": "1"} {
			var got string
			ok(t, conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
			if got != want {
				t.Errorf("%s is %s, want %s", pragma, got, want)
			}
		}
		if _, err := conn.ExecContext(t.Context(), `SELECT "no_such_column"`); err == nil {
			t.Error("a double-quoted name counts as text")
		}
	}
}

// TestSQLiteWritersQueue: transactions that read and then write wait for one
// another; deferred ones fail most of the time.
func TestSQLiteWritersQueue(t *testing.T) {
	t.Parallel()
	db, err := place{dir: t.TempDir()}.open(t)
	ok(t, err)
	defer func() { ok(t, db.Close()) }()
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 20 {
				err := db.DoTxn(t.Context(), nil, func(ctx context.Context) error {
					var version int
					if err := db.QueryRow(ctx, "SELECT version FROM room_links_version").Scan(&version); err != nil {
						return err
					}
					_, err := db.Exec(ctx, "UPDATE room_links_version SET version = $1", version+1)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	var version int
	ok(t, db.QueryRow(t.Context(), "SELECT version FROM room_links_version").Scan(&version))
	if version != 160 {
		t.Fatalf("%d of 160 writes counted", version)
	}
}

// TestSQLiteFileIsPrivate: the file holds the Matrix session, and its folder
// may have any name.
func TestSQLiteFileIsPrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "дані 100% ?#&")
	db, err := place{dir: dir}.open(t)
	ok(t, err)
	defer func() { ok(t, db.Close()) }()
	entries, err := os.ReadDir(dir)
	ok(t, err)
	if len(entries) == 0 {
		t.Fatal("the database is somewhere else")
	}
	for _, entry := range entries {
		info, err := entry.Info()
		ok(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", entry.Name(), info.Mode().Perm())
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	ok(t, os.WriteFile(file, nil, 0o600))
	for name, p := range map[string]place{
		"folder is a file": {dir: file},
		"other database":   {url: "mysql://presence:sesame@host/db"},
		"bad port":         {url: "postgres://presence:sesame@host:x/db"},
		"bad option":       {url: "postgres://presence:sesame@host/db?sslmode=sesame"},
		"nobody there":     {url: "postgres://presence:sesame@127.0.0.1:1/db"},
	} {
		db, err := p.open(t)
		if err == nil {
			ok(t, db.Close())
			t.Errorf("%s: no error", name)
		} else if strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v tells the password", name, err)
		}
	}
}

// TestOpenSaysWhatIsWrong: an error names the place and, for a file that is no
// database, what to do; on one line.
func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rubbish := filepath.Join(dir, "presence.db")
	ok(t, os.WriteFile(rubbish, []byte(strings.Repeat("this is no database. ", 100)), 0o600))
	for name, c := range map[string]struct {
		place place
		words []string
	}{
		"rubbish":      {place{dir: dir}, []string{rubbish, "move it away", "restore it"}},
		"file in way":  {place{dir: filepath.Join(rubbish, "data")}, []string{"data folder " + filepath.Join(rubbish, "data")}},
		"nobody there": {place{url: "postgres://presence:sesame@127.0.0.1:1/city"}, []string{"city on 127.0.0.1:1", "connection refused"}},
	} {
		_, err := c.place.open(t)
		if err == nil {
			t.Fatalf("%s: no error", name)
		}
		for _, want := range c.words {
			if strings.Count(err.Error(), want) != 1 {
				t.Errorf("%s: %q does not say %q once", name, err, want)
			}
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q has several lines", name, err)
		}
	}
	if text, err := os.ReadFile(rubbish); err != nil || !strings.HasPrefix(string(text), "this is no database") {
		t.Errorf("the file was changed: %v", err)
	}
}

func TestOpenLogsUpgrade(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	db, err := migrations.Open(t.Context(), "", t.TempDir(), slog.New(slog.NewTextHandler(&out, nil)))
	ok(t, err)
	ok(t, db.Close())
	if !strings.Contains(out.String(), "to=1") {
		t.Fatal(out.String())
	}
}
