package store

import (
	"context"
	"strings"

	"go.mau.fi/util/dbutil"
)

// ExplainList is how the database would answer a list.
func (s *Store) ExplainList(ctx context.Context, q ListQuery) (string, error) {
	query, args, err := s.listQuery(q)
	if err != nil {
		return "", err
	}
	explain, columns := "EXPLAIN QUERY PLAN ", 4
	if s.db.Dialect == dbutil.Postgres {
		explain, columns = "EXPLAIN ", 1
	}
	rows, err := s.db.Query(ctx, explain+query, args...)
	lines, err := dbutil.NewRowIterWithError(rows, func(row dbutil.Scannable) (line string, err error) {
		var a, b, c int
		if columns == 4 {
			return line, row.Scan(&a, &b, &c, &line)
		}
		return line, row.Scan(&line)
	}, err).AsList()
	return strings.Join(lines, "\n"), err
}
