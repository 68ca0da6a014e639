package state_test

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"time"

	"presence/aggregator/state"
	"presence/spaces"
)

// oracle is a second, naive reading of the rules: plain tables, no counters, no
// indexes, no timers. Every answer is computed from scratch by walking
// everything, as a function of the tables and the time.
type oracle struct {
	cfg        state.Config
	now        time.Time // stands still while not ok
	asOf       time.Time
	sync       spaces.SyncState
	stale      bool
	noPresence bool
	links      map[spaces.Slug]spaces.Link
	rooms      map[string]*oracleRoom
	people     map[string]*oraclePerson
	visits     map[state.Visit]bool
}

type oracleRoom struct {
	observed   bool
	members    map[string]bool
	typing     map[string]bool
	listed     time.Time
	alias      string
	replacedBy string
	last       *spaces.RoomPresence
	lastKnown  bool
}

type oraclePerson struct {
	status          string
	currentlyActive bool
	confirmed, seen time.Time
	signs           []time.Time // ends of signs of life
	calls           map[[2]string]time.Time
	holds           map[int]time.Time
}

// Ranks of a class, as in the engine, spelled again on purpose.
const (
	rankOffline = iota
	rankUnknown
	rankIdle
	rankOnline
)

func newOracle(cfg state.Config) *oracle {
	return &oracle{
		cfg: cfg, sync: spaces.SyncStarting, stale: true, links: map[spaces.Slug]spaces.Link{},
		rooms: map[string]*oracleRoom{}, people: map[string]*oraclePerson{}, visits: map[state.Visit]bool{},
	}
}

func (o *oracle) advance(now time.Time) {
	if o.sync == spaces.SyncOK && now.After(o.now) {
		o.now = now
	}
}

func (o *oracle) sight() time.Time {
	if o.sync == spaces.SyncOK {
		return o.now
	}
	return o.asOf
}

func (o *oracle) room(id string) *oracleRoom {
	if o.rooms[id] == nil {
		o.rooms[id] = &oracleRoom{members: map[string]bool{}, typing: map[string]bool{}}
	}
	return o.rooms[id]
}

func (o *oracle) ignored(id string) bool {
	return id == o.cfg.Self || slices.ContainsFunc(o.cfg.Exclude, func(e *regexp.Regexp) bool { return e.MatchString(id) })
}

func (o *oracle) agent(id string) bool {
	return slices.ContainsFunc(o.cfg.Agents, func(a state.Agent) bool { return a.UserID == id })
}

func (o *oracle) apply(b state.Batch) {
	o.advance(b.At)
	if b.Initial || b.Gap {
		o.clearTyping()
	}
	o.loseSight(b)
	o.prune()
	o.sync, o.stale = spaces.SyncOK, false
	o.advance(b.At)
	if b.Initial {
		for _, p := range o.people {
			p.status, p.currentlyActive, p.confirmed, p.holds = "", false, time.Time{}, map[int]time.Time{}
			for key := range p.calls {
				o.endCall(p, key)
			}
		}
	}
	o.withGrace(!b.Initial, func() { o.facts(b) })
	o.asOf = o.now
	o.prune()
}

// withGrace runs change and lets people keep for a while the rank they fell from.
func (o *oracle) withGrace(soft bool, change func()) {
	before := map[string]int{}
	for id := range o.people {
		before[id], _ = o.target(id)
	}
	change()
	for id, p := range o.people {
		after, _ := o.target(id)
		if was, known := before[id]; soft && known && after < was && was >= rankIdle && o.cfg.Grace > 0 {
			p.holds[was] = o.sight().Add(o.cfg.Grace)
		}
		for rank := rankIdle; rank <= after; rank++ {
			delete(p.holds, rank)
		}
	}
}

func (o *oracle) loseSight(b state.Batch) {
	in := map[string]bool{}
	for _, f := range b.Rooms {
		in[f.RoomID] = !f.Left
	}
	lost := map[string]*oracleRoom{}
	for id, r := range o.rooms {
		if stays, mentioned := in[id]; mentioned && !stays || b.Initial && !stays {
			lost[id] = r
		}
	}
	for id, r := range lost {
		if r.observed {
			r.last, r.lastKnown = o.count(spaces.Slug(""), []string{id})
		}
	}
	for id, r := range lost {
		r.observed = false
		for user := range r.members {
			o.leave(id, user)
		}
	}
	o.dropStrangers()
}

