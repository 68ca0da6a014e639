package migrations

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"go.mau.fi/util/dbutil"
)

const (
	// postgresConns stays well under the server's default of 100 with several
	// processes of each part.
	postgresConns    = 8
	postgresLifetime = 30 * time.Minute // lets a fail-over or a changed DNS name take effect

	// upgradeLock is the word "prese" as a number; advisory locks are per database.
	upgradeLock = 0x7072657365
)

func connectPostgres(url string) (*dbutil.Database, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		// The parser's text may quote parts of the URL.
		return nil, errors.New("the database URL is not a PostgreSQL URL: postgres://user:password@host:5432/database")
	}
	raw := stdlib.OpenDB(*cfg)
	raw.SetMaxOpenConns(postgresConns)
	raw.SetMaxIdleConns(postgresConns)
	raw.SetConnMaxLifetime(postgresLifetime)
	return dbutil.NewWithDB(raw, "pgx")
}

// lock keeps other processes from upgrading the same PostgreSQL database until
// the transaction in ctx ends.
func lock(ctx context.Context, db *dbutil.Database) error {
	if db.Dialect != dbutil.Postgres {
		return nil
	}
	_, err := db.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(upgradeLock))
	return err
}
