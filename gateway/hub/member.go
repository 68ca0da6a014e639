package hub

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
)

// Member is one client in one space, inside or in line. Its methods may be
// called from any goroutine, never wait for other members, and answer with a
// [spaces.Error] once the stay is over.
type Member struct {
	hub     *Hub
	space   *space
	conn    Conn
	arrived wire.SpaceEncoder // the first format
	gone    chan struct{}
	moved   atomic.Bool // place is newer than what the space took
	seen    *viewer     // nil: not yet or no longer; the space goroutine's
	limits  *limits     // of the person
	crowd   *limits     // of all guests of the network; nil: none

	turn sync.Mutex // held while the seat changes: entering, admission, leaving

	mu         sync.Mutex     // guards what follows
	session    spaces.Session // the id and the key never change
	viewer     spaces.Viewer
	nsfw       bool
	standing   spaces.Standing
	reviewed   time.Time
	inside     bool // has a seat
	over       bool // the stay has ended
	line       int  // the place in line that was told last
	lineLength int
	placed     bool // place is known
	place      place
}

// place is where somebody is, with what their own door said beside it.
type place struct {
	pose      spaces.Pose
	dlux, naf json.RawMessage
	at        time.Time
}

// Session is the client as the others see it.
func (m *Member) Session() spaces.Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.session
}

// Key is the space's canonical key.
func (m *Member) Key() spaces.Key { return m.session.Key }

// Gone is closed when the stay is over, whoever ended it.
func (m *Member) Gone() <-chan struct{} { return m.gone }

// Reply sends an event to this client alone, in order with everything else.
func (m *Member) Reply(e wire.SpaceEvent) {
	m.space.post(func() { m.space.reply(m, e) })
}

// Speak changes the client's format from now on, and sends it everybody's
// newest place in it.
func (m *Member) Speak(e wire.SpaceEncoder) {
	m.space.post(func() { m.space.speak(m, e) })
}

// Leave ends the stay: the roster, chat, typing, signalling, the seat and the
// session on the bus, in one step. [wire.Left] without a reason is the last
// that comes through Conn. Leaving twice is harmless.
func (m *Member) Leave(ctx context.Context) error { return m.end(ctx, "", false) }

// Lose is Leave for a client whose connection broke: in a full space its seat,
// or its place in line, waits for it a moment.
func (m *Member) Lose(ctx context.Context) error { return m.end(ctx, "", true) }

// end ends the stay, once.
func (m *Member) end(ctx context.Context, reason string, lost bool) error {
	m.turn.Lock()
	defer m.turn.Unlock()
	m.mu.Lock()
	over := m.over
	m.over = true
	m.mu.Unlock()
	if over {
		return nil
	}
	done := make(chan struct{})
	m.space.post(func() { m.space.remove(m, wire.Left{Key: m.session.Key, Reason: reason}, done) })
	select {
	case <-done: // said, so that what comes through Conn next comes after it
	case <-m.space.ended:
	}
	if bus := m.hub.cfg.Bus; bus != nil {
		bus.DropSession(m.session.ID)
	}
	m.hub.forget(m)
	m.space.release()
	return m.hub.giveSeat(ctx, m, lost)
}

// live returns nil while the member is inside.
func (m *Member) live() error {
	switch {
	case m.over:
		return &spaces.Error{Code: spaces.CodeConflict, Message: "you are no longer in this space", Fix: "Join it again"}
	case !m.inside:
		return &spaces.Error{Code: spaces.CodeConflict, Message: "you are still waiting to enter this space"}
	}
	return nil
}

// Move says where the client is. The latest call before a tick wins. dlux and
// naf are what the client's own door said, for viewers of the same family; nil
// for other doors. A pose that is not sane, or further away than anybody can
// have gone when jumps are used up, is refused and changes nothing.
func (m *Member) Move(p spaces.Pose, dlux, naf json.RawMessage) error {
	now := time.Now()
	m.mu.Lock()
	err := m.moveTo(now, p, dlux, naf)
	m.mu.Unlock()
	if err != nil {
		m.hub.metrics.refuse(err)
		return err
	}
	m.space.stir(m)
	return nil
}

func (m *Member) moveTo(now time.Time, p spaces.Pose, dlux, naf json.RawMessage) error {
	if err := m.live(); err != nil {
		return err
	}
	if !p.Sane() {
		return insane()
	}
	if err := m.limits.beside(now, len(dlux)+len(naf)); err != nil {
		return err
	}
	if m.placed && !m.limits.step(now, m.place.at, m.place.pose.Position.Distance(p.Position), p.Teleport) {
		return errTooFast
	}
	m.place = place{p, dlux, naf, now}
	m.placed = true
	return nil
}
