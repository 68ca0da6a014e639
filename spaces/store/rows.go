package store

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.mau.fi/util/dbutil"

	"presence/spaces"
)

// rowsPerStatement bounds the memory of one multi-row statement; a larger
// number is not faster (see BenchmarkSaveSync).
const rowsPerStatement = 1000

// jsonRows is the one place where the engines differ. It turns parameter
// number param, a JSON array of arrays, into a table with the given columns
// ("slug TEXT"), for INSERT ... SELECT and IN (SELECT ...). One statement then
// carries thousands of rows.
func (s *Store) jsonRows(param int, columns ...string) string {
	fields := make([]string, len(columns))
	for i, column := range columns {
		name, kind, _ := strings.Cut(column, " ")
		fields[i] = fmt.Sprintf("CAST(e.value->>%d AS %s) AS %s", i, kind, name)
	}
	source := "json_each($%d) AS e"
	if s.db.Dialect == dbutil.Postgres {
		source = "jsonb_array_elements(CAST($%d AS jsonb)) AS e(value)"
	}
	return "(SELECT " + strings.Join(fields, ", ") + " FROM " + fmt.Sprintf(source, param) + ") AS r"
}

// encodeRows is the argument for jsonRows: a string, because SQLite stores
// bytes as a BLOB.
func encodeRows[R any](rows []R) (string, error) {
	text, err := json.Marshal(rows)
	if err != nil {
		return "", fmt.Errorf("encode rows: %w", err)
	}
	return string(text), nil
}

// checkText refuses what PostgreSQL cannot store in a TEXT column, on both
// engines alike.
func checkText(field, text string) error {
	if strings.ContainsRune(text, 0) {
		return spaces.Invalid(field, "must not contain the NUL character")
	}
	return nil
}
