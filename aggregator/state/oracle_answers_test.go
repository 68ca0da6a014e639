package state_test

import (
	"maps"
	"slices"
	"strings"
	"time"

	"presence/spaces"
)

// target is the rank of a user by facts and time, without grace.
func (o *oracle) target(id string) (rank int, inferred bool) {
	p := o.people[id]
	if o.noPresence {
		return o.infer(id), true
	}
	rank = map[string]int{"": rankUnknown, "offline": rankOffline, "unavailable": rankIdle, "online": rankOnline, "busy": rankOnline}[p.status]
	if limit := o.cfg.OnlineLimit; rank >= rankIdle && limit > 0 {
		if p.currentlyActive && rank == rankOnline {
			limit *= 2
		}
		if !o.now.Before(latest(latest(p.confirmed, p.seen), o.lifeEnd(id)).Add(limit)) {
			rank = rankUnknown
		}
	}
	if rank == rankUnknown && o.cfg.Infer {
		if guess := o.infer(id); guess >= rankIdle {
			return guess, true
		}
	}
	return rank, false
}

func (o *oracle) lifeEnd(id string) time.Time {
	var end time.Time
	for _, sign := range o.people[id].signs {
		end = latest(end, sign)
	}
	for _, until := range o.people[id].calls {
		end = latest(end, until)
	}
	for _, r := range o.rooms {
		if r.typing[id] && !o.shown(r, id) { // hidden by the cap, alive until then
			end = latest(end, r.listed.Add(o.cfg.TypingCap+time.Minute))
		}
	}
	return end
}

func (o *oracle) infer(id string) int {
	end := o.lifeEnd(id)
	for _, r := range o.rooms {
		if o.shown(r, id) {
			return o.ifInfer(rankOnline)
		}
	}
	switch {
	case end.IsZero():
		return rankUnknown
	case o.now.Before(end):
		return o.ifInfer(rankOnline)
	case o.now.Before(end.Add(15 * time.Minute)):
		return o.ifInfer(rankIdle)
	default:
		return o.ifInfer(rankOffline)
	}
}

func (o *oracle) ifInfer(rank int) int {
	if !o.cfg.Infer {
		return rankUnknown
	}
	return rank
}

// class is target with grace.
func (o *oracle) class(id string) (rank int, inferred bool) {
	rank, inferred = o.target(id)
	for held := rankOnline; held >= rankIdle; held-- {
		if held > rank && o.now.Before(o.people[id].holds[held]) {
			return held, false
		}
	}
	return rank, inferred
}

// inVR is who is in the spaces of some places, without software: user ids of
// Matrix users, subjects of others.
func (o *oracle) inVR(slugs []spaces.Slug) map[string]bool {
	ids := map[string]bool{}
	for v := range o.visits {
		id, matrix := strings.CutPrefix(v.Subject, "matrix:")
		if slices.Contains(slugs, v.Slug) && !(matrix && (o.ignored(id) || o.agent(id))) {
			ids[id] = true
		}
	}
	return ids
}

// count counts the distinct users of some rooms and of the spaces of some places.
func (o *oracle) count(slug spaces.Slug, rooms []string, slugs ...spaces.Slug) (*spaces.RoomPresence, bool) {
	out := &spaces.RoomPresence{Type: "room.presence", Slug: slug, TypingUsers: []string{}, Agents: []spaces.Agent{}, AsOf: millis(o.asOf)}
	members, typing := map[string]bool{}, map[string]bool{}
	for _, id := range rooms {
		for user := range o.rooms[id].members {
			members[user] = true
			if o.shown(o.rooms[id], user) {
				typing[user] = true
			}
		}
	}
	inferred, visiting, vr := 0, 0, o.inVR(slugs)
	for id := range members {
		rank, guess := o.class(id)
		if vr[id] {
			rank, guess = rankOnline, false
			visiting++
		}
		if o.agent(id) {
			out.Agents = append(out.Agents, o.asAgent(id, rank))
			if rank >= rankIdle {
				out.AgentCount++
			}
			continue
		}
		out.MemberCount++
		switch rank {
		case rankOnline:
			out.ActiveCount++
		case rankIdle:
			out.IdleCount++
		case rankUnknown:
			out.UnknownCount++
		}
		if rank >= rankIdle && guess {
			inferred++
		}
	}
	here := out.ActiveCount + out.IdleCount - visiting // as far as Matrix knows
	out.VRCount = len(vr)
	out.ActiveCount += len(vr) - visiting
	slices.SortFunc(out.Agents, func(a, b spaces.Agent) int { return strings.Compare(a.UserID, b.UserID) })
	out.OnlineCount = out.ActiveCount
	if o.cfg.CountIdle {
		out.OnlineCount += out.IdleCount
	}
	out.TypingUsers = append(out.TypingUsers, slices.Sorted(maps.Keys(typing))...)
	out.TypingCount = len(out.TypingUsers)
	switch {
	case here == 0 && o.noPresence && out.MemberCount > visiting:
		out.Source = spaces.SourceInferred
	case inferred == 0:
		out.Source = spaces.SourceMatrix
	case inferred == here:
		out.Source = spaces.SourceInferred
	default:
		out.Source = spaces.SourceMixed
	}
	return out, out.ActiveCount+out.IdleCount > 0 || out.Source != spaces.SourceInferred
}

