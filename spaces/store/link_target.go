package store

import (
	"context"

	"presence/spaces"
)

// SetLinkRoom records the Matrix room behind a link: the daemon resolved its
// alias or followed a tombstone. It outlives rereading the link's source, and
// ends when the source names another room or alias. CodeConflict means that
// the room is linked to another slug, CodeNotFound that the slug is not linked.
func (s *Store) SetLinkRoom(ctx context.Context, slug spaces.Slug, roomID string) error {
	return s.editLinks(ctx, func(ctx context.Context) (bool, error) {
		won, _, err := s.effective(ctx)
		if err != nil {
			return false, err
		}
		row, err := find(won, slug)
		if err != nil {
			return false, err
		}
		if row.resolved().RoomID == roomID {
			return false, nil
		}
		moved := row.Link
		moved.RoomID = roomID
		if _, err := moved.Normalize(); err != nil {
			return false, err
		}
		taken := claims{}
		for _, other := range won {
			taken.claim(other)
		}
		if err := checkNames(taken, spaces.Link{RoomID: roomID}); err != nil {
			return false, err
		}
		return true, s.writeTarget(ctx, row, roomID)
	})
}

func (s *Store) writeTarget(ctx context.Context, row linkRow, roomID string) error {
	_, err := s.exec(ctx, `
		INSERT INTO room_link_targets (slug, configured_room, configured_alias, matrix_room_id) VALUES ($1, $2, $3, $4)
		ON CONFLICT (slug) DO UPDATE SET configured_room = excluded.configured_room,
			configured_alias = excluded.configured_alias, matrix_room_id = excluded.matrix_room_id`,
		row.Slug, row.RoomID, row.Alias, roomID)
	return err
}
