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
	db, err := connect(url, dir)
	if err != nil {
		return nil, err
	}
	db.UpgradeTable = upgrades
	db.Log = queryLog{log.With("part", "database")}
	if err := upgrade(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func connect(url, dir string) (*dbutil.Database, error) {
	switch {
	case url == "":
		return connectSQLite(dir)
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		return connectPostgres(url)
	}
	return nil, errors.New("the database URL must start with postgres:// or postgresql://; leave it empty for SQLite in the data folder")
}

// upgrade runs every missing version in one transaction, so that a failure or
// a crash leaves the old schema, and so that several processes starting at once
// take turns: SQLite by its write lock, PostgreSQL by an advisory one.
func upgrade(ctx context.Context, db *dbutil.Database) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the transaction even when a migration panics
	err := db.DoTxn(ctx, nil, func(ctx context.Context) error {
		if err := lock(ctx, db); err != nil {
			return err
		}
		return db.Upgrade(ctx)
	})
	if errors.Is(err, dbutil.ErrUnsupportedDatabaseVersion) {
		return fmt.Errorf("the database was upgraded by a newer presence: start that version again, or restore a backup made before the upgrade: %w", err)
	}
	if err != nil {
		return fmt.Errorf("upgrade the database: %w", err)
	}
	return nil
}