func (o *oracle) asAgent(id string, rank int) spaces.Agent {
	a := spaces.Agent{UserID: id, Name: id, Status: "offline"}
	for _, listed := range o.cfg.Agents {
		if listed.UserID == id && listed.Name != "" {
			a.Name = listed.Name
		}
	}
	if rank >= rankIdle {
		a.Status = "online"
	}
	if rank == rankOnline && o.people[id].status == "busy" {
		a.Status = "busy"
	}
	return a
}

func (o *oracle) observed(ids []string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return o.rooms[id].observed })
}

// Room is what the engine's Room must answer.
func (o *oracle) Room(slug spaces.Slug) (spaces.RoomPresence, bool) {
	l, linked := o.links[slug]
	if !linked {
		return spaces.RoomPresence{}, false
	}
	ids := o.chain(l.RoomID)
	var out *spaces.RoomPresence
	known := false
	if o.observed(ids) {
		out, known = o.count(slug, ids, slug)
		out.Stale = o.stale
	} else {
		for _, id := range ids {
			if last := o.rooms[id].last; last != nil && (out == nil || last.AsOf > out.AsOf) {
				stale := *last
				out, known = &stale, o.rooms[id].lastKnown
				out.Slug, out.Stale, out.TypingUsers, out.TypingCount = slug, true, []string{}, 0
				out.VRCount = len(o.inVR([]spaces.Slug{slug}))
				out.ActiveCount = max(out.ActiveCount, out.VRCount)
				out.OnlineCount = out.ActiveCount
				if o.cfg.CountIdle {
					out.OnlineCount += out.IdleCount
				}
			}
		}
	}
	if out == nil {
		return spaces.RoomPresence{}, false
	}
	out.RoomID, out.Alias = l.RoomID, l.Alias
	if alias := o.rooms[ids[0]].alias; alias != "" {
		out.Alias = alias
	}
	return *out, known
}

// City is what the engine's City must answer.
func (o *oracle) City() (spaces.CityPresence, bool) {
	totals, source, known := o.totals("")
	out := spaces.CityPresence{
		Type: "city.presence", Totals: totals, Zones: []spaces.ZonePresence{}, Source: source,
		Stale: o.stale, AsOf: millis(o.asOf),
	}
	zones := map[string]bool{}
	for _, l := range o.links {
		zones[l.Zone] = true
	}
	for _, zone := range slices.Sorted(maps.Keys(zones)) {
		if t, _, ok := o.totals(zone); ok {
			out.Zones = append(out.Zones, spaces.ZonePresence{Zone: zone, Totals: t})
		}
	}
	return out, known
}

func (o *oracle) totals(zone string) (spaces.Totals, spaces.Source, bool) {
	var all []string
	var slugs []spaces.Slug
	online, live, unseen := 0, 0, 0
	for slug, l := range o.links {
		if !l.Public || zone != "" && l.Zone != zone {
			continue
		}
		if ids := o.chain(l.RoomID); !o.observed(ids) {
			unseen++
		} else {
			live++
			all, slugs = append(all, ids...), append(slugs, slug)
			if one, _ := o.count(slug, ids, slug); one.OnlineCount > 0 {
				online++
			}
		}
	}
	sum, known := o.count("", all, slugs...)
	return spaces.Totals{
		OnlineCount: sum.OnlineCount, ActiveCount: sum.ActiveCount, IdleCount: sum.IdleCount,
		AgentCount: sum.AgentCount, TypingCount: sum.TypingCount, RoomsOnline: online, RoomsUnseen: unseen,
	}, sum.Source, known && live > 0
}

// User is what the engine's User must answer.
func (o *oracle) User(id string) (spaces.UserPresence, bool) {
	p := o.people[id]
	if p == nil {
		return spaces.UserPresence{}, false
	}
	rank, inferred := o.class(id)
	out := spaces.UserPresence{
		Type: "user.presence", UserID: id, AsOf: millis(o.asOf), Source: spaces.SourceMatrix, LastActiveTS: millis(p.seen),
		Status: []string{rankOffline: "offline", rankUnknown: "unknown", rankIdle: "unavailable", rankOnline: "online"}[rank],
	}
	if inferred {
		out.Source = spaces.SourceInferred
	}
	if o.stale {
		out.Status = "unknown"
	}
	return out, true
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
