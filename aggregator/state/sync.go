package state

import (
	"time"

	"presence/spaces"
)

// SetSync says how well the homeserver is seen. Degraded and lost clear typing,
// which ends unseen, and stop the clock of the tables; lost also makes every
// person unknown and every last count stale as of asOf. Nothing becomes zero.
// Back to ok, every room is named once in TakeChanged.
func (e *Engine) SetSync(now time.Time, s spaces.SyncState, asOf time.Time) {
	e.Tick(now)
	if at := toInstant(asOf); at != 0 {
		e.asOf = at
		e.now = max(e.now, at)
	}
	e.setSync(s)
	if s == spaces.SyncDegraded || s == spaces.SyncLost {
		e.clearTyping()
		e.settle(noGrace)
	}
	e.Tick(now)
}

func (e *Engine) setSync(s spaces.SyncState) {
	was, wasStale := e.sync, e.stale
	e.sync = s
	if s != spaces.SyncDegraded { // which keeps fresh numbers fresh and old ones old
		e.stale = s != spaces.SyncOK
	}
	if e.stale != wasStale || s == spaces.SyncOK && was != s {
		e.markAll()
	}
}

// SetPresenceSupport says whether the homeserver has presence switched on, as
// the probe found; until told, it is taken to be. Switched off, what was
// reported before means nothing any more, least of all the wave of "offline"
// with which Synapse says goodbye (element-hq/synapse#19948), and signs of life
// alone count.
func (e *Engine) SetPresenceSupport(now time.Time, supported bool) {
	e.Tick(now)
	if e.noPresence == !supported {
		return
	}
	e.noPresence = !supported
	for _, p := range e.people {
		if e.noPresence {
			e.forgetPresence(p)
			e.dirty.people[p.id] = struct{}{}
		}
		e.reclassify(p)
	}
	e.markAll()
}

// markAll names everything as changed.
func (e *Engine) markAll() {
	for slug := range e.places {
		e.changed.rooms[slug] = struct{}{}
	}
	for id := range e.people {
		e.changed.users[id] = struct{}{}
	}
	e.changed.city = true
}
