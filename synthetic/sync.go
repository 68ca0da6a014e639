package synthetic

import (
	"encoding/json"
	"fmt"
	"time"
)

// syncAnswer is the body of a /sync response and what it was made of.
type syncAnswer struct {
	NextBatch string    `json:"next_batch"`
	Presence  *eventBox `json:"presence,omitempty"`
	Rooms     *roomsBox `json:"rooms,omitempty"`
	Padding   string    `json:"org.example.padding,omitempty"`
}

type eventBox struct {
	Events []json.RawMessage `json:"events"`
}

type roomsBox struct {
	Join   map[string]*joinedBox `json:"join,omitempty"`
	Leave  map[string]*joinedBox `json:"leave,omitempty"`
	Invite map[string]struct{}   `json:"invite,omitempty"`
}

type joinedBox struct {
	State      *eventBox    `json:"state,omitempty"`
	StateAfter *eventBox    `json:"state_after,omitempty"`
	Timeline   *timelineBox `json:"timeline,omitempty"`
	Ephemeral  *eventBox    `json:"ephemeral,omitempty"`
}

type timelineBox struct {
	Events  []json.RawMessage `json:"events"`
	Limited bool              `json:"limited,omitempty"`
}

func (a *syncAnswer) empty() bool { return a.Presence == nil && a.Rooms == nil }

// view is one answer in the making: what one session is told of the stream
// after a position. The server's mutex is held while it is used.
type view struct {
	s          *Server
	session    *session
	filter     filter
	since      int // 0: everything
	stateAfter bool
	now        time.Time
	answer     *syncAnswer
	deltas     map[*room]*delta
	order      []*room         // of deltas, in order of first mention
	presence   []*user         // whose presence to tell
	told       map[string]bool // of them
	joined     map[string]bool // of them, those told because they joined
}

// delta is what the stream holds about one room.
type delta struct {
	events   []*roomEvent
	typing   bool
	receipts map[string]bool
}

func (s *Server) newView(one *session, f filter, since int, stateAfter bool) *view {
	return &view{
		s: s, session: one, filter: f, since: since, stateAfter: stateAfter, now: time.Now(),
		answer: &syncAnswer{NextBatch: s.token(len(s.log))}, deltas: map[*room]*delta{}, told: map[string]bool{}, joined: map[string]bool{},
	}
}

// token is a since token. s.mu is held.
func (s *Server) token(position int) string { return fmt.Sprintf("s%d_%d", s.generation, position) }

// initial tells everything: every room the user is in.
func (v *view) initial() *syncAnswer {
	for _, r := range v.session.user.rooms {
		v.full(r)
		v.membersPresence(r)
	}
	v.invites()
	v.tell()
	return v.answer
}

// incremental tells what the stream holds after since.
func (v *view) incremental() *syncAnswer {
	for _, e := range v.s.log[v.since:] {
		v.collect(e)
	}
	for _, r := range v.order {
		v.room(r, v.deltas[r])
	}
	v.tell()
	if !v.answer.empty() {
		v.repeatTyping()
	}
	return v.answer
}

func (v *view) collect(e entry) {
	if e.kind == entryPresence {
		if limit := v.s.quirks.PresenceReplay; limit == 0 || v.now.Sub(e.at) <= limit {
			v.mention(e.user)
		}
		return
	}
	d := v.delta(e.room)
	switch e.kind {
	case entryEvent:
		d.events = append(d.events, e.ev)
	case entryTyping:
		d.typing = true
	case entryReceipt:
		d.receipts[e.user.id] = true
	case entryPresence: // not of a room
	}
}

func (v *view) delta(r *room) *delta {
	d := v.deltas[r]
	if d == nil {
		d = &delta{receipts: map[string]bool{}}
		v.deltas[r] = d
		v.order = append(v.order, r)
	}
	return d
}

// mention puts a user's presence on the list, once.
func (v *view) mention(u *user) {
	if !v.told[u.id] {
		v.told[u.id] = true
		v.presence = append(v.presence, u)
	}
}

func (v *view) membersPresence(r *room) {
	for userID, membership := range r.members {
		if u := v.s.users[userID]; u != nil && membership == "join" {
			v.mention(u)
		}
	}
}

// room tells one room's delta to somebody who is in it, was in it, or is
// invited.
func (v *view) room(r *room, d *delta) {
	me := v.session.user.id
	was, changed := r.members[me] == "join", false
	for i := len(d.events) - 1; i >= 0; i-- {
		if ev := d.events[i]; ev.kind == "m.room.member" && *ev.stateKey == me {
			was, changed = ev.before == "join", changed || ev.before != "join" || ev.content["membership"] != "join"
		}
	}
	switch is := r.members[me] == "join"; {
	case is && changed:
		v.full(r)
		v.membersPresence(r)
	case is:
		v.part(r, d)
	case was && changed:
		v.box().Leave[r.id] = &joinedBox{Timeline: &timelineBox{Events: v.timelineEvents(d.events)}}
	case v.session.user.invites[r.id]:
		v.box().Invite[r.id] = struct{}{}
	}
}

func (v *view) invites() {
	for roomID := range v.session.user.invites {
		v.box().Invite[roomID] = struct{}{}
	}
}

func (v *view) box() *roomsBox {
	if v.answer.Rooms == nil {
		v.answer.Rooms = &roomsBox{Join: map[string]*joinedBox{}, Leave: map[string]*joinedBox{}, Invite: map[string]struct{}{}}
	}
	return v.answer.Rooms
}
