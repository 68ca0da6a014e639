package migrations

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
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

func connectPostgres(url string) (db *dbutil.Database, place string, err error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		// The parser's text may quote parts of the URL.
		return nil, "", errors.New("the database URL is not a PostgreSQL URL: postgres://user:password@host:5432/database")
	}
	raw := stdlib.OpenDB(*cfg)
	raw.SetMaxOpenConns(postgresConns)
	raw.SetMaxIdleConns(postgresConns)
	raw.SetConnMaxLifetime(postgresLifetime)
	db, err = dbutil.NewWithDB(raw, "pgx")
	return db, fmt.Sprintf("%s on %s", cfg.Database, net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port)))), err
}

// oneLine shortens what pgx says about a server that it cannot reach: a line
// for each of its attempts, with TLS and without, at each address, and mostly
// the same one.
func oneLine(err error) error {
	refused, ok := errors.AsType[*pgconn.ConnectError](err)
	if !ok {
		return err
	}
	var said []string
	for line := range strings.Lines(refused.Unwrap().Error()) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(said, line) {
			said = append(said, line)
		}
	}
	return &shortened{strings.Join(said, "; "), err}
}

// shortened is an error in fewer words.
type shortened struct {
	text string
	err  error
}

func (s *shortened) Error() string { return s.text }
func (s *shortened) Unwrap() error { return s.err }

// lock keeps other processes from upgrading the same PostgreSQL database until
// the transaction in ctx ends.
func lock(ctx context.Context, db *dbutil.Database) error {
	if db.Dialect != dbutil.Postgres {
		return nil
	}
	_, err := db.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(upgradeLock))
	return err
}
