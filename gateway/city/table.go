package city

import (
	"container/list"
	"slices"
	"strings"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
	"presence/spaces/bus"
)

// table is what the gateway knows of the city, with a sequence number for every
// change. It does no I/O and asks no clock. Guarded by City.mu, and changed by
// passes only: between two of them it stands still, so that a socket which pulls
// is at the same place as those that were told.
type table struct {
	seq   uint64 // of the newest change
	items map[spaces.Slug]*item
	order *list.List // of *item, by item.seq
	known int        // linked items with numbers

	city    *spaces.CityPresence // nil: unknown
	citySeq uint64

	fresh     freshness
	statusSeq uint64

	audience audienceLog
	grid     spaces.Rect // over the public rooms; W and H only
	replace  bool        // places must be worked out again

	revision   uint64 // grows with everything that snapshots show, changes that nobody is told of included
	overwrites int    // changes that replaced one no pass has seen
	passed     uint64 // seq of the last pass
}

func newTable(rules lifetimes) *table {
	return &table{
		items: map[spaces.Slug]*item{}, order: list.New(),
		fresh: freshness{lifetimes: rules, state: spaces.StateUnknown},
	}
}

// next returns the sequence number of a new change. It follows the clock in
// microseconds: numbers grow over restarts, and the gap between two of them
// tells a viewer nothing about changes in rooms they may not see.
func (t *table) next(now time.Time) uint64 {
	t.seq = max(t.seq+1, uint64(now.UnixMicro()))
	return t.seq
}

// reserve returns the last of n new sequence numbers in a row.
func (t *table) reserve(now time.Time, n int) uint64 {
	t.seq = max(t.seq, uint64(now.UnixMicro())) + uint64(n)
	return t.seq
}

// reset makes the table hold state and nothing else, as changes to those that
// watch: a feed survives it.
func (t *table) reset(now time.Time, state bus.CityState) {
	for slug := range t.items {
		if _, ok := state.Links[slug]; !ok {
			t.setLink(now, slug, nil)
		}
		if _, ok := state.Rooms[slug]; !ok {
			t.setRoom(now, slug, nil)
		}
	}
	for _, slug := range sortedKeys(state.Links) {
		link := state.Links[slug]
		t.setLink(now, slug, &link)
	}
	for _, slug := range sortedKeys(state.Rooms) {
		room := state.Rooms[slug]
		t.setRoom(now, slug, &room)
		t.items[slug].timed = room.ReceivedTS // read again, not new: its age is no delay
	}
	t.setCity(now, state.City)
	t.fresh.sees(now, state.Status, state.StatusAt)
	t.settle(now)
}

// apply takes over changes in their order.
func (t *table) apply(now time.Time, changes []bus.CityChange) {
	for _, c := range changes {
		switch {
		case c.Link != nil:
			t.setLink(now, c.Slug, c.Link)
		case c.LinkGone:
			t.setLink(now, c.Slug, nil)
		case c.Room != nil:
			t.setRoom(now, c.Slug, c.Room)
		case c.RoomGone:
			t.setRoom(now, c.Slug, nil)
		case c.City != nil || c.CityGone:
			t.setCity(now, c.City)
		case c.Status != nil || c.StatusGone:
			t.fresh.hears(now, c.Status)
		}
	}
	t.settle(now)
}

// settle brings what follows from several facts up to date: places on the map
// and how fresh the numbers are.
func (t *table) settle(now time.Time) {
	t.revision++
	if t.replace {
		t.place(now)
	}
	t.refresh(now)
}

func (t *table) setRoom(now time.Time, slug spaces.Slug, room *spaces.RoomPresence) {
	it := t.items[slug]
	if it == nil {
		if room == nil {
			return
		}
		it = t.add(slug)
	}
	same := sameNumbers(it.room, room)
	if room != nil && sameCounts(it.room, room) {
		it.timed = room.ReceivedTS // a repetition, late on purpose
	}
	if it.room != nil {
		it.last = it.room
	}
	t.fill(it, it.link, room)
	if !same {
		t.touch(now, it)
	}
	t.forget(it)
}

func (t *table) setLink(now time.Time, slug spaces.Slug, link *spaces.Link) {
	it := t.items[slug]
	if it == nil {
		if link == nil {
			return
		}
		it = t.add(slug)
	}
	old := it.link
	if old == link || old != nil && link != nil && *old == *link {
		return
	}
	t.fill(it, link, it.room)
	t.touch(now, it)
	it.linkSeq = it.seq
	if !sameAudience(old, link) {
		t.audience.note(it.seq, slug, old)
	}
	t.replace = true
	t.forget(it)
}

func (t *table) setCity(now time.Time, city *spaces.CityPresence) {
	if !sameTotals(t.city, city) {
		t.citySeq = t.next(now)
	}
	t.city = city
}

func (t *table) add(slug spaces.Slug) *item {
	it := &item{slug: slug}
	it.element = t.order.PushBack(it)
	t.items[slug] = it
	return it
}

// fill changes what an item is made of.
func (t *table) fill(it *item, link *spaces.Link, room *spaces.RoomPresence) {
	if it.link != nil && it.room != nil {
		t.known--
	}
	it.link, it.room, it.encoded = link, room, nil
	if it.link != nil && it.room != nil {
		t.known++
	}
}

// touch makes it the newest change.
func (t *table) touch(now time.Time, it *item) {
	if it.seq > t.passed {
		t.overwrites++
	}
	it.seq, it.encoded = t.next(now), nil
	t.order.MoveToBack(it.element)
}

// forget drops an item of which nothing is left. That it was visible is in the
// audience log.
func (t *table) forget(it *item) {
	if it.link == nil && it.room == nil {
		t.order.Remove(it.element)
		delete(t.items, it.slug)
	}
}

// presence is what may be shown of a room now; nil is unknown.
func (t *table) presence(it *item) *spaces.RoomPresence {
	if t.fresh.hidden {
		return nil
	}
	return it.room
}

// encode returns the room for all formats, encoded at most once per change.
func (t *table) encode(it *item) *wire.Room {
	if it.encoded == nil {
		state := wire.RoomState{Link: *it.link, Place: it.place, Presence: t.presence(it), Last: it.last, Stale: t.fresh.stale}
		if it.room != nil {
			state.Last = it.room
		}
		it.encoded = wire.EncodeRoom(state)
	}
	return it.encoded
}

// totals is what may be shown of the whole city now; nil is unknown.
func (t *table) totals() *spaces.CityPresence {
	if t.fresh.hidden {
		return nil
	}
	return t.city
}

// visible returns the rooms a viewer may know of, sorted by slug.
func (t *table) visible(v *spaces.Viewer) []*item {
	items := make([]*item, 0, len(t.items))
	for _, it := range t.items {
		if it.seenBy(v) {
			items = append(items, it)
		}
	}
	slices.SortFunc(items, func(a, b *item) int { return strings.Compare(string(a.slug), string(b.slug)) })
	return items
}

func sortedKeys[V any](m map[spaces.Slug]V) []spaces.Slug {
	keys := make([]spaces.Slug, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
