package store

import (
	"database/sql/driver"
	"fmt"
	"time"

	"go.mau.fi/util/dbutil"
)

// stampForm is read as an instant by PostgreSQL and sorts as one on SQLite; the
// rule is in the comment of package migrations.
const stampForm = "2006-01-02 15:04:05.000000-07:00"

// stamp is a time in a table that operators query with NOW() and INTERVAL. The
// zero time is NULL.
type stamp time.Time

// Value is the fixed text form.
func (s stamp) Value() (driver.Value, error) {
	t := time.Time(s)
	if t.IsZero() {
		return nil, nil
	}
	return t.UTC().Format(stampForm), nil
}

// Scan reads what either engine returns.
func (s *stamp) Scan(value any) error {
	switch value := value.(type) {
	case nil:
		*s = stamp{}
		return nil
	case time.Time:
		*s = stamp(value.UTC())
		return nil
	case string:
		parsed, err := time.Parse(stampForm, value)
		*s = stamp(parsed.UTC())
		return err
	}
	return fmt.Errorf("a stamp cannot be a %T", value)
}

// stampText is a stamp inside a row of [Store.jsonRows].
func stampText(t time.Time) string { return t.UTC().Format(stampForm) }

// stampColumn declares a column of stamps for [Store.jsonRows].
func (s *Store) stampColumn(name string) string {
	if s.db.Dialect == dbutil.Postgres {
		return name + " TIMESTAMPTZ"
	}
	return name + " TEXT"
}

func (s stamp) time() time.Time { return time.Time(s) }
