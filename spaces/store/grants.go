package store

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"go.mau.fi/util/dbutil"

	"presence/spaces"
)

// Grant gives a subject a role in a content and all its subspaces.
type Grant struct {
	Key       spaces.Key
	Subject   string
	Role      spaces.Role
	GrantedBy string // subject
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
}

// Ban keeps a subject out of a content and all its subspaces.
type Ban struct {
	Key       spaces.Key
	Subject   string
	Reason    string // shown to the banned
	BannedBy  string // subject
	CreatedAt time.Time
	ExpiresAt time.Time // zero: for good

	// Newcomers is until when guests are kept out with it who come after it from
	// the same network; zero: none are.
	Newcomers time.Time
}

// maxReason bounds what the banned are told, in characters.
const maxReason = 200

// checkSubject refuses who cannot hold a right. A guest cannot: whoever takes a
// new name is another guest.
func checkSubject(subject string, guests bool) error {
	if subject == "" || len(subject) > maxMember || !utf8.ValidString(subject) || strings.ContainsAny(subject, "\r\n\x00") {
		return spaces.Invalid("subject", "must be 1 to %d bytes on one line, for example hive:alice or matrix:@alice:example.org", maxMember)
	}
	if !guests && strings.HasPrefix(subject, "guest:") {
		return spaces.Invalid("subject", "a guest proves nothing and so cannot hold a role")
	}
	return nil
}

// PutGrant gives a role, in place of another that the subject was granted.
func (s *Store) PutGrant(ctx context.Context, g Grant) error {
	if err := checkSubject(g.Subject, false); err != nil {
		return err
	}
	if g.Role == spaces.SpaceGuest || !g.Role.AtLeast(spaces.SpaceGuest) {
		return spaces.Invalid("role", "must be admin, moderator, subscriber or ticket_holder")
	}
	_, err := s.exec(ctx, `
		INSERT INTO presence_permissions (space_type, space_id, subject, user_account, role, granted_by, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (space_type, space_id, subject) DO UPDATE SET role = excluded.role, granted_by = excluded.granted_by,
			created_at = excluded.created_at, expires_at = excluded.expires_at`,
		g.Key.Type, g.Key.ID, g.Subject, spaces.Account(spaces.Viewer{Subject: g.Subject}), g.Role, g.GrantedBy, stamp(g.CreatedAt), stamp(g.ExpiresAt))
	if err != nil {
		return fmt.Errorf("grant a role: %w", err)
	}
	return nil
}

// RemoveGrant takes a granted role back; CodeNotFound when there is none.
func (s *Store) RemoveGrant(ctx context.Context, key spaces.Key, subject string) error {
	removed, err := s.exec(ctx, "DELETE FROM presence_permissions WHERE space_type = $1 AND space_id = $2 AND subject = $3", key.Type, key.ID, subject)
	if err != nil {
		return fmt.Errorf("take a role back: %w", err)
	}
	if removed == 0 {
		return &spaces.Error{Code: spaces.CodeNotFound, Field: "subject", Message: "was granted no role here; roles that come with the content are changed there"}
	}
	return nil
}

// Grants returns what was granted in a content, sorted by subject; of the zero
// key, everywhere. Grants that are over are part of it.
func (s *Store) Grants(ctx context.Context, key spaces.Key) ([]Grant, error) {
	rows, err := s.db.Query(ctx, `SELECT space_type, space_id, subject, role, granted_by, created_at, expires_at FROM presence_permissions
		WHERE space_type = $1 AND space_id = $2 OR $1 = '' ORDER BY space_type, space_id, subject`, key.Type, key.ID)
	found, err := dbutil.NewRowIterWithError(rows, func(row dbutil.Scannable) (g Grant, err error) {
		var created, expires stamp
		err = row.Scan(&g.Key.Type, &g.Key.ID, &g.Subject, &g.Role, &g.GrantedBy, &created, &expires)
		g.Key.Subspace, g.CreatedAt, g.ExpiresAt = spaces.MainSubspace, created.time(), expires.time()
		return g, err
	}, err).AsList()
	if err != nil {
		return nil, fmt.Errorf("read the granted roles: %w", err)
	}
	return found, nil
}

// PutBan bans, in place of an earlier ban of the same subject; b.Newcomers is
// [Store.BanNetwork]'s.
func (s *Store) PutBan(ctx context.Context, b Ban) error {
	if err := checkSubject(b.Subject, true); err != nil {
		return err
	}
	if utf8.RuneCountInString(b.Reason) > maxReason || !utf8.ValidString(b.Reason) || strings.ContainsRune(b.Reason, 0) {
		return spaces.Invalid("reason", "must be text of at most %d characters", maxReason)
	}
	_, err := s.exec(ctx, `
		INSERT INTO presence_bans (space_type, space_id, subject, reason, banned_by, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (space_type, space_id, subject) DO UPDATE SET reason = excluded.reason, banned_by = excluded.banned_by,
			created_at = excluded.created_at, expires_at = excluded.expires_at`,
		b.Key.Type, b.Key.ID, b.Subject, b.Reason, b.BannedBy, stamp(b.CreatedAt), stamp(b.ExpiresAt))
	if err != nil {
		return fmt.Errorf("ban: %w", err)
	}
	return nil
}

