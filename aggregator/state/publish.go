package state

import (
	"cmp"
	"slices"
	"strings"

	"presence/spaces"
)

// Room returns what to publish about a linked room, and false when its count is
// unknown: not linked, never observed, or nobody but silent people on a
// homeserver without presence. Epoch and Version are left to the publisher.
//
// A stale value is the last known one. The publisher must let it expire rather
// than renew it, so that it turns to unknown after its lifetime.
func (e *Engine) Room(slug spaces.Slug) (spaces.RoomPresence, bool) {
	pl := e.places[slug]
	switch {
	case pl == nil:
		return spaces.RoomPresence{}, false
	case pl.live:
		return e.liveRoom(pl)
	default:
		return e.lastRoom(pl)
	}
}

func (e *Engine) liveRoom(pl *place) (spaces.RoomPresence, bool) {
	t := &pl.tally
	out := pl.presence()
	out.OnlineCount = onlineCount(t, e.cfg.CountIdle)
	out.ActiveCount, out.IdleCount = t.active(), t.people[idle]
	out.VRCount = t.visiting + t.visitors
	out.UnknownCount, out.MemberCount = t.people[unknown], t.members()
	out.AgentCount, out.Agents = t.agents, pl.listAgents()
	out.TypingUsers = pl.typers()
	out.TypingCount = len(out.TypingUsers)
	out.Source = t.source()
	out.Stale, out.AsOf = e.stale, int64(e.asOf)
	return out, t.known()
}

// lastRoom is what was last seen in a room the daemon is out of. Who of the
// people in VR was among those is forgotten, so they count as no more than the
// larger of the two numbers.
func (e *Engine) lastRoom(pl *place) (spaces.RoomPresence, bool) {
	var last *lastSeen
	for _, r := range pl.rooms {
		if r.left != nil && (last == nil || r.left.AsOf > last.AsOf) {
			last = r.left
		}
	}
	if last == nil {
		return spaces.RoomPresence{}, false
	}
	out := pl.presence()
	out.VRCount = len(e.visitors[pl.link.Slug])
	out.ActiveCount, out.IdleCount = max(last.Active, out.VRCount), last.Idle
	out.OnlineCount = out.ActiveCount
	if e.cfg.CountIdle {
		out.OnlineCount += last.Idle
	}
	out.UnknownCount, out.MemberCount = last.Unknown, last.Members
	out.AgentCount, out.Agents = last.AgentsIn, append([]spaces.Agent{}, last.Agents...)
	out.Source, out.Stale, out.AsOf = last.Source, true, int64(last.AsOf)
	return out, last.Known
}

// presence is the part of the payload that is not a count.
func (pl *place) presence() spaces.RoomPresence {
	out := spaces.RoomPresence{
		Type: "room.presence", Slug: pl.link.Slug, RoomID: pl.link.RoomID, Alias: pl.link.Alias,
		TypingUsers: []string{}, Agents: []spaces.Agent{}, ReceivedTS: int64(pl.received),
	}
	last := pl.received
	for i, r := range pl.rooms {
		if i == 0 && r.alias != "" {
			out.Alias = r.alias
		}
		last = max(last, r.lastEvent)
	}
	out.LastEventTS = int64(last)
	return out
}

// typers lists who is shown typing in the place's rooms, each once.
func (pl *place) typers() []string {
	ids := []string{}
	for _, r := range pl.rooms {
		for p, shown := range r.typing {
			if shown {
				ids = append(ids, p.id)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (pl *place) listAgents() []spaces.Agent {
	agents := make([]spaces.Agent, 0, len(pl.agents))
	for p := range pl.agents {
		agents = append(agents, p.asAgent())
	}
	sortAgents(agents)
	return agents
}

func (p *person) asAgent() spaces.Agent {
	a := spaces.Agent{UserID: p.id, Name: cmp.Or(p.name, p.id), Status: "offline"}
	if p.class.here() {
		a.Status = "online"
	}
	if p.class == online && p.status == statusBusy {
		a.Status = "busy"
	}
	return a
}

func sortAgents(agents []spaces.Agent) {
	slices.SortFunc(agents, func(a, b spaces.Agent) int { return strings.Compare(a.UserID, b.UserID) })
}

// City returns the distinct totals of the public rooms, and false while none of
// them is known. Zones of which nothing is known are left out.
func (e *Engine) City() (spaces.CityPresence, bool) {
	out := spaces.CityPresence{
		Type: "city.presence", Totals: e.city.totals(e.cfg.CountIdle), Zones: []spaces.ZonePresence{},
		Source: e.city.tally.source(), Stale: e.stale, AsOf: int64(e.asOf),
	}
	for _, z := range e.zones {
		if z.live > 0 && z.tally.known() {
			out.Zones = append(out.Zones, spaces.ZonePresence{Zone: z.name, Totals: z.totals(e.cfg.CountIdle)})
		}
	}
	slices.SortFunc(out.Zones, func(a, b spaces.ZonePresence) int { return strings.Compare(a.Zone, b.Zone) })
	return out, e.city.live > 0 && e.city.tally.known()
}

// User returns what may be said about one tracked person, false for anybody
// else. While numbers are stale it is unknown: it has no mark to say so.
func (e *Engine) User(userID string) (spaces.UserPresence, bool) {
	p := e.people[userID]
	if p == nil {
		return spaces.UserPresence{}, false
	}
	out := spaces.UserPresence{
		Type: "user.presence", UserID: p.id, Status: userStatus[p.class],
		LastActiveTS: int64(p.seen), Source: spaces.SourceMatrix, AsOf: int64(e.asOf),
	}
	if p.inferred {
		out.Source = spaces.SourceInferred
	}
	if e.stale {
		out.Status = userStatus[unknown]
	}
	return out, true
}

var userStatus = [classes]string{offline: "offline", unknown: "unknown", idle: "unavailable", online: "online"}

// Stats are the figures of the status subject and of metrics.
type Stats struct {
	Rooms  int // links that name a room
	Joined int // of those, links with a room the daemon is in and whose members it knows
	Users  int // people and agents tracked, in any room
}

// Stats counts over all links; call it every few seconds, not per change.
func (e *Engine) Stats() Stats {
	s := Stats{Users: len(e.people)}
	for _, pl := range e.places {
		if len(pl.rooms) > 0 {
			s.Rooms++
		}
		if pl.live {
			s.Joined++
		}
	}
	return s
}
