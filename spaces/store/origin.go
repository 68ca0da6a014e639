package store

import (
	"cmp"
	"slices"

	"presence/spaces"
)

// The closed set of places links come from. Each origin keeps its own rows, so
// none ever overwrites another's; where two origins name the same slug, Matrix
// room or alias, the earlier in this list wins and the other waits behind it.
// A person who types a command has decided last and on purpose; a file was
// written for this city; a city service serves others too.
const (
	OriginCLI  = "cli"
	OriginYAML = "yaml"
	OriginHTTP = "http"
)

var precedence = []string{OriginCLI, OriginYAML, OriginHTTP}

func checkOrigin(origin string) error {
	if !slices.Contains(precedence, origin) {
		return spaces.Invalid("origin", "%q is not one of cli, yaml, http", origin)
	}
	return nil
}

// linkRow is a link as one origin wrote it.
type linkRow struct {
	spaces.Link
	origin string
	target string // the room the daemon found behind the link; empty: as written
}

// resolved is the link with the Matrix room it stands for now.
func (r linkRow) resolved() spaces.Link {
	l := r.Link
	l.RoomID = cmp.Or(r.target, l.RoomID)
	return l
}

// Shadow is a link that is not in effect, because another that takes
// precedence has its slug, Matrix room or alias.
type Shadow struct {
	Slug   spaces.Slug
	Origin string
	Field  string      // slug, matrix_room_id or matrix_room_alias
	By     spaces.Slug // the link in effect
	Winner string      // its origin
}

// effective decides which of all written links are in effect, sorted by slug.
// The answer does not depend on the order of rows.
func effective(rows []linkRow) (won []linkRow, lost []Shadow) {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, byPrecedence)
	taken := claims{}
	for _, row := range rows {
		if winner, field := taken.holder(row.resolved()); winner != nil {
			lost = append(lost, Shadow{row.Slug, row.origin, field, winner.Slug, winner.origin})
			continue
		}
		taken.claim(row)
		won = append(won, row)
	}
	slices.SortFunc(won, func(a, b linkRow) int { return cmp.Compare(a.Slug, b.Slug) })
	return won, lost
}

func byPrecedence(a, b linkRow) int {
	return cmp.Or(cmp.Compare(rank(a.origin), rank(b.origin)), cmp.Compare(a.Slug, b.Slug))
}

// rank is lower for an origin that takes precedence.
func rank(origin string) int { return slices.Index(precedence, origin) }

// claims says which link holds each slug, Matrix room and alias. Rooms begin
// with !, aliases with #, and slugs with neither, so one map holds all three.
type claims map[string]linkRow

func (c claims) claim(row linkRow) {
	l := row.resolved()
	for _, key := range []string{string(l.Slug), l.RoomID, l.Alias} {
		if key != "" {
			c[key] = row
		}
	}
}

// holder returns the link that already has one of l's names, and which.
func (c claims) holder(l spaces.Link) (*linkRow, string) {
	for _, name := range []struct{ field, key string }{
		{"slug", string(l.Slug)}, {"matrix_room_id", l.RoomID}, {"matrix_room_alias", l.Alias},
	} {
		if row, taken := c[name.key]; taken && name.key != "" {
			return &row, name.field
		}
	}
	return nil, ""
}
