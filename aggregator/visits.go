package aggregator

import (
	"context"
	"maps"
	"slices"
	"time"

	"presence/aggregator/state"
	"presence/spaces"
)

// visits is who is in the spaces of linked rooms, in VR, as the gateways say.
type visits struct {
	sessions map[seat]state.Visit
	clients  map[state.Visit]int // sessions of each visit
	heard    bool                // at least once in this term
	patience time.Time           // until when the first poll waits for that
	blind    time.Time           // since when nobody is heard; zero: heard
}

// visitPatience is how long a new leader waits to hear of visits before it
// publishes counts without them.
const visitPatience = 5 * time.Second

// seat names a session.
type seat struct{ gateway, id string }

func newVisits() visits {
	return visits{sessions: map[seat]state.Visit{}, clients: map[state.Visit]int{}}
}

// put notes a session that entered, or changed; drop one that left. They return
// the visits that began and ended by that.
func (v *visits) put(n spaces.Session) (began, ended []state.Visit) {
	visit := state.Visit{Slug: spaces.Slug(n.Key.ID), Subject: n.Subject}
	at := seat{n.Gateway, n.ID}
	if was, inside := v.sessions[at]; inside && was == visit && n.Key.Type == spaces.TypeCity {
		return nil, nil
	}
	ended = v.drop(n)
	if n.Key.Type != spaces.TypeCity {
		return nil, ended
	}
	v.sessions[at] = visit
	v.clients[visit]++
	if v.clients[visit] == 1 {
		began = append(began, visit)
	}
	return began, ended
}

func (v *visits) drop(n spaces.Session) (ended []state.Visit) {
	at := seat{n.Gateway, n.ID}
	visit, inside := v.sessions[at]
	if !inside {
		return nil
	}
	delete(v.sessions, at)
	v.clients[visit]--
	if v.clients[visit] > 0 {
		return nil
	}
	delete(v.clients, visit)
	return []state.Visit{visit}
}

func (v *visits) all() []state.Visit { return slices.Collect(maps.Keys(v.clients)) }

// forgetAt is when visits that nobody confirms are dropped: what is on the bus
// would have turned to unknown by then as well.
func (v *visits) forgetAt(ttl time.Duration) (time.Time, bool) {
	return v.blind.Add(ttl), !v.blind.IsZero() && len(v.sessions) > 0
}

func (t *term) forgetVisits(now time.Time) {
	if at, due := t.visits.forgetAt(t.cfg.RoomTTL); due && !at.After(now) {
		clear(t.visits.sessions)
		clear(t.visits.clients)
		t.setVisits(now)
	}
}

func (t *term) setVisits(now time.Time) {
	t.engine.SetVisits(now, t.visits.all())
	t.metrics.visits.Set(float64(len(t.visits.clients)))
}

// watchVisits is the job that tells the loop who enters and leaves. It lasts as
// long as the term.
func (t *term) watchVisits(ctx context.Context) {
	t.jobs.Go(func() {
		// It ends with ctx only, and has no other error.
		_ = t.bus.WatchSessions(ctx, &visitWatcher{term: t, ctx: ctx})
	})
}

// visitWatcher is a bus.SessionWatcher that hands everything to the loop.
type visitWatcher struct {
	term *term
	ctx  context.Context //nolint:containedctx // of the call it is made for: the callbacks have none
}

func (w *visitWatcher) post(then func(now time.Time)) {
	select {
	case w.term.inbox <- then:
	case <-w.ctx.Done():
	}
}

// SessionsReset implements bus.SessionWatcher.
func (w *visitWatcher) SessionsReset(sessions []spaces.Session, _ []string) {
	w.post(func(now time.Time) {
		w.term.visits = newVisits()
		w.term.visits.heard = true
		for _, n := range sessions {
			w.term.visits.put(n)
		}
		w.term.setVisits(now)
	})
}

// SessionsChanged implements bus.SessionWatcher.
func (w *visitWatcher) SessionsChanged(entered, left []spaces.Session) {
	w.post(func(now time.Time) {
		t := w.term
		for _, n := range left {
			t.visit(now, nil, t.visits.drop(n))
		}
		for _, n := range entered {
			began, ended := t.visits.put(n)
			t.visit(now, began, ended)
		}
		t.metrics.visits.Set(float64(len(t.visits.clients)))
	})
}

func (t *term) visit(now time.Time, began, ended []state.Visit) {
	for _, v := range ended {
		t.engine.Visit(now, v, false)
	}
	for _, v := range began {
		t.engine.Visit(now, v, true)
	}
}

// GatewayGone implements bus.SessionWatcher: its sessions have left already.
func (w *visitWatcher) GatewayGone(string) {}

// SessionsBlind implements bus.SessionWatcher. The last visits stay for a while.
func (w *visitWatcher) SessionsBlind(since time.Time) {
	w.post(func(time.Time) { w.term.visits.blind = since })
}
