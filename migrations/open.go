package migrations

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"go.mau.fi/util/dbutil"
)

//go:embed *.sql
var files embed.FS

// upgrades panics on a malformed or doubled file, which every start and every
// test would show.
var upgrades = dbutil.BuildUpgradeTable().WithFS(files).Finish()

// Open opens and upgrades the database. An empty url means the SQLite file
// presence.db in the folder dir, which is made when missing and readable by
// its owner only; postgres:// and postgresql:// URLs mean PostgreSQL.
//
// The caller closes the database. Errors never hold the URL, because it may
// hold a password.
func Open(ctx context.Context, url, dir string, log *slog.Logger) (*dbutil.Database, error) {
	if url == "" {
		end, err := turn(dir)
		if err != nil {
			return nil, err
		}
		defer end()
	}
	db, place, err := connect(url, dir)
	if err != nil {
		return nil, err
	}
	db.UpgradeTable = upgrades
	db.Log = queryLog{log.With("part", "database")}
	if err := upgrade(ctx, db, place); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// connect also names the place: the file, or the server and database.
func connect(url, dir string) (db *dbutil.Database, place string, err error) {
	switch {
	case url == "":
		return connectSQLite(dir)
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		return connectPostgres(url)
	}
	return nil, "", errors.New("the database URL must start with postgres:// or postgresql://; leave it empty for SQLite in the data folder")
}

// upgrade runs every missing version in one transaction, so that a failure or
// a crash leaves the old schema, and so that several processes starting at once
// take turns: SQLite by its write lock, PostgreSQL by an advisory one.
func upgrade(ctx context.Context, db *dbutil.Database, place string) error {
	if err := db.RawDB.PingContext(ctx); err != nil {
		return unusable(place, "cannot be opened", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the transaction even when a migration panics
	err := db.DoTxn(ctx, nil, func(ctx context.Context) error {
		if err := lock(ctx, db); err != nil {
			return err
		}
		return db.Upgrade(ctx)
	})
	if errors.Is(err, dbutil.ErrUnsupportedDatabaseVersion) {
		return fmt.Errorf("the database %s was upgraded by a newer presence: start that version again, or restore a backup made before the upgrade: %w", place, err)
	}
	if err != nil {
		return unusable(place, "cannot be upgraded", err)
	}
	return nil
}

// unusable says what is wrong with the database, on one line, and for a file
// that no attempt can read, what to do.
func unusable(place, what string, err error) error {
	if damaged(err) {
		return fmt.Errorf("the database file %s is damaged or no SQLite database: restore it from a backup, or move it away with its -wal and -shm to begin anew: %w", place, err)
	}
	return fmt.Errorf("the database %s %s: %w", place, what, oneLine(err))
}
