package city

import (
	"time"

	"presence/gateway/wire"
	"presence/spaces"
)

// lifetimes says how long numbers may be believed.
type lifetimes struct {
	status time.Duration // without a heartbeat of the aggregator: stale
	room   time.Duration // stale for this long: unknown
}

// freshness decides how far the table can be believed. Being blind is not
// seeing nobody: numbers stay, marked stale, and become unknown after their
// lifetime. Guarded by City.mu.
type freshness struct {
	lifetimes

	status *spaces.Status // the last one heard
	heard  time.Time      // when; zero: the bus says that there is none
	blind  time.Time      // since when the bus tells nothing; zero: it does
	waits  bool           // for a heartbeat since the bus is back
	since  time.Time      // when the numbers became stale; zero: they are not

	// What follows, as of the last refresh.
	state  string // spaces.StateLive, StateStale or StateUnknown
	stale  bool   // all numbers are old
	hidden bool   // too old to show
	asOf   int64
	told   wire.Status // as the last refresh left it
}

// sees notes a whole new picture, with the status that was stored at the given
// time. After a blind time it may be what was stored before an outage of the
// bus: the numbers stay as old as they were until the aggregator, which sends
// its status after its rooms, is heard again.
func (f *freshness) sees(now time.Time, s *spaces.Status, stored time.Time) {
	f.waits = f.waits || !f.blind.IsZero()
	switch {
	case !f.waits:
		f.since = time.Time{}
	case f.since.IsZero():
		f.since = f.blind
	}
	f.blind = time.Time{}
	if s == nil {
		f.heard = time.Time{}
		return
	}
	if stored.After(now) {
		stored = now // the server's clock is ahead
	}
	if stored.After(f.heard) {
		f.heard = stored
	}
	f.status = s
}

// hears notes a heartbeat as it comes; nil says that the bus has none any more.
func (f *freshness) hears(now time.Time, s *spaces.Status) {
	f.heard = time.Time{}
	if s != nil {
		f.status, f.heard, f.waits = s, now, false
	}
}

// judge works out stale and hidden. Not hearing the aggregator is noticed by
// the bus (its status expires there) and here, whichever is first.
func (f *freshness) judge(now time.Time) {
	silent := f.waits || f.heard.IsZero() || now.Sub(f.heard) > f.lifetimes.status
	switch {
	case f.blind.IsZero() && !silent:
		f.since = time.Time{}
	case f.since.IsZero() && !f.blind.IsZero():
		f.since = f.blind
	case f.since.IsZero():
		f.since = now
	}
	f.stale = !f.since.IsZero()
	f.hidden = f.stale && now.Sub(f.since) >= f.lifetimes.room
}

// refresh brings the table's freshness up to date and tells of what changed.
func (t *table) refresh(now time.Time) {
	f := &t.fresh
	stale, hidden := f.stale, f.hidden
	f.judge(now)
	if f.stale != stale || f.hidden != hidden {
		t.touchKnown(now)
		if hidden != f.hidden && t.city != nil {
			t.citySeq = t.next(now)
		}
		t.revision++
	}
	f.settle(t.known > 0)
	if f.status == nil {
		f.asOf = t.newest()
	}
	told := f.wire()
	quiet := told
	quiet.AsOf = f.told.AsOf // a live feed is as of now; only an old one says since when
	if quiet != f.told || told.State != spaces.StateLive && told != f.told {
		t.statusSeq = t.next(now)
	}
	f.told = told
}

// settle works out the word for people and the time that goes with it.
func (f *freshness) settle(known bool) {
	if f.status != nil {
		f.asOf = f.status.AsOf
	}
	switch {
	case f.hidden, !known && (f.stale || f.status.Sync != spaces.SyncOK):
		f.state = spaces.StateUnknown
	case f.stale || f.status.Sync != spaces.SyncOK:
		f.state = spaces.StateStale
	default:
		f.state = spaces.StateLive
	}
}

// touchKnown makes every room with numbers a change: their "stale" or their
// being known has changed.
func (t *table) touchKnown(now time.Time) {
	for _, it := range t.items {
		if it.room != nil {
			t.touch(now, it)
		}
	}
}

// newest returns the latest time any room's numbers were confirmed.
func (t *table) newest() (asOf int64) {
	for _, it := range t.items {
		if it.room != nil {
			asOf = max(asOf, it.room.AsOf)
		}
	}
	return asOf
}

func (f *freshness) wire() wire.Status {
	s := wire.Status{State: f.state, Sync: spaces.SyncStarting, AsOf: f.asOf, Presence: "unknown", Source: spaces.SourceMatrix}
	if f.status != nil {
		s.Sync, s.Presence, s.Source, s.Message = f.status.Sync, f.status.Presence, f.status.Source, f.status.Message
	}
	return s
}
