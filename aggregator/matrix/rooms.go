package matrix

import (
	"context"
	"slices"
	"strings"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"presence/spaces"
)

// JoinedRooms lists the rooms the daemon is in.
func (c *Client) JoinedRooms(ctx context.Context) ([]string, error) {
	var rooms []string
	err := c.ask(ctx, "list the daemon's rooms", func(ctx context.Context, api *mautrix.Client) error {
		answer, err := api.JoinedRooms(ctx)
		if err == nil {
			for _, room := range answer.JoinedRooms {
				rooms = append(rooms, room.String())
			}
		}
		return err
	})
	return rooms, err
}

// JoinedMembers lists who is in a room, sorted. The daemon has to be in it;
// Forbidden says it is not.
func (c *Client) JoinedMembers(ctx context.Context, roomID string) ([]string, error) {
	var members []string
	err := c.ask(ctx, "list the members of "+roomID, func(ctx context.Context, api *mautrix.Client) error {
		answer, err := api.JoinedMembers(ctx, id.RoomID(roomID))
		if err != nil {
			return err
		}
		for user := range answer.Joined {
			if spaces.ValidUserID(user.String()) {
				members = append(members, user.String())
			}
		}
		slices.Sort(members)
		return nil
	})
	return members, err
}

// Join joins a room by its id. alias, which may be empty, tells a homeserver
// that is not yet in the room which servers to ask.
func (c *Client) Join(ctx context.Context, roomID, alias string) error {
	return c.ask(ctx, "join "+roomID, func(ctx context.Context, api *mautrix.Client) error {
		_, err := api.JoinRoom(ctx, roomID, &mautrix.ReqJoinRoom{Via: servers(roomID, alias)})
		return err
	})
}

// servers are the server names in identifiers, each once. Room ids of room
// version 12 have none.
func servers(identifiers ...string) []string {
	var names []string
	for _, identifier := range identifiers {
		if _, server, ok := strings.Cut(identifier, ":"); ok && !slices.Contains(names, server) {
			names = append(names, server)
		}
	}
	return names
}

// ResolveAlias returns the room id behind an alias.
func (c *Client) ResolveAlias(ctx context.Context, alias string) (string, error) {
	var roomID string
	err := c.ask(ctx, "resolve "+alias, func(ctx context.Context, api *mautrix.Client) error {
		answer, err := api.ResolveAlias(ctx, id.RoomAlias(alias))
		if err == nil {
			roomID = answer.RoomID.String()
		}
		return err
	})
	if err == nil && !validRoomID(roomID) {
		return "", spaces.Invalid("matrix_room_alias", "%s: the homeserver answers %q, which is no room id", alias, roomID)
	}
	return roomID, err
}
