package aggregator

import (
	"time"

	"presence/spaces"
)

// sight is how well the homeserver is seen.
type sight struct {
	state spaces.SyncState
	since time.Time // the last response, or when the term began
	asOf  time.Time // the last response ever, also of earlier terms; zero: never
}

// begin starts the term blind.
func (t *term) begin(now time.Time) {
	t.sight = sight{state: spaces.SyncStarting, since: now}
	t.links.due, t.poll.due, t.pulse.due = now, now, now
	t.visits.patience = now.Add(visitPatience)
}

// seen notes a response.
func (s *sight) seen(at time.Time) {
	s.state, s.since, s.asOf = spaces.SyncOK, at, at
}

// at is the state at a moment without another response.
func (s *sight) at(now time.Time) spaces.SyncState {
	blind := now.Sub(s.since)
	switch {
	case blind >= lostAfter:
		return spaces.SyncLost
	case blind >= degradedAfter && s.state == spaces.SyncOK:
		return spaces.SyncDegraded
	}
	return s.state
}

// next is when the state changes by time alone, false when it does not.
func (s *sight) next() (time.Time, bool) {
	if s.state == spaces.SyncOK {
		return s.since.Add(degradedAfter), true
	}
	return s.since.Add(lostAfter), s.state != spaces.SyncLost
}

// watchSight tells the tables when sight gets worse. A response makes it good
// again (applied).
func (t *term) watchSight(now time.Time) {
	is := t.sight.at(now)
	if is == t.sight.state {
		return
	}
	t.log.Warn("the homeserver is not heard", "sync", is, "since", t.sight.since)
	t.sight.state = is
	t.engine.SetSync(now, is, t.sight.asOf)
	t.pulse.due = now
}