func (o *oracle) facts(b state.Batch) {
	for _, f := range b.Rooms {
		if !f.Left {
			o.membership(b, f)
		}
	}
	var offline []string
	for _, f := range b.Presence {
		if o.presence(f) {
			offline = append(offline, f.UserID)
		}
	}
	o.prune()
	for _, f := range b.Rooms {
		if !f.Left && o.rooms[f.RoomID] != nil {
			o.activity(b, f)
		}
	}
	for _, id := range offline {
		if o.people[id].status == "offline" {
			for _, r := range o.rooms {
				o.stopTyping(r, id)
			}
		}
	}
	o.dropStrangers()
}

func (o *oracle) membership(b state.Batch, f state.RoomFacts) {
	r := o.room(f.RoomID)
	joined := map[string]bool{}
	for _, m := range f.Members {
		joined[m.UserID] = m.Membership == "join"
	}
	complete := f.Complete || b.Initial && len(f.Members) > 0
	for id := range r.members {
		if complete && !joined[id] {
			o.leave(f.RoomID, id)
		}
	}
	for id, in := range joined {
		if in {
			o.join(f.RoomID, id)
		} else {
			o.leave(f.RoomID, id)
		}
	}
	if complete {
		r.observed, r.last = true, nil
	}
	r.alias = cmp.Or(f.Alias, r.alias)
	r.replacedBy = cmp.Or(f.ReplacedBy, r.replacedBy)
}

func (o *oracle) join(room, id string) {
	if o.ignored(id) {
		return
	}
	o.room(room).members[id] = true
	if o.people[id] == nil {
		o.people[id] = &oraclePerson{calls: map[[2]string]time.Time{}, holds: map[int]time.Time{}}
	}
}

func (o *oracle) leave(room, id string) {
	r, p := o.rooms[room], o.people[id]
	if !r.members[id] {
		return
	}
	o.stopTyping(r, id)
	for key := range p.calls {
		if key[0] == room {
			o.endCall(p, key)
		}
	}
	delete(r.members, id)
}

func (o *oracle) dropStrangers() {
	for id := range o.people {
		if !slices.ContainsFunc(slices.Collect(maps.Values(o.rooms)), func(r *oracleRoom) bool { return r.members[id] }) {
			delete(o.people, id)
		}
	}
}

func (o *oracle) presence(f state.PresenceFact) (wentOffline bool) {
	p := o.people[f.UserID]
	if p == nil {
		return false
	}
	status := f.Presence
	if !slices.Contains([]string{"online", "unavailable", "offline", "busy", "org.matrix.msc3026.busy"}, status) {
		status = ""
	}
	if status == "org.matrix.msc3026.busy" {
		status = "busy"
	}
	if f.HasLastActive {
		p.seen = latest(p.seen, o.now.Add(-f.LastActiveAgo))
	}
	if status != p.status || f.CurrentlyActive || !f.HasLastActive {
		p.confirmed = o.now
	}
	wentOffline = status == "offline" && p.status != "offline" && !o.noPresence
	p.status, p.currentlyActive = status, f.CurrentlyActive
	return wentOffline
}

func (o *oracle) activity(b state.Batch, f state.RoomFacts) {
	r := o.rooms[f.RoomID]
	list := maps.Clone(r.typing)
	if f.Typing != nil {
		list = map[string]bool{}
		for _, id := range *f.Typing {
			if r.members[id] && o.agent(id) && len(*f.Typing)+len(r.typing) > 0 {
				o.alive(id, o.now, time.Minute)
			} else if r.members[id] {
				list[id] = true
			}
		}
	}
	for _, ev := range f.Evidence {
		if ev.Kind == state.EvidenceMessage && !b.Initial && !b.Gap {
			delete(list, ev.UserID)
		}
	}
	if !maps.Equal(list, r.typing) {
		for id := range r.typing {
			if !list[id] {
				o.stopTyping(r, id)
			}
		}
		if f.Typing != nil {
			for id := range list {
				o.alive(id, o.now, time.Minute)
			}
			r.typing, r.listed = list, o.now
		}
	}
	for _, ev := range f.Evidence {
		at := ev.At
		if at.After(o.now) {
			at = o.now
		}
		life := map[state.EvidenceKind]time.Duration{
			state.EvidenceMessage: 5 * time.Minute, state.EvidenceReceipt: 3 * time.Minute,
			state.EvidenceTyping: time.Minute, state.EvidenceJoin: 2 * time.Minute,
		}[ev.Kind]
		o.alive(ev.UserID, at, life)
	}
	for _, c := range f.Calls {
		if p := o.people[c.UserID]; p != nil && r.members[c.UserID] {
			key := [2]string{f.RoomID, c.Key}
			until := c.Until
			if limit := o.now.Add(4 * time.Hour); until.After(limit) {
				until = limit
			}
			if until.After(o.now) {
				p.calls[key] = until
			} else {
				o.endCall(p, key)
			}
		}
	}
}

