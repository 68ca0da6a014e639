package store

import (
	"context"
	"fmt"
	"slices"

	"presence/spaces"
)

// PutLink writes one link of an origin, new or changed. CodeConflict means
// that the slug, the Matrix room or the alias belongs to a link that this one
// does not take precedence over, or that they overlap on the map.
func (s *Store) PutLink(ctx context.Context, origin string, l spaces.Link) error {
	l, err := checkLink(origin, l)
	if err != nil {
		return err
	}
	return s.editLinks(ctx, func(ctx context.Context) (changed bool, err error) {
		won, _, err := s.effective(ctx)
		if err != nil {
			return false, err
		}
		if err := checkBeside(won, origin, l); err != nil {
			return false, err
		}
		return true, s.writeLinks(ctx, origin, []spaces.Link{l})
	})
}

// RemoveLink removes a link that was made by a command. A link of a file or a
// city service would return with the next read, so removing it is CodeConflict
// and says where it comes from; if one waits behind the removed link, it takes
// effect. A slug that is not linked is CodeNotFound.
func (s *Store) RemoveLink(ctx context.Context, slug spaces.Slug) error {
	return s.editLinks(ctx, func(ctx context.Context) (bool, error) {
		rows, err := s.readLinks(ctx)
		if err != nil {
			return false, err
		}
		slices.SortFunc(rows, byPrecedence)
		row, err := find(rows, slug)
		if err != nil {
			return false, err
		}
		if row.origin != OriginCLI {
			return false, &spaces.Error{
				Code: spaces.CodeConflict, Field: "slug",
				Message: fmt.Sprintf("%s comes from the %s", slug, sourceName(row.origin)),
				Fix:     "remove it there; it goes from the city when that is read again",
			}
		}
		_, err = s.exec(ctx, "DELETE FROM room_links WHERE slug = $1 AND origin = $2", slug, OriginCLI)
		return true, err
	})
}

// ReplaceLinks makes links the whole of what an origin says, in one
// transaction; it costs one read when nothing changed. Two links with one slug,
// Matrix room or alias are CodeInvalid. An empty list from a city service is
// refused: a service that lost its database must not empty the city. To forget
// an origin on purpose there is [Store.DropOrigin].
func (s *Store) ReplaceLinks(ctx context.Context, origin string, links []spaces.Link) error {
	if origin == OriginHTTP && len(links) == 0 {
		return spaces.Invalid("rooms", "the city service lists no room; the links stay as they are")
	}
	links, err := checkWhole(origin, links)
	if err != nil {
		return err
	}
	return s.editLinks(ctx, func(ctx context.Context) (bool, error) {
		before, err := s.OriginLinks(ctx, origin)
		if err != nil {
			return false, err
		}
		changed, gone := diff(before, links)
		if err := s.deleteLinks(ctx, origin, gone); err != nil {
			return false, err
		}
		return len(changed)+len(gone) > 0, s.writeLinks(ctx, origin, changed)
	})
}

// DropOrigin removes every link of an origin that is not configured any more,
// and returns how many there were.
func (s *Store) DropOrigin(ctx context.Context, origin string) (dropped int64, err error) {
	err = s.editLinks(ctx, func(ctx context.Context) (bool, error) {
		dropped, err = s.exec(ctx, "DELETE FROM room_links WHERE origin = $1", origin)
		return dropped > 0, err
	})
	return dropped, err
}

// editLinks runs edit in a transaction that waits for other editors, on
// PostgreSQL by the row lock of the first statement, and moves the version when
// edit changed something.
func (s *Store) editLinks(ctx context.Context, edit func(ctx context.Context) (changed bool, err error)) error {
	err := s.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.exec(ctx, "UPDATE room_links_version SET version = version WHERE singleton = 1"); err != nil {
			return err
		}
		changed, err := edit(ctx)
		if err != nil || !changed {
			return err
		}
		if _, err := s.exec(ctx, "DELETE FROM room_link_targets WHERE slug NOT IN (SELECT slug FROM room_links)"); err != nil {
			return err
		}
		_, err = s.exec(ctx, "UPDATE room_links_version SET version = version + 1 WHERE singleton = 1")
		return err
	})
	if err != nil {
		return fmt.Errorf("change the links: %w", err)
	}
	return nil
}

func (s *Store) writeLinks(ctx context.Context, origin string, links []spaces.Link) error {
	rows := make([][]any, len(links))
	for i, l := range links {
		rows[i] = []any{
			l.Slug, l.ID, l.RoomID, l.Alias, l.Name, l.Description, l.Zone, l.RoomType, l.Icon, l.Color,
			l.Map.X, l.Map.Y, l.Map.W, l.Map.H, l.Public, l.MicroDAO,
		}
	}
	const columns = `slug, id, matrix_room_id, matrix_room_alias, name, description, zone, room_type, icon, color,
		map_x, map_y, map_w, map_h, is_public, microdao_id`
	put := "INSERT INTO room_links (origin, " + columns + ") SELECT $1, " + columns + " FROM " +
		s.jsonRows(2, "slug TEXT", "id TEXT", "matrix_room_id TEXT", "matrix_room_alias TEXT", "name TEXT", "description TEXT",
			"zone TEXT", "room_type TEXT", "icon TEXT", "color TEXT", "map_x BIGINT", "map_y BIGINT", "map_w BIGINT", "map_h BIGINT",
			"is_public BOOLEAN", "microdao_id TEXT") + `
		WHERE true ON CONFLICT (slug, origin) DO UPDATE SET id = excluded.id, matrix_room_id = excluded.matrix_room_id,
			matrix_room_alias = excluded.matrix_room_alias, name = excluded.name, description = excluded.description,
			zone = excluded.zone, room_type = excluded.room_type, icon = excluded.icon, color = excluded.color,
			map_x = excluded.map_x, map_y = excluded.map_y, map_w = excluded.map_w, map_h = excluded.map_h,
			is_public = excluded.is_public, microdao_id = excluded.microdao_id`
	return eachChunk(rows, func(chunk string) error {
		_, err := s.exec(ctx, put, origin, chunk)
		return err
	})
}

func (s *Store) deleteLinks(ctx context.Context, origin string, slugs [][1]string) error {
	remove := "DELETE FROM room_links WHERE origin = $1 AND slug IN (SELECT slug FROM " + s.jsonRows(2, "slug TEXT") + ")"
	return eachChunk(slugs, func(chunk string) error {
		_, err := s.exec(ctx, remove, origin, chunk)
		return err
	})
}

// diff returns the links of after that are new or other than before, and the
// slugs that are gone.
func diff(before, after []spaces.Link) (changed []spaces.Link, gone [][1]string) {
	old := make(map[spaces.Slug]spaces.Link, len(before))
	for _, l := range before {
		old[l.Slug] = l
	}
	for _, l := range after {
		if was, found := old[l.Slug]; !found || was != l {
			changed = append(changed, l)
		}
		delete(old, l.Slug)
	}
	for slug := range old {
		gone = append(gone, [1]string{string(slug)})
	}
	return changed, gone
}
