package wire

import (
	"encoding/json"

	"presence/spaces"
)

// RoomState is everything a room's messages are made of.
type RoomState struct {
	Link     spaces.Link
	Place    spaces.Rect
	Presence *spaces.RoomPresence // nil: unknown
	Last     *spaces.RoomPresence // the last known numbers when Presence is nil; nil: never known
	Stale    bool                 // the numbers are old for a reason the room itself does not know of
}

// Room is a room encoded for every format. It is a value shared by snapshots
// and deltas and never changed.
type Room struct {
	Slug spaces.Slug

	known    bool
	v1       []byte // {"room_slug":...}; nil when never known
	link     []byte // {"slug":... without the closing brace
	presence []byte // PRESENCE or null
}

// Known reports whether the room's numbers are known.
func (r *Room) Known() bool { return r.known }

// EncodeRoom encodes a room for every format, once per change.
func EncodeRoom(s RoomState) *Room {
	return &Room{
		Slug:     s.Link.Slug,
		known:    s.Presence != nil,
		v1:       encodeRoomV1(s),
		link:     encodeLinkV2(s),
		presence: encodePresenceV2(s),
	}
}

// mustJSON encodes a struct of ours; such a value cannot fail to encode.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("wire: " + err.Error())
	}
	return b
}