func (o *oracle) alive(id string, at time.Time, life time.Duration) {
	if p := o.people[id]; p != nil {
		p.seen = latest(p.seen, at)
		if at.Add(life + 15*time.Minute).After(o.now) {
			o.sign(id, at.Add(life))
		}
	}
}

func (o *oracle) sign(id string, end time.Time) {
	if p := o.people[id]; p != nil {
		p.signs = append(p.signs, end)
	}
}

func (o *oracle) endCall(p *oraclePerson, key [2]string) {
	if until, in := p.calls[key]; in {
		p.signs = append(p.signs, earliest(until, o.sight()))
		delete(p.calls, key)
	}
}

func (o *oracle) stopTyping(r *oracleRoom, id string) {
	if r.typing[id] {
		end := o.sight()
		if !o.shown(r, id) {
			end = r.listed.Add(o.cfg.TypingCap)
		}
		o.sign(id, end.Add(time.Minute))
		delete(r.typing, id)
	}
}

func (o *oracle) clearTyping() {
	for _, r := range o.rooms {
		for id := range r.typing {
			o.stopTyping(r, id)
		}
	}
}

func (o *oracle) shown(r *oracleRoom, id string) bool {
	return r.typing[id] && o.now.Before(r.listed.Add(o.cfg.TypingCap))
}

func (o *oracle) reconcile(now time.Time, room string, joined []string) {
	o.advance(now)
	o.withGrace(true, func() {
		r := o.room(room)
		for id := range r.members {
			if !slices.Contains(joined, id) {
				o.leave(room, id)
			}
		}
		for _, id := range joined {
			o.join(room, id)
		}
		r.observed, r.last = true, nil
		o.dropStrangers()
	})
}

func (o *oracle) visit(v state.Visit, inside bool) {
	delete(o.visits, v)
	if inside {
		o.visits[v] = true
	}
}

func (o *oracle) setSync(now time.Time, s spaces.SyncState, asOf time.Time) {
	o.advance(now)
	o.asOf = latest(o.asOf, asOf)
	o.now = latest(o.now, asOf)
	o.sync = s
	o.stale = s == spaces.SyncLost || o.stale && s == spaces.SyncDegraded
	if s != spaces.SyncOK {
		o.clearTyping()
	}
	o.advance(now)
}

func (o *oracle) setPresenceSupport(now time.Time, supported bool) {
	o.advance(now)
	if o.noPresence == !supported {
		return
	}
	o.noPresence = !supported
	for _, p := range o.people {
		if !supported {
			p.status, p.currentlyActive, p.confirmed, p.holds = "", false, time.Time{}, map[int]time.Time{}
		}
	}
}

func (o *oracle) setLinks(now time.Time, links []spaces.Link) {
	o.advance(now)
	o.links = map[spaces.Slug]spaces.Link{}
	for _, l := range links {
		o.links[l.Slug] = l
	}
	o.prune()
}

// prune forgets rooms that no link stands on and nobody known is in.
func (o *oracle) prune() {
	stands := map[string]bool{}
	for _, l := range o.links {
		for _, id := range o.chain(l.RoomID) {
			stands[id] = true
		}
	}
	for id, r := range o.rooms {
		if !stands[id] && !r.observed && len(r.members) == 0 {
			delete(o.rooms, id)
		}
	}
}

func (o *oracle) chain(id string) []string {
	var ids []string
	for id != "" && !slices.Contains(ids, id) {
		ids = append(ids, id)
		id = o.room(id).replacedBy
	}
	return ids
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
