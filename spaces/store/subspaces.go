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

// maxCrowded bounds how many subspaces with people are listed: anybody may make
// one up by entering it.
const maxCrowded = 200

// SubspaceCrowds counts who is inside each subspace of a content that has
// people, main included; of more than 200, the first by name.
func (s *Store) SubspaceCrowds(ctx context.Context, key spaces.Key, now time.Time) (map[string]int, error) {
	crowds := map[string]int{}
	rows, err := s.db.Query(ctx, `SELECT subspace, COUNT(*) FROM presence_sessions
		WHERE space_type = $1 AND space_id = $2 AND last_activity > $3 GROUP BY subspace ORDER BY subspace LIMIT $4`,
		string(key.Type), key.ID, stamp(now.Add(-liveFor)), maxCrowded)
	err = dbutil.NewRowIterWithError(rows, func(row dbutil.Scannable) (name string, err error) {
		var people int
		err = row.Scan(&name, &people)
		crowds[name] = people
		return name, err
	}, err).Iter(func(string) (bool, error) { return true, nil })
	if err != nil {
		return nil, fmt.Errorf("count who is in the subspaces of %s: %w", key, err)
	}
	return crowds, nil
}
