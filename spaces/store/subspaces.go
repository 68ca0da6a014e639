package store

import (
	"context"
	"fmt"
	"time"

	"go.mau.fi/util/dbutil"

	"presence/spaces"
)

// Subspace is a room beside a content's main one that was given a title.
type Subspace struct {
	Name      string
	Title     string
	CreatedBy string // subject
	CreatedAt time.Time
}

// maxSubspaces bounds what one content may name.
const maxSubspaces = 100

// AddSubspace names a subspace. CodeConflict when it is named already or the
// content has a hundred.
func (s *Store) AddSubspace(ctx context.Context, key spaces.Key, title, by string, now time.Time) error {
	if key.Subspace == spaces.MainSubspace {
		return &spaces.Error{Code: spaces.CodeConflict, Field: "subspace", Message: "main is always there"}
	}
	err := s.Tx(ctx, func(ctx context.Context) error {
		var count int
		err := s.db.QueryRow(ctx, "SELECT COUNT(*) FROM presence_subspaces WHERE space_type = $1 AND space_id = $2", key.Type, key.ID).Scan(&count)
		if err != nil {
			return err
		}
		if count >= maxSubspaces {
			return &spaces.Error{Code: spaces.CodeConflict, Field: "subspace", Message: fmt.Sprintf("a space has at most %d subspaces", maxSubspaces)}
		}
		_, err = s.exec(ctx, "INSERT INTO presence_subspaces (space_type, space_id, subspace, title, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
			key.Type, key.ID, key.Subspace, cutText(title, maxTitle), by, stamp(now))
		return err
	})
	if isDuplicate(err) {
		return &spaces.Error{Code: spaces.CodeConflict, Field: "subspace", Message: "there is one of this name already", Err: err}
	}
	if err != nil {
		return fmt.Errorf("add a subspace: %w", err)
	}
	return nil
}

// Subspaces returns the named subspaces of a content, sorted by name.
func (s *Store) Subspaces(ctx context.Context, key spaces.Key) ([]Subspace, error) {
	rows, err := s.db.Query(ctx, `SELECT subspace, title, created_by, created_at FROM presence_subspaces
		WHERE space_type = $1 AND space_id = $2 ORDER BY subspace`, key.Type, key.ID)
	found, err := dbutil.NewRowIterWithError(rows, func(row dbutil.Scannable) (sub Subspace, err error) {
		var created stamp
		err = row.Scan(&sub.Name, &sub.Title, &sub.CreatedBy, &created)
		sub.CreatedAt = created.time()
		return sub, err
	}, err).AsList()
	if err != nil {
		return nil, fmt.Errorf("read the subspaces of %s: %w", key, err)
	}
	return found, nil
}
