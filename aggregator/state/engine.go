package state

import "presence/spaces"

// Engine holds who is where. It belongs to one goroutine and starts none;
// nothing in it locks, reads a clock or does I/O.
type Engine struct {
	cfg    Config
	agents map[string]Agent

	now        instant // how far the tables are judged; stands still while blind
	batchAt    instant // arrival of the batch being applied, 0 outside Apply
	sync       spaces.SyncState
	stale      bool    // published numbers are last known ones
	asOf       instant // last successful sync
	noPresence bool    // the homeserver has presence switched off

	people    map[string]*person
	strangers map[string]*person // by subject: those in VR who share no room with the daemon
	visitors  map[spaces.Slug]map[*person]struct{}

	rooms  map[string]*room
	places map[spaces.Slug]*place
	zones  map[string]*zone
	city   *zone
	alarms alarms

	touched []*person            // whom the facts being applied concern, each once
	scratch map[*person]struct{} // reused for typing lists

	changed changes
	dirty   dirt
}

// New returns an engine that knows nothing: every link is unknown until the
// first batch, or until Restore.
func New(cfg Config) *Engine {
	if cfg.TypingCap == 0 {
		cfg.TypingCap = DefaultTypingCap
	}
	e := &Engine{
		cfg:    cfg,
		agents: make(map[string]Agent, len(cfg.Agents)),
		sync:   spaces.SyncStarting,
		stale:  true,
		people: map[string]*person{},

		strangers: map[string]*person{},
		visitors:  map[spaces.Slug]map[*person]struct{}{},

		rooms:   map[string]*room{},
		places:  map[spaces.Slug]*place{},
		zones:   map[string]*zone{},
		city:    &zone{},
		scratch: map[*person]struct{}{},
		changed: newChanges(),
		dirty:   newDirt(),
	}
	for _, a := range cfg.Agents {
		e.agents[a.UserID] = a
	}
	return e
}

// blind reports whether the homeserver cannot be seen well enough to conclude
// anything from silence.
func (e *Engine) blind() bool { return e.sync != spaces.SyncOK }

// sight is the last moment we know about.
func (e *Engine) sight() instant {
	if e.blind() {
		return e.asOf
	}
	return e.now
}
