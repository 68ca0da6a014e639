package city

import (
	"cmp"
	"slices"

	"presence/gateway/wire"
	"presence/spaces"
)

// event is one thing to tell a stream or a socket.
type event struct {
	seq  uint64
	kind eventKind
	item *item        // roomEvent, linkEvent
	gone *spaces.Link // goneEvent: the link the viewer knew
}

type eventKind uint8

const (
	roomEvent eventKind = iota
	linkEvent
	goneEvent
	totalsEvent
	statusEvent
)

// since returns what a viewer told up to cursor has to be told to know the city
// as it is now: each room once. False: too much was missed, only a snapshot
// will do.
func (t *table) since(v *spaces.Viewer, cursor uint64) ([]event, bool) {
	if !t.audience.answers(cursor) {
		return nil, false
	}
	events := t.common(cursor)
	for e := t.order.Back(); e != nil; e = e.Prev() {
		it := e.Value.(*item)
		if it.seq <= cursor {
			break
		}
		if it.seenBy(v) {
			events = append(events, it.event(cursor))
		}
	}
	for slug, change := range t.audience.before(cursor) {
		if change.before != nil && v.CanSee(*change.before) && !t.items[slug].seenBy(v) {
			events = append(events, event{seq: change.seq, kind: goneEvent, gone: change.before})
		}
	}
	return sorted(events), true
}

// moved is since for a viewer whose rights changed from was to now: what they
// see for the first time, and what they no longer may, counts as new. Those
// events take the sequence numbers up to last, which the caller has reserved.
func (t *table) moved(was, now *spaces.Viewer, cursor, last uint64) ([]event, bool) {
	if !t.audience.answers(cursor) {
		return nil, false
	}
	events, known := t.common(cursor), t.knownTo(was, cursor)
	for slug, it := range t.items {
		if !it.seenBy(now) {
			continue
		}
		switch {
		case known[slug] == nil:
			events = append(events, event{seq: last, kind: linkEvent, item: it})
			last--
		case it.seq > cursor:
			events = append(events, it.event(cursor))
		}
		delete(known, slug)
	}
	for _, link := range known {
		events = append(events, event{seq: last, kind: goneEvent, gone: link})
		last--
	}
	return sorted(events), true
}

// knownTo returns the links a viewer could see at cursor.
func (t *table) knownTo(v *spaces.Viewer, cursor uint64) map[spaces.Slug]*spaces.Link {
	known := map[spaces.Slug]*spaces.Link{}
	for slug, it := range t.items {
		if it.seenBy(v) {
			known[slug] = it.link
		}
	}
	for slug, change := range t.audience.before(cursor) {
		delete(known, slug)
		if change.before != nil && v.CanSee(*change.before) {
			known[slug] = change.before
		}
	}
	return known
}

// event is what to tell of a room that changed after cursor.
func (it *item) event(cursor uint64) event {
	if it.linkSeq > cursor {
		return event{seq: it.seq, kind: linkEvent, item: it}
	}
	return event{seq: it.seq, kind: roomEvent, item: it}
}

// common is what everybody is told.
func (t *table) common(cursor uint64) []event {
	var events []event
	if t.citySeq > cursor {
		events = append(events, event{seq: t.citySeq, kind: totalsEvent})
	}
	if t.statusSeq > cursor {
		events = append(events, event{seq: t.statusSeq, kind: statusEvent})
	}
	return events
}

func sorted(events []event) []event {
	slices.SortFunc(events, func(a, b event) int { return cmp.Compare(a.seq, b.seq) })
	return events
}

// encodeEvents returns whole frames for events in one format, and their number.
func (t *table) encodeEvents(enc wire.CityEncoder, events []event) (frames []byte, n int) {
	var message []byte
	for _, e := range events {
		message = t.encodeEvent(message[:0], enc, e)
		if len(message) > 0 {
			frames = wire.AppendFrame(frames, message)
			n++
		}
	}
	return frames, n
}

func (t *table) encodeEvent(dst []byte, enc wire.CityEncoder, e event) []byte {
	switch e.kind {
	case roomEvent:
		return enc.Room(dst, e.seq, t.encode(e.item))
	case linkEvent:
		return enc.Link(dst, e.seq, t.encode(e.item))
	case goneEvent:
		return enc.Gone(dst, e.seq, e.gone.Slug)
	case totalsEvent:
		return enc.Totals(dst, e.seq, t.totals())
	case statusEvent:
		return enc.Status(dst, e.seq, t.fresh.told)
	default:
		return dst
	}
}
