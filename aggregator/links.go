package aggregator

import (
	"context"
	"time"

	"presence/aggregator/matrix"
	"presence/spaces"
	"presence/spaces/bus"
)

// links is which Matrix rooms are places in the city, as last read from SQL.
type links struct {
	list    []spaces.Link
	bySlug  map[spaces.Slug]spaces.Link
	known   bool // read at least once in this term
	version int64
	busy    bool
	due     time.Time
	fails   int
}

// startLinks asks every second whether the links changed, so that an edit
// shows without a restart.
func (t *term) startLinks(ctx context.Context, now time.Time) {
	l := &t.links
	if l.busy || l.due.After(now) {
		return
	}
	l.busy = true
	first, version := !l.known, l.version
	t.do(ctx, func(ctx context.Context) func(time.Time) {
		read, err := t.readLinks(ctx, first, version)
		return func(now time.Time) {
			l.busy, l.due = false, now.Add(linksEvery)
			if err != nil {
				l.fails++
				l.due = now.Add(max(linksEvery, matrix.Backoff(l.fails)))
				t.log.Warn("reading the links failed", "error", err)
				return
			}
			l.fails = 0
			if read != nil {
				t.linksRead(now, read)
			}
		}
	})
}

// linksRead is a reading of the links; city is what the bus holds, at first.
type linksReading struct {
	version int64
	list    []spaces.Link
	city    *bus.CityState
}

// readLinks returns nil when nothing changed. The version is read before the
// links: a change between the two is read again the next time.
func (t *term) readLinks(ctx context.Context, first bool, known int64) (*linksReading, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	version, err := t.store.LinksVersion(ctx)
	if err != nil || version == known && !first {
		return nil, err
	}
	read := &linksReading{version: version}
	if read.list, err = t.store.Links(ctx); err != nil {
		return nil, err
	}
	if first {
		city, err := t.bus.ReadCity(ctx)
		if err != nil {
			return nil, err
		}
		read.city = &city
	}
	return read, nil
}

func (t *term) linksRead(now time.Time, read *linksReading) {
	l := &t.links
	news := !l.known || len(l.list) != len(read.list)
	l.known, l.version, l.list = true, read.version, read.list
	l.bySlug = make(map[spaces.Slug]spaces.Link, len(l.list))
	for _, link := range l.list {
		l.bySlug[link.Slug] = link
	}
	if read.city != nil {
		t.out.adopt(now, read.city, l.bySlug)
	}
	t.engine.SetLinks(now, l.list)
	if read.city != nil && t.sight.state != spaces.SyncStarting {
		// The homeserver was faster: without public rooms nothing else says
		// that the adopted totals are over.
		value, known := t.engine.City()
		t.out.city(now, value, known)
	}
	t.wantRooms(now)
	if news {
		t.log.Info("the links are read", "links", len(l.list))
	}
}
