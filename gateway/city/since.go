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
// up to until: each room once. False: too much was missed, only a snapshot will
// do.
func (t *table) since(v *spaces.Viewer, cursor, until uint64) ([]event, bool) {
	if !t.audience.answers(cursor) {
		return nil, false
	}
	var events []event
	for e := t.order.Back(); e != nil; e = e.Prev() {
		it := e.Value.(*item)
		if it.seq <= cursor {
			break
		}
		if it.link != nil && v.CanSee(*it.link) {
			events = appendTold(events, it, cursor, until)
		}
	}
	for slug, change := range t.audience.before(cursor, until) {
		if change.before != nil && v.CanSee(*change.before) && !t.sees(v, slug) {
			events = append(events, event{seq: change.seq, kind: goneEvent, gone: change.before})
		}
	}
	return sorted(t.common(events, cursor, until)), true
}

// moved is since for a viewer whose rights changed from was to now: what they
// see for the first time, and what they no longer may, counts as new. Those
// events take the sequence numbers up to last, which the caller has reserved.
func (t *table) moved(was, now *spaces.Viewer, cursor, until, last uint64) ([]event, bool) {
	if !t.audience.answers(cursor) {
		return nil, false
	}
	before := t.audience.before(cursor, until)
	known := map[spaces.Slug]*spaces.Link{}
	for slug, it := range t.items {
		link := it.link
		if change, ok := before[slug]; ok {
			link = change.before
		}
		if link != nil && was.CanSee(*link) {
			known[slug] = link
		}
	}
	for slug, change := range before {
		if change.before != nil && was.CanSee(*change.before) {
			known[slug] = change.before
		}
	}
	var events []event
	for slug, it := range t.items {
		visible := it.link != nil && now.CanSee(*it.link)
		if visible && known[slug] == nil {
			events = append(events, event{seq: last, kind: linkEvent, item: it})
			last--
		} else if visible {
			events = appendTold(events, it, cursor, until)
		}
		if visible {
			delete(known, slug)
		}
	}
	for _, link := range known {
		events = append(events, event{seq: last, kind: goneEvent, gone: link})
		last--
	}
	return sorted(t.common(events, cursor, until)), true
}

// appendTold adds the event for a room both knew and know, if it changed in
// (cursor, until]. A newer change than that comes with the next pass; what the
// room looked like before it nobody remembers, so the event carries the newest
// value already.
func appendTold(events []event, it *item, cursor, until uint64) []event {
	switch {
	case it.linkSeq > cursor && it.seq <= until:
		return append(events, event{seq: it.seq, kind: linkEvent, item: it})
	case it.linkSeq > cursor && it.linkSeq <= until:
		return append(events, event{seq: it.linkSeq, kind: linkEvent, item: it})
	case it.seq > cursor && it.seq <= until:
		return append(events, event{seq: it.seq, kind: roomEvent, item: it})
	default:
		return events
	}
}

// common adds what everybody is told.
func (t *table) common(events []event, cursor, until uint64) []event {
	if t.citySeq > cursor && t.citySeq <= until {
		events = append(events, event{seq: t.citySeq, kind: totalsEvent})
	}
	if t.statusSeq > cursor && t.statusSeq <= until {
		events = append(events, event{seq: t.statusSeq, kind: statusEvent})
	}
	return events
}

func (t *table) sees(v *spaces.Viewer, slug spaces.Slug) bool {
	it := t.items[slug]
	return it != nil && it.link != nil && v.CanSee(*it.link)
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
