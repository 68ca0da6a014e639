package aggregator

import (
	"time"

	"presence/aggregator/matrix"
	"presence/aggregator/state"
	"presence/spaces"
)

// rooms is which rooms the daemon is in and which it wants to be in.
type rooms struct {
	joined map[string]bool
	wanted map[string]string // room id to alias, which may be empty: where links and their upgrades lead
	moves  map[string]move   // by replacement room
	// replaced is where the tombstones seen in this term lead, by upgraded room.
	replaced map[string]string
	// touched is the batch that last told members of a room. A member list
	// asked for before that batch is older than what we hold.
	touched map[string]uint64
	batches uint64
	initial uint64 // the batch that last began afresh
}

// move is an upgrade under way: slug moves to the replacement once its members
// are known; until then it stands on both rooms.
type move struct {
	slug spaces.Slug
	from string
}

func newRooms() rooms {
	return rooms{joined: map[string]bool{}, wanted: map[string]string{}, moves: map[string]move{}, replaced: map[string]string{}, touched: map[string]uint64{}}
}

func (r *rooms) joinedAre(list []string) {
	clear(r.joined)
	for _, roomID := range list {
		r.joined[roomID] = true
	}
}

// newerThan reports whether members of the room were told after the batch.
func (r *rooms) newerThan(roomID string, batch uint64) bool {
	return r.touched[roomID] > batch || r.initial > batch
}

// wantRooms works out from the links what is to be resolved, joined and
// watched. Rooms nobody wants any more are not left: a link that vanished by
// mistake could not be joined again where an invite is needed.
func (t *term) wantRooms(now time.Time) {
	old := t.rooms.wanted
	t.rooms.wanted = make(map[string]string, len(t.links.list))
	for _, link := range t.links.list {
		if link.RoomID == "" {
			t.errands.add(now, errand{kind: errandResolve, target: link.Alias, slug: link.Slug})
			continue
		}
		_, before := old[link.RoomID]
		t.want(now, link.RoomID, link.Alias, link.Slug, before)
		if next := t.rooms.replaced[link.RoomID]; next != "" && !before {
			t.follows(now, link, next)
		}
	}
	for replacement, m := range t.rooms.moves {
		if link, ok := t.links.bySlug[m.slug]; ok && link.RoomID == m.from {
			t.want(now, replacement, "", m.slug, true)
		} else {
			delete(t.rooms.moves, replacement)
		}
	}
}

func (t *term) want(now time.Time, roomID, alias string, slug spaces.Slug, before bool) {
	t.rooms.wanted[roomID] = alias
	if !t.rooms.joined[roomID] {
		t.errands.add(now, errand{kind: errandJoin, target: roomID})
		return
	}
	watch := errand{kind: errandMembers, target: roomID}
	if _, known := t.engine.Room(slug); known {
		t.errands.add(now.Add(reconcileAfter()), watch)
	} else if !before {
		t.errands.add(now, watch)
	}
}

// noteRooms takes from a response what concerns the daemon itself: rooms it
// came into or fell out of, invites and upgrades.
func (t *term) noteRooms(now time.Time, r *matrix.Response) {
	t.rooms.batches++
	if r.Batch.Initial {
		t.rooms.initial = t.rooms.batches
		t.noteAbsent(now, r)
	}
	for i := range r.Batch.Rooms {
		t.noteRoom(now, &r.Batch.Rooms[i])
	}
	for _, roomID := range r.Invites {
		if _, wanted := t.rooms.wanted[roomID]; wanted {
			t.errands.bring(now, errand{kind: errandJoin, target: roomID})
		} else {
			t.log.Info("an invite to a room that is not linked is left alone", "room", roomID)
		}
	}
}

// noteAbsent: an initial sync names every room the daemon is in.
func (t *term) noteAbsent(now time.Time, r *matrix.Response) {
	named := make(map[string]bool, len(r.Batch.Rooms))
	for i := range r.Batch.Rooms {
		named[r.Batch.Rooms[i].RoomID] = true
	}
	for roomID := range t.rooms.joined {
		if !named[roomID] {
			t.fellOut(now, roomID)
		}
	}
}

func (t *term) noteRoom(now time.Time, f *state.RoomFacts) {
	if f.Left {
		t.fellOut(now, f.RoomID)
		return
	}
	news := !t.rooms.joined[f.RoomID]
	t.rooms.joined[f.RoomID] = true
	if len(f.Members) > 0 {
		t.rooms.touched[f.RoomID] = t.rooms.batches
	}
	if f.ReplacedBy != "" {
		t.upgraded(now, f.RoomID, f.ReplacedBy)
	}
	if _, wanted := t.rooms.wanted[f.RoomID]; !wanted {
		return
	}
	t.errands.remove(errand{kind: errandJoin, target: f.RoomID})
	watch := errand{kind: errandMembers, target: f.RoomID}
	switch {
	case f.Complete:
		t.errands.put(now.Add(reconcileAfter()), watch)
		t.arrived(now, f.RoomID)
	case news:
		t.errands.bring(now, watch)
	}
}

// fellOut notes that the daemon is out of a room. Joining again at once would be
// rude to a moderator and useless against a ban.
func (t *term) fellOut(now time.Time, roomID string) {
	delete(t.rooms.joined, roomID)
	delete(t.rooms.touched, roomID)
	t.errands.remove(errand{kind: errandMembers, target: roomID})
	if _, wanted := t.rooms.wanted[roomID]; wanted {
		t.log.Warn("the daemon is out of a linked room; its count is unavailable until it is back", "room", roomID)
		t.errands.add(now.Add(forbiddenWait(1)), errand{kind: errandJoin, target: roomID})
	}
}

// upgraded notes a tombstone.
func (t *term) upgraded(now time.Time, from, replacement string) {
	if replacement == from {
		return
	}
	t.rooms.replaced[from] = replacement
	for _, link := range t.links.list {
		if link.RoomID == from {
			t.follows(now, link, replacement)
		}
	}
}

// follows takes a link through an upgrade: join the replacement, and move the
// link once its members are known. Meanwhile the tables count both rooms. A
// replacement that has a link of its own needs no following.
func (t *term) follows(now time.Time, link spaces.Link, replacement string) {
	for _, other := range t.links.list {
		if other.RoomID == replacement {
			return
		}
	}
	t.log.Info("a linked room was upgraded", "slug", link.Slug, "room", link.RoomID, "replacement", replacement)
	t.rooms.moves[replacement] = move{slug: link.Slug, from: link.RoomID}
	t.want(now, replacement, "", link.Slug, false)
	if t.rooms.joined[replacement] {
		t.errands.bring(now, errand{kind: errandMembers, target: replacement})
	}
}

// arrived notes that a room's members are known, which lets an upgrade finish.
func (t *term) arrived(now time.Time, roomID string) {
	if m, moving := t.rooms.moves[roomID]; moving {
		t.errands.add(now, errand{kind: errandMove, target: roomID, slug: m.slug})
	}
}
