package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.mau.fi/util/dbutil"

	"presence/spaces"
)

// Membership says that a subject sees the private rooms of a microDAO.
type Membership struct {
	MicroDAO string
	Subject  string // spaces.Viewer.Subject, the sub of the person's token
}

// maxMember is Matrix's limit on identifiers, the longest kind of subject,
// with room for the prefix "matrix:".
const maxMember = 300

// AddMember lets subject see the private rooms of microdao. Adding twice is
// once.
func (s *Store) AddMember(ctx context.Context, microdao, subject string) error {
	if err := cmp.Or(checkMember(microdao, subject), checkMicroDAO(microdao)); err != nil {
		return err
	}
	_, err := s.exec(ctx, "INSERT INTO microdao_members (microdao_id, subject) VALUES ($1, $2) ON CONFLICT DO NOTHING", microdao, subject)
	if err != nil {
		return fmt.Errorf("add a microDAO member: %w", err)
	}
	return nil
}

// RemoveMember ends a membership; CodeNotFound when there is none.
func (s *Store) RemoveMember(ctx context.Context, microdao, subject string) error {
	if err := checkMember(microdao, subject); err != nil {
		return err
	}
	removed, err := s.exec(ctx, "DELETE FROM microdao_members WHERE microdao_id = $1 AND subject = $2", microdao, subject)
	if err != nil {
		return fmt.Errorf("remove a microDAO member: %w", err)
	}
	if removed == 0 {
		return &spaces.Error{Code: spaces.CodeNotFound, Field: "subject", Message: fmt.Sprintf("%s is not a member of %s", subject, microdao)}
	}
	return nil
}

// Members returns every membership, sorted by microDAO and subject.
func (s *Store) Members(ctx context.Context) ([]Membership, error) {
	rows, err := s.db.Query(ctx, "SELECT microdao_id, subject FROM microdao_members")
	found, err := dbutil.NewRowIterWithError(rows, scanMembership, err).AsList()
	if err != nil {
		return nil, fmt.Errorf("read the microDAO members: %w", err)
	}
	slices.SortFunc(found, func(a, b Membership) int {
		return cmp.Or(cmp.Compare(a.MicroDAO, b.MicroDAO), cmp.Compare(a.Subject, b.Subject))
	})
	return found, nil
}

func scanMembership(row dbutil.Scannable) (m Membership, err error) {
	err = row.Scan(&m.MicroDAO, &m.Subject)
	return m, err
}

func checkMember(microdao, subject string) error {
	for _, t := range []struct{ field, text string }{{"microdao_id", microdao}, {"subject", subject}} {
		if t.text == "" || len(t.text) > maxMember || !utf8.ValidString(t.text) {
			return spaces.Invalid(t.field, "must be valid UTF-8 of 1 to %d bytes", maxMember)
		}
		if err := checkText(t.field, t.text); err != nil {
			return err
		}
	}
	return nil
}

// checkMicroDAO finds swapped arguments, which would be stored and match
// nobody: Matrix subjects hold both signs, names of microDAOs neither. It is
// asked when adding only, so that what older versions let in can be removed.
func checkMicroDAO(microdao string) error {
	if strings.ContainsAny(microdao, ":@") || strings.ContainsFunc(microdao, unicode.IsSpace) {
		e := spaces.Invalid("microdao_id", "must not hold ':', '@' or spaces")
		e.Fix = "name the microDAO first and then the member"
		return e
	}
	return nil
}
