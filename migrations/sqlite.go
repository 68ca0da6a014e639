package migrations

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"go.mau.fi/util/dbutil"
	"modernc.org/sqlite" // the driver named "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// The options are explained in the package comment. Journal and sync modes
// lose at most the last transactions at a power cut, never consistency, and
// the sync loop repeats what was lost.
const sqliteOptions = "_txlock=immediate&_foreign_keys=1&_journal_mode=WAL&_busy_timeout=5000&_synchronous=NORMAL&_dqs=0"

// sqliteConns lets readers go on beside the one writer. Each connection costs
// about 2 MB of page cache.
const sqliteConns = 4

func connectSQLite(dir string) (db *dbutil.Database, path string, err error) {
	path, err = sqliteFile(dir)
	if err != nil {
		return nil, "", err
	}
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: sqliteOptions}
	raw, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, "", fmt.Errorf("open %s: %w", path, err)
	}
	raw.SetMaxOpenConns(sqliteConns)
	raw.SetMaxIdleConns(sqliteConns)
	db, err = dbutil.NewWithDB(raw, "sqlite")
	return db, path, err
}

// damaged reports that the file is no database, or one that lost its sense.
func damaged(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	primary := e.Code() & 0xff // the rest is detail
	return primary == sqlite3.SQLITE_NOTADB || primary == sqlite3.SQLITE_CORRUPT
}

// fileName is the database in the data folder.
const fileName = "presence.db"

// Exists reports whether there is a database to open, or at least somebody to
// ask for it: without a url, [Open] would make a new one in dir.
func Exists(url, dir string) bool {
	if url != "" {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, fileName))
	return err == nil
}

// sqliteFile makes the file before SQLite does, so that it and the journals
// that inherit its mode are the owner's alone: it holds the Matrix session.
func sqliteFile(dir string) (string, error) {
	path, err := filepath.Abs(filepath.Join(dir, fileName))
	if err != nil {
		return "", fmt.Errorf("find the data folder: %w", err)
	}
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- the operator's own data folder
	if err != nil {
		return "", fmt.Errorf("open the database file: %w", err)
	}
	if err := file.Close(); err != nil {
		return "", fmt.Errorf("open the database file: %w", err)
	}
	return path, nil
}

// turn waits until no other process or goroutine opens the database of this
// folder, and returns the end of the turn. SQLite fails at once, in spite of
// its busy timeout, when two connections switch a new file to WAL together;
// and a process that closes any handle of the file drops the locks that SQLite
// holds on it, so the file may only be made while nobody has it open.
func turn(dir string) (end func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder %s cannot be made: %w", dir, err)
	}
	folder, err := os.Open(dir) // #nosec G304 -- the operator's own data folder
	if err != nil {
		return nil, fmt.Errorf("open the data folder: %w", err)
	}
	for {
		err = syscall.Flock(int(folder.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock the data folder: %w", err), folder.Close())
	}
	return func() { _ = folder.Close() }, nil // closing unlocks; nothing was written
}
