package store

import (
	"context"
	"fmt"
	"slices"

	"go.mau.fi/util/dbutil"

	"presence/spaces"
)

// LinksVersion returns a number that changes whenever Links may answer
// otherwise. It reads one row, so that a poller may ask every second.
func (s *Store) LinksVersion(ctx context.Context) (version int64, err error) {
	err = s.db.QueryRow(ctx, "SELECT version FROM room_links_version WHERE singleton = 1").Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("read the version of the links: %w", err)
	}
	return version, nil
}

// Links returns the links in effect, sorted by slug, each with the Matrix room
// it stands for now. No two of them share a slug, a Matrix room or an alias.
func (s *Store) Links(ctx context.Context) ([]spaces.Link, error) {
	won, _, err := s.effective(ctx)
	return resolved(won), err
}

// OriginLinks returns the links of one origin as they were written, in effect
// or not, sorted by slug.
func (s *Store) OriginLinks(ctx context.Context, origin string) ([]spaces.Link, error) {
	rows, err := s.readLinks(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, byPrecedence)
	links := []spaces.Link{}
	for _, row := range rows {
		if row.origin == origin {
			links = append(links, row.Link)
		}
	}
	return links, nil
}

// Shadows returns the links that are not in effect, and why.
func (s *Store) Shadows(ctx context.Context) ([]Shadow, error) {
	_, lost, err := s.effective(ctx)
	return lost, err
}

func (s *Store) effective(ctx context.Context) ([]linkRow, []Shadow, error) {
	rows, err := s.readLinks(ctx)
	if err != nil {
		return nil, nil, err
	}
	won, lost := effective(rows)
	return won, lost, nil
}

func resolved(rows []linkRow) []spaces.Link {
	links := make([]spaces.Link, len(rows))
	for i, row := range rows {
		links[i] = row.resolved()
	}
	return links
}

func find(rows []linkRow, slug spaces.Slug) (linkRow, error) {
	for _, row := range rows {
		if row.Slug == slug {
			return row, nil
		}
	}
	return linkRow{}, noLink(slug)
}

func noLink(slug spaces.Slug) error {
	return &spaces.Error{Code: spaces.CodeNotFound, Field: "slug", Message: fmt.Sprintf("no room is linked as %s", slug)}
}

// readLinks reads every origin's rows in one statement, so that links and the
// rooms behind them are of one moment.
func (s *Store) readLinks(ctx context.Context) ([]linkRow, error) {
	rows, err := s.db.Query(ctx, `
		SELECT l.slug, l.origin, l.id, l.matrix_room_id, l.matrix_room_alias, l.name, l.description, l.zone, l.room_type,
			l.icon, l.color, l.map_x, l.map_y, l.map_w, l.map_h, l.is_public, l.microdao_id, COALESCE(t.matrix_room_id, '')
		FROM room_links l LEFT JOIN room_link_targets t
			ON t.slug = l.slug AND t.configured_room = l.matrix_room_id AND t.configured_alias = l.matrix_room_alias`)
	links, err := dbutil.NewRowIterWithError(rows, scanLink, err).AsList()
	if err != nil {
		return nil, fmt.Errorf("read the links: %w", err)
	}
	return links, nil
}

func scanLink(row dbutil.Scannable) (l linkRow, err error) {
	err = row.Scan(&l.Slug, &l.origin, &l.ID, &l.RoomID, &l.Alias, &l.Name, &l.Description, &l.Zone, &l.RoomType,
		&l.Icon, &l.Color, &l.Map.X, &l.Map.Y, &l.Map.W, &l.Map.H, &l.Public, &l.MicroDAO, &l.target)
	return l, err
}
