package wire

import "presence/spaces"

// roomV1 is a room in the first gateway's snapshot; a delta is the same with a
// type in front. The first three fields are its contract, in its order.
type roomV1 struct {
	Slug        spaces.Slug `json:"room_slug"`
	OnlineCount int         `json:"online_count"`
	TypingCount int         `json:"typing_count"`

	ActiveCount int           `json:"active_count"`
	IdleCount   int           `json:"idle_count"`
	AgentCount  int           `json:"agent_count"`
	Stale       bool          `json:"stale"`
	Unknown     bool          `json:"unknown,omitempty"` // the numbers are the last ones known, too old to believe
	Source      spaces.Source `json:"source"`
	AsOf        int64         `json:"as_of"`
	VRCount     int           `json:"vr_count"`
}

func encodeRoomV1(s RoomState) []byte {
	p, unknown := s.Presence, false
	if p == nil {
		p, unknown = s.Last, true
	}
	if p == nil {
		return nil
	}
	return mustJSON(roomV1{
		Slug:        s.Link.Slug,
		OnlineCount: p.OnlineCount, TypingCount: p.TypingCount,
		ActiveCount: p.ActiveCount, IdleCount: p.IdleCount, AgentCount: p.AgentCount,
		Stale: p.Stale || s.Stale || unknown, Unknown: unknown,
		Source: p.Source, AsOf: p.AsOf, VRCount: p.VRCount,
	})
}

// cityV1 speaks the first gateway's messages. They have no way to say that a
// number is unknown, and nobody may be shown a zero that was not observed: so
// a snapshot leaves unknown rooms out, and a room that becomes unknown is sent
// once more with its last numbers, "stale" and "unknown".
type cityV1 struct{}

func (cityV1) Snapshot(dst []byte, _ uint64, c City) []byte {
	dst = append(dst, `{"type":"snapshot","rooms":[`...)
	start := len(dst)
	for _, r := range c.Rooms {
		if !r.known {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = append(dst, r.v1...)
	}
	return append(dst, "]}"...)
}

func (cityV1) Room(dst []byte, _ uint64, r *Room) []byte {
	if r.v1 == nil {
		return dst
	}
	dst = append(dst, `{"type":"room.presence",`...)
	return append(dst, r.v1[1:]...)
}

// Link has no message in v1: a room that appears is a room with numbers.
func (v cityV1) Link(dst []byte, seq uint64, r *Room) []byte {
	if !r.known {
		return dst
	}
	return v.Room(dst, seq, r)
}

func (cityV1) Gone(dst []byte, _ uint64, slug spaces.Slug) []byte {
	dst = append(dst, `{"type":"room.removed","room_slug":"`...)
	dst = append(dst, slug...) // a slug needs no escaping
	return append(dst, `"}`...)
}

func (cityV1) Totals(dst []byte, _ uint64, _ *spaces.CityPresence) []byte { return dst }

func (cityV1) Status(dst []byte, _ uint64, _ Status) []byte { return dst }
