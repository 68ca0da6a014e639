package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"go.mau.fi/util/dbutil"
	"modernc.org/sqlite"
)

// Store is the database behind typed methods. It is safe for concurrent use.
type Store struct {
	db         *dbutil.Database // owned by the caller of New, who closes it
	guestSeats int              // as in LimitGuests
}

// New returns a Store on a database that migrations.Open has upgraded.
func New(db *dbutil.Database) *Store { return &Store{db: db, guestSeats: DefaultGuestSeats} }

// Ping asks the database for one row, which also finds a pool whose
// connections all hang.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.db.QueryRow(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("ping the database: %w", err)
	}
	return nil
}

// Tx runs fn in one transaction: committed when fn returns nil, rolled back
// when it returns an error or panics. Store methods called with fn's context
// join it; a Tx inside a Tx joins the outer one.
//
// The cancelled context is what ends a transaction whose fn panicked. Without
// it dbutil leaks the connection, and on SQLite every later write times out.
func (s *Store) Tx(ctx context.Context, fn func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return s.db.DoTxn(ctx, nil, fn)
}

func (s *Store) exec(ctx context.Context, query string, args ...any) (changed int64, err error) {
	result, err := s.db.Exec(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Extended result codes of SQLite for a primary key and a unique index.
const (
	sqlitePrimaryKey = 1555
	sqliteUnique     = 2067
)

// postgresUnique is the SQLSTATE unique_violation.
const postgresUnique = "23505"

// isDuplicate reports whether a statement failed because its key exists.
func isDuplicate(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == postgresUnique
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Code() == sqlitePrimaryKey || lite.Code() == sqliteUnique
	}
	return false
}