// RemoveBan ends a ban and what it meant for newcomers; CodeNotFound when there
// is none.
func (s *Store) RemoveBan(ctx context.Context, key spaces.Key, subject string) error {
	var removed int64
	err := s.Tx(ctx, func(ctx context.Context) (err error) {
		removed, err = s.exec(ctx, "DELETE FROM presence_bans WHERE space_type = $1 AND space_id = $2 AND subject = $3", key.Type, key.ID, subject)
		if err != nil {
			return err
		}
		_, err = s.exec(ctx, "DELETE FROM presence_network_bans WHERE space_type = $1 AND space_id = $2 AND subject = $3", key.Type, key.ID, subject)
		return err
	})
	if err != nil {
		return fmt.Errorf("end a ban: %w", err)
	}
	if removed == 0 {
		return &spaces.Error{Code: spaces.CodeNotFound, Field: "subject", Message: "is not banned here"}
	}
	return nil
}

// Bans returns the bans of a content, over or not, sorted by subject.
func (s *Store) Bans(ctx context.Context, key spaces.Key) ([]Ban, error) {
	rows, err := s.db.Query(ctx, `SELECT b.subject, b.reason, b.banned_by, b.created_at, b.expires_at, COALESCE(n.expires_at, 0)
		FROM presence_bans b LEFT JOIN presence_network_bans n
			ON n.space_type = b.space_type AND n.space_id = b.space_id AND n.subject = b.subject
		WHERE b.space_type = $1 AND b.space_id = $2 ORDER BY b.subject`, key.Type, key.ID)
	found, err := dbutil.NewRowIterWithError(rows, func(row dbutil.Scannable) (b Ban, err error) {
		var created, expires stamp
		var newcomers int64
		err = row.Scan(&b.Subject, &b.Reason, &b.BannedBy, &created, &expires, &newcomers)
		b.Key, b.CreatedAt, b.ExpiresAt = key, created.time(), expires.time()
		if newcomers > 0 {
			b.Newcomers = time.UnixMilli(newcomers).UTC()
		}
		return b, err
	}, err).AsList()
	if err != nil {
		return nil, fmt.Errorf("read the bans of %s: %w", key, err)
	}
	return found, nil
}

// Rights is what the tables say about one subject in one content. What is over
// is not part of it.
type Rights struct {
	Granted    spaces.Role // empty: none
	Ban        *spaces.Ban // nil: none
	Permission string      // of a document: read, write, admin, ...; empty: none
}

// Rights returns them in one query. key is the canonical one of the content.
func (s *Store) Rights(ctx context.Context, key spaces.Key, subject string, now time.Time) (Rights, error) {
	account, _ := strings.CutPrefix(subject, hivePrefix)
	if account == subject {
		account = ""
	}
	rows, err := s.db.Query(ctx, `
		SELECT 'grant', role, expires_at FROM presence_permissions
			WHERE space_type = $1 AND space_id = $2 AND subject = $3 AND (expires_at IS NULL OR expires_at > $4)
		UNION ALL SELECT 'ban', reason, expires_at FROM presence_bans
			WHERE space_type = $1 AND space_id = $2 AND subject = $3 AND (expires_at IS NULL OR expires_at > $4)
		UNION ALL SELECT 'document', p.permission, p.created_at
			FROM collaboration_documents d JOIN collaboration_permissions p ON p.document_id = d.id
			WHERE $1 = 'document' AND d.space_id = $2 AND p.user_account = $5`,
		key.Type, key.ID, subject, stamp(now), account)
	var found Rights
	err = dbutil.NewRowIterWithError(rows, func(row dbutil.Scannable) (struct{}, error) { return struct{}{}, found.scan(row) }, err).
		Iter(func(struct{}) (bool, error) { return true, nil })
	if err != nil {
		return Rights{}, fmt.Errorf("read the rights in %s: %w", key, err)
	}
	return found, nil
}

func (r *Rights) scan(row dbutil.Scannable) error {
	var kind, text string
	var until stamp
	if err := row.Scan(&kind, &text, &until); err != nil {
		return err
	}
	switch kind {
	case "grant":
		r.Granted = spaces.Role(text)
	case "ban":
		r.Ban = &spaces.Ban{Until: until.time(), Reason: text}
	case "document":
		r.Permission = text
	}
	return nil
}
