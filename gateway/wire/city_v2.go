package wire

import (
	"strconv"

	"presence/spaces"
)

// linkV2 is the part of a v2 ROOM that is configuration. EncodeRoom leaves its
// closing brace off and puts "presence" behind it.
type linkV2 struct {
	Slug        spaces.Slug `json:"slug"`
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Zone        string      `json:"zone"`
	RoomType    string      `json:"room_type"`
	Icon        string      `json:"icon"`
	Color       string      `json:"color"`
	Public      bool        `json:"is_public"`
	RoomID      string      `json:"matrix_room_id"`
	Alias       string      `json:"matrix_room_alias"`
	Map         spaces.Rect `json:"map"`
}

// presenceV2 holds counts only: Matrix ids of people never reach browsers.
type presenceV2 struct {
	OnlineCount int           `json:"online_count"`
	ActiveCount int           `json:"active_count"`
	IdleCount   int           `json:"idle_count"`
	TypingCount int           `json:"typing_count"`
	AgentCount  int           `json:"agent_count"`
	Agents      []agentV2     `json:"agents"`
	MemberCount int           `json:"member_count"`
	Source      spaces.Source `json:"source"`
	Stale       bool          `json:"stale"`
	AsOf        int64         `json:"as_of"`
	LastEventTS int64         `json:"last_event_ts"`
	VRCount     int           `json:"vr_count"`
}

type agentV2 struct {
	Name   string `json:"display_name"`
	Status string `json:"status"`
}

func encodeLinkV2(s RoomState) []byte {
	l := s.Link
	b := mustJSON(linkV2{
		Slug: l.Slug, ID: l.ID, Name: l.Name, Description: l.Description,
		Zone: l.Zone, RoomType: l.RoomType, Icon: l.Icon, Color: l.Color,
		Public: l.Public, RoomID: l.RoomID, Alias: l.Alias, Map: s.Place,
	})
	return b[:len(b)-1]
}

func encodePresenceV2(s RoomState) []byte {
	p := s.Presence
	if p == nil {
		return []byte("null")
	}
	agents := make([]agentV2, len(p.Agents))
	for i, a := range p.Agents {
		agents[i] = agentV2{Name: a.Name, Status: a.Status}
	}
	return mustJSON(presenceV2{
		OnlineCount: p.OnlineCount, ActiveCount: p.ActiveCount, IdleCount: p.IdleCount,
		TypingCount: p.TypingCount, AgentCount: p.AgentCount, Agents: agents, MemberCount: p.MemberCount,
		Source: p.Source, Stale: p.Stale || s.Stale, AsOf: p.AsOf, LastEventTS: p.LastEventTS, VRCount: p.VRCount,
	})
}

// cityV2 speaks our page's messages. Every one carries a sequence number that
// grows; a number may be skipped, and a skipped one means nothing.
type cityV2 struct{}

func (cityV2) Snapshot(dst []byte, seq uint64, c City) []byte {
	dst = begin(dst, "city.snapshot", seq)
	dst = append(dst, `,"ts":`...)
	dst = strconv.AppendInt(dst, c.TS, 10)
	dst = append(dst, `,"status":`...)
	dst = append(dst, mustJSON(c.Status)...)
	dst = appendTotals(dst, c.Totals)
	dst = append(dst, `,"grid":{"w":`...)
	dst = strconv.AppendInt(dst, int64(c.Grid.W), 10)
	dst = append(dst, `,"h":`...)
	dst = strconv.AppendInt(dst, int64(c.Grid.H), 10)
	dst = append(dst, `},"rooms":[`...)
	for i, r := range c.Rooms {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendRoom(dst, r)
	}
	return append(dst, "]}"...)
}

func (cityV2) Room(dst []byte, seq uint64, r *Room) []byte {
	dst = begin(dst, "city.room", seq)
	dst = appendSlug(dst, r.Slug)
	dst = append(dst, `,"presence":`...)
	dst = append(dst, r.presence...)
	return append(dst, '}')
}

func (cityV2) Link(dst []byte, seq uint64, r *Room) []byte {
	dst = begin(dst, "city.link", seq)
	dst = append(dst, `,"room":`...)
	dst = appendRoom(dst, r)
	return append(dst, '}')
}

func (cityV2) Gone(dst []byte, seq uint64, slug spaces.Slug) []byte {
	dst = begin(dst, "city.gone", seq)
	dst = appendSlug(dst, slug)
	return append(dst, '}')
}

func (cityV2) Totals(dst []byte, seq uint64, c *spaces.CityPresence) []byte {
	return append(appendTotals(begin(dst, "city.totals", seq), c), '}')
}

func (cityV2) Status(dst []byte, seq uint64, s Status) []byte {
	dst = begin(dst, "city.status", seq)
	dst = append(dst, `,"status":`...)
	dst = append(dst, mustJSON(s)...)
	return append(dst, '}')
}

func begin(dst []byte, kind string, seq uint64) []byte {
	dst = append(dst, `{"type":"`...)
	dst = append(dst, kind...)
	dst = append(dst, `","seq":`...)
	return strconv.AppendUint(dst, seq, 10)
}

func appendSlug(dst []byte, slug spaces.Slug) []byte {
	dst = append(dst, `,"slug":"`...)
	dst = append(dst, slug...) // a slug needs no escaping
	return append(dst, '"')
}

func appendRoom(dst []byte, r *Room) []byte {
	dst = append(dst, r.link...)
	dst = append(dst, `,"presence":`...)
	dst = append(dst, r.presence...)
	return append(dst, '}')
}

func appendTotals(dst []byte, c *spaces.CityPresence) []byte {
	if c == nil {
		return append(dst, `,"totals":null,"zones":[]`...)
	}
	zones := c.Zones
	if zones == nil {
		zones = []spaces.ZonePresence{}
	}
	dst = append(dst, `,"totals":`...)
	dst = append(dst, mustJSON(c.Totals)...)
	dst = append(dst, `,"zones":`...)
	return append(dst, mustJSON(zones)...)
}
