package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"presence/spaces"
)

// Document is a collaborative document: numbered, and possibly also known as
// "owner/permlink".
type Document struct {
	ID        int64  // 0 in PutDocument: the number is given by the table
	Name      string // "owner/permlink"; may be empty
	Creator   string // a Hive name
	Title     string
	Content   string
	Public    bool
	CreatedAt time.Time
	UpdatedAt time.Time
	Shares    []Share // who else may see it, and what they may do
}

// Share gives a Hive account a right to a document, in the words of the
// document service: read, write or admin.
type Share struct {
	Account    string
	Permission string
}

// check refuses what could not be a space.
func (d Document) check() error {
	if !spaces.ValidHiveAccount(d.Creator) {
		return spaces.Invalid("creator", "must be a Hive account")
	}
	if d.ID < 0 || d.ID == 0 && d.Name == "" {
		return spaces.Invalid("id", "give the document's number, its name owner/permlink, or both")
	}
	if d.Name != "" {
		if _, err := spaces.ParseKey(string(spaces.TypeDocument), d.Name, ""); err != nil || !strings.Contains(d.Name, "/") {
			return spaces.Invalid("name", "must be owner/permlink")
		}
	}
	if d.CreatedAt.IsZero() {
		return spaces.Invalid("created_at", "must be a time")
	}
	for _, share := range d.Shares {
		if !spaces.ValidHiveAccount(share.Account) {
			return spaces.Invalid("shares", "must name Hive accounts")
		}
	}
	return nil
}

// PutDocument writes a document, new or changed, found by its number or else by
// its name, and makes its shares the whole of who has a right to it. It returns
// the number.
func (s *Store) PutDocument(ctx context.Context, d Document) (id int64, err error) {
	if err := d.check(); err != nil {
		return 0, err
	}
	if d.Title == "" {
		d.Title = cutText(d.Name, maxTitle)
	}
	d.Title, d.Content = cutText(d.Title, maxTitle), cutText(d.Content, MaxContent)
	err = s.Tx(ctx, func(ctx context.Context) error {
		id, err = s.putDocument(ctx, d)
		if err != nil {
			return err
		}
		return s.share(ctx, id, d)
	})
	if isDuplicate(err) {
		return 0, &spaces.Error{Code: spaces.CodeConflict, Field: "name", Message: "another document has this name", Err: err}
	}
	if err != nil {
		return 0, fmt.Errorf("put a document: %w", err)
	}
	return id, nil
}

func (s *Store) putDocument(ctx context.Context, d Document) (int64, error) {
	before, err := s.named(ctx, `SELECT id, space_id, creator, title FROM collaboration_documents
		WHERE id = $1 OR owner || '/' || permlink = $2`, d.ID, d.Name)
	if err != nil {
		return 0, err
	}
	var owner, permlink *string
	if before, after, found := strings.Cut(d.Name, "/"); found {
		owner, permlink = &before, &after
	}
	if len(before) > 0 {
		d.ID = before[0].id
	}
	columns, values := "", ""
	if d.ID != 0 {
		columns, values = "id, ", "$10, "
	}
	args := []any{owner, permlink, d.Creator, d.Title, d.Content, d.Public, stamp(d.CreatedAt), stamp(later(d.UpdatedAt, d.CreatedAt)), wordText(d.Creator, d.Title)}
	if d.ID != 0 {
		args = append(args, d.ID)
	}
	after, err := s.named(ctx, "INSERT INTO collaboration_documents ("+columns+`owner, permlink, creator, title, content, is_public, created_at, updated_at, words)
		VALUES (`+values+`$1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, permlink = excluded.permlink, creator = excluded.creator, title = excluded.title,
			content = excluded.content, is_public = excluded.is_public, created_at = excluded.created_at, updated_at = excluded.updated_at, words = excluded.words
		RETURNING id, space_id, creator, title`, args...)
	if err != nil {
		return 0, err
	}
	return after[0].id, s.reword(ctx, spaces.TypeDocument, before, after)
}

func (s *Store) share(ctx context.Context, id int64, d Document) error {
	if _, err := s.exec(ctx, "DELETE FROM collaboration_permissions WHERE document_id = $1", id); err != nil {
		return err
	}
	for _, share := range d.Shares {
		_, err := s.exec(ctx, `INSERT INTO collaboration_permissions (document_id, user_account, permission, granted_by, created_at)
			VALUES ($1, $2, $3, $4, $5) ON CONFLICT (document_id, user_account) DO UPDATE SET permission = excluded.permission`,
			id, share.Account, share.Permission, d.Creator, stamp(later(d.UpdatedAt, d.CreatedAt)))
		if err != nil {
			return err
		}
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
