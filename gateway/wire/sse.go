package wire

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"presence/spaces"
)

// The messages of the web application's feed, /presence/stream and
// /presence/summary. Field names, types and order of the contract come first
// in every struct; "stale", "as_of", "source" and what only the diff mode has
// are ours.

type updateSSE struct {
	Type      string     `json:"type"` // presence_update or presence_diff
	Timestamp string     `json:"timestamp"`
	City      citySSE    `json:"city"`
	Rooms     []roomSSE  `json:"rooms"`
	Agents    []agentSSE `json:"agents"` // of all rooms, each agent once

	Removed []string `json:"removed,omitempty"` // room ids; diff only
	State   string   `json:"state"`             // live, stale or unknown
	AsOf    int64    `json:"as_of"`
}

// citySSE holds null where the contract has a number that nobody observed.
type citySSE struct {
	OnlineTotal  *int `json:"online_total"`
	RoomsOnline  *int `json:"rooms_online"`
	AgentsOnline *int `json:"agents_online"`

	RoomsUnseen *int `json:"rooms_unseen"`
}

type roomSSE struct {
	RoomID       string     `json:"room_id"` // the link's ID, not its slug
	MatrixRoomID string     `json:"matrix_room_id"`
	Online       int        `json:"online"`
	Typing       int        `json:"typing"`
	Agents       []agentSSE `json:"agents"`

	Slug   spaces.Slug   `json:"slug"`
	Stale  bool          `json:"stale"`
	Source spaces.Source `json:"source"`

	VRCount int `json:"vr_count"`
}

type agentSSE struct {
	AgentID     string  `json:"agent_id"`
	DisplayName string  `json:"display_name"`
	Kind        string  `json:"kind"`
	Status      string  `json:"status"`
	RoomID      string  `json:"room_id"`
	Color       *string `json:"color"`
	NodeID      *string `json:"node_id"`
	District    *string `json:"district"`
	Model       *string `json:"model"`
	Role        *string `json:"role"`
	AvatarURL   *string `json:"avatar_url"`
}

// EncodeUpdate returns the full snapshot of the web application's contract.
// Rooms whose numbers are unknown are left out: the contract has no way to say
// so, and a zero would be invented.
func EncodeUpdate(v spaces.CityView, now time.Time) []byte {
	return mustJSON(newUpdate("presence_update", v, now))
}

// EncodeDiff returns the message of the diff mode: the rooms of changed only,
// and the ids of rooms the client has to drop. The city's numbers and agents
// are whole, as in every message: which room an agent stands in depends on all
// of them.
func EncodeDiff(v spaces.CityView, changed map[spaces.Slug]bool, removed []string, now time.Time) []byte {
	u := newUpdate("presence_diff", v, now)
	u.Rooms = slices.DeleteFunc(u.Rooms, func(r roomSSE) bool { return !changed[r.Slug] })
	u.Removed = removed
	return mustJSON(u)
}

func newUpdate(kind string, v spaces.CityView, now time.Time) updateSSE {
	u := updateSSE{
		Type: kind, Timestamp: now.UTC().Format(timestamp),
		Rooms: []roomSSE{}, State: v.State, AsOf: v.AsOf,
	}
	for _, r := range v.Rooms {
		if r.Presence != nil {
			u.Rooms = append(u.Rooms, newRoomSSE(r))
		}
	}
	agents, online := agentsOf(u.Rooms)
	u.Agents = agents
	if v.City != nil {
		t := v.City.Totals
		u.City = citySSE{OnlineTotal: &t.OnlineCount, RoomsOnline: &t.RoomsOnline, AgentsOnline: &online, RoomsUnseen: &t.RoomsUnseen}
	}
	return u
}

// timestamp is ISO 8601 to the millisecond, as JavaScript writes and reads it.
const timestamp = "2006-01-02T15:04:05.000Z07:00"

// agentsOf lists each agent of the rooms once, in the first of its rooms by
// slug, which is the order rooms come in, and counts those who are here. The
// count is made of the list, so that the two never contradict each other.
func agentsOf(rooms []roomSSE) (agents []agentSSE, online int) {
	agents = []agentSSE{}
	seen := map[string]bool{}
	for _, r := range rooms {
		for _, a := range r.Agents {
			if seen[a.AgentID] {
				continue
			}
			seen[a.AgentID] = true
			agents = append(agents, a)
			if a.Status != "offline" {
				online++
			}
		}
	}
	return agents, online
}

func newRoomSSE(r spaces.RoomView) roomSSE {
	agents := make([]agentSSE, len(r.Presence.Agents))
	for i, a := range r.Presence.Agents {
		agents[i] = agentSSE{
			AgentID: a.UserID, DisplayName: a.Name, Kind: "agent",
			Status: a.Status, RoomID: r.Link.ID,
		}
	}
	return roomSSE{
		RoomID: r.Link.ID, MatrixRoomID: r.Link.RoomID,
		Online: r.Presence.OnlineCount, Typing: r.Presence.TypingCount, Agents: agents,
		Slug: r.Link.Slug, Stale: r.Presence.Stale, Source: r.Presence.Source, VRCount: r.Presence.VRCount,
	}
}

// KeepAliveSSE is the comment that keeps an idle event stream's proxies awake.
var KeepAliveSSE = []byte(": keep-alive\n\n")

// AppendEvent appends one unnamed server-sent event. JSON text holds no line
// break, so the data is one line.
func AppendEvent(dst []byte, id uint64, data []byte) []byte {
	dst = append(dst, "id: "...)
	dst = strconv.AppendUint(dst, id, 10)
	dst = append(dst, "\ndata: "...)
	dst = append(dst, data...)
	return append(dst, "\n\n"...)
}

// Initializing is the body of 503 before the city is known, as the web
// application's contract has it.
var Initializing = json.RawMessage(`{"status":"initializing","message":"the city is not known yet; try again in a moment"}`)
