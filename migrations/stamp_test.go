package migrations_test

import (
	"database/sql/driver"
	"fmt"
	"testing"
	"time"

	"go.mau.fi/util/dbutil"
)

// stamp is the form of a time in tables that operators query with NOW() and
// INTERVAL: the package comment explains it.
type stamp time.Time

const stampForm = "2006-01-02 15:04:05.000000-07:00"

func (s stamp) Value() (driver.Value, error) {
	return time.Time(s).UTC().Format(stampForm), nil
}

func (s *stamp) Scan(value any) error {
	switch value := value.(type) {
	case time.Time:
		*s = stamp(value)
		return nil
	case string:
		parsed, err := time.Parse(stampForm, value)
		*s = stamp(parsed)
		return err
	}
	return fmt.Errorf("a stamp cannot be a %T", value)
}

// TestStampColumns proves the rule of the package comment: one set of queries
// keeps instants on both engines, and on PostgreSQL the operators' SQL runs as
// printed.
func TestStampColumns(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		db, err := p.open(t)
		ok(t, err)
		defer func() { ok(t, db.Close()) }()
		kind := "TEXT"
		if db.Dialect == dbutil.Postgres {
			kind = "TIMESTAMPTZ"
		}
		_, err = db.Exec(t.Context(), "CREATE TABLE stamped (id BIGINT PRIMARY KEY, space_type TEXT, space_id TEXT, created_at "+kind+" NOT NULL)")
		ok(t, err)
		now := time.Now().In(time.FixedZone("Kyiv", 3*3600)).Truncate(time.Microsecond)
		ages := []time.Duration{0, 30 * time.Minute, 59 * time.Minute, 61 * time.Minute, 48 * time.Hour}
		for i, age := range ages {
			_, err = db.Exec(t.Context(), "INSERT INTO stamped VALUES ($1, 'room', 'general', $2)", i, stamp(now.Add(-age)))
			ok(t, err)
		}
		checkStamps(t, db, now, ages)
		if db.Dialect == dbutil.Postgres {
			const operators = `SELECT space_type, space_id, COUNT(*) AS messages FROM stamped WHERE created_at > NOW() - INTERVAL '1 hour' GROUP BY space_type, space_id;`
			var spaceType, spaceID string
			var messages int
			ok(t, db.QueryRow(t.Context(), operators).Scan(&spaceType, &spaceID, &messages))
			if messages != 3 {
				t.Fatalf("%d messages in the last hour, want 3", messages)
			}
		}
	})
}

func checkStamps(t *testing.T, db *dbutil.Database, now time.Time, ages []time.Duration) {
	t.Helper()
	var recent int
	ok(t, db.QueryRow(t.Context(), "SELECT count(*) FROM stamped WHERE created_at > $1", stamp(now.Add(-time.Hour))).Scan(&recent))
	if recent != 3 {
		t.Fatalf("%d messages in the last hour, want 3", recent)
	}
	rows, err := db.Query(t.Context(), "SELECT created_at FROM stamped ORDER BY created_at DESC")
	ok(t, err)
	stamps, err := dbutil.NewRowIterWithError(rows, func(row dbutil.Scannable) (s stamp, err error) {
		err = row.Scan(&s)
		return s, err
	}, nil).AsList()
	ok(t, err)
	for i, age := range ages {
		if !time.Time(stamps[i]).Equal(now.Add(-age)) {
			t.Errorf("%v came back as %v", now.Add(-age), time.Time(stamps[i]))
		}
	}
}
