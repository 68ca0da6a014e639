package hub

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
)

// maxAvatar is the longest avatar_data of a client, in bytes.
const maxAvatar = 2 << 10

// Enter lets a client into a space or gives it a place in line; [wire.Joined],
// or [wire.Waiting] and later Joined, come through its Conn. A session that is
// inside somewhere already leaves that first. The error is a [spaces.Error].
func (h *Hub) Enter(ctx context.Context, a Arrival) (*Member, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	standing, err := h.cfg.Access.Check(ctx, a.Viewer, a.Key, spaces.ActEnter, a.NSFW)
	if err != nil {
		return nil, err
	}
	m := h.newMember(a, standing)
	m.turn.Lock()
	defer m.turn.Unlock()
	if err := h.register(ctx, m); err != nil {
		h.letGo(m)
		return nil, err
	}
	if err := h.settle(ctx, m); err != nil {
		m.mu.Lock()
		m.over = true
		m.mu.Unlock()
		h.forget(m)
		m.space.release()
		return nil, err
	}
	return m, nil
}

func (a *Arrival) check() error {
	known := slices.Contains([]spaces.Door{spaces.DoorNative, spaces.DoorSocketIO, spaces.DoorRaw, spaces.DoorNAF}, a.Door)
	if a.ID == "" || a.Encoder == nil || a.Conn == nil || !known {
		return errors.New("hub: an arrival needs a session id, a door, an encoder and a conn")
	}
	if a.Pose != nil && !a.Pose.Sane() {
		return insane()
	}
	return checkAvatar(a.Avatar)
}

func checkAvatar(avatar json.RawMessage) error {
	if len(avatar) > maxAvatar {
		return &spaces.Error{Code: spaces.CodeTooLarge, Field: "avatar", Message: "an avatar may have 2048 bytes of JSON"}
	}
	if len(avatar) > 0 && !json.Valid(avatar) {
		return spaces.Invalid("avatar", "must be JSON")
	}
	return nil
}

func (h *Hub) newMember(a Arrival, standing spaces.Standing) *Member {
	now := time.Now()
	m := &Member{
		hub: h, conn: a.Conn, arrived: a.Encoder, gone: make(chan struct{}),
		viewer: a.Viewer, nsfw: a.NSFW, standing: standing, reviewed: now,
		session: spaces.Session{
			ID: a.ID, Gateway: h.cfg.Gateway, Key: standing.Space.Key,
			Subject: a.Viewer.Subject, Account: spaces.Account(a.Viewer), Name: a.Viewer.Name, Guest: a.Viewer.Guest,
			Network: a.Viewer.GuestNetwork(),
			Door:    a.Door, Avatar: a.Avatar, Arrival: a.Pose, ConnectedAt: now.UTC(),
		},
	}
	h.hold(m, now)
	if a.Pose != nil {
		m.place = place{pose: *a.Pose, at: now}
		m.placed = true
	}
	return m
}

// register makes m the stay of its session; one before it ends. Before Run it
// waits for Run.
func (h *Hub) register(ctx context.Context, m *Member) error {
	select {
	case <-h.started:
	case <-ctx.Done():
	}
	for {
		h.mu.Lock()
		if h.ctx == nil {
			h.mu.Unlock()
			return &spaces.Error{Code: spaces.CodeUnavailable, Message: "the server is starting or going away", Fix: "Try again in a moment", Err: ctx.Err()}
		}
		before := h.members[m.session.ID]
		if before == nil {
			h.members[m.session.ID] = m
			m.space = h.spaceOf(m.session.Key)
			h.mu.Unlock()
			return nil
		}
		h.mu.Unlock()
		_ = before.end(ctx, "", false) // what failed is logged; the seat runs out by itself
		if err := ctx.Err(); err != nil {
			return &spaces.Error{Code: spaces.CodeUnavailable, Message: "the server did not get to it in time", Fix: "Try again", Err: err}
		}
	}
}

// forget undoes register, but for the space.
func (h *Hub) forget(m *Member) {
	h.letGo(m)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.members[m.session.ID] == m {
		delete(h.members, m.session.ID)
	}
	h.unline(m)
}

func (h *Hub) leaveLine(m *Member) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unline(m)
}

// unline takes m out of the line. Called with h.mu held.
func (h *Hub) unline(m *Member) {
	line := h.lines[m.session.Key]
	if line[m.session.ID] == m {
		delete(line, m.session.ID)
		if len(line) == 0 {
			delete(h.lines, m.session.Key)
		}
	}
}

// settle finds m a seat or a place in line. Called with m.turn held.
func (h *Hub) settle(ctx context.Context, m *Member) error {
	place, err := h.takeSeat(ctx, m)
	if err != nil {
		return err
	}
	m.space.followChat()
	if place.Position == 0 {
		m.goInside()
		return nil
	}
	h.mu.Lock()
	if h.lines[m.session.Key] == nil {
		h.lines[m.session.Key] = map[string]*Member{}
	}
	h.lines[m.session.Key][m.session.ID] = m
	h.mu.Unlock()
	m.mu.Lock()
	m.line, m.lineLength = place.Position, place.Length
	m.mu.Unlock()
	m.space.post(func() { m.space.queue(m, m.waiting(place)) })
	return nil
}

// goInside makes a member with a seat visible to all others. Called with m.turn
// held.
func (m *Member) goInside() {
	m.mu.Lock()
	m.inside = true
	m.mu.Unlock()
	if bus := m.hub.cfg.Bus; bus != nil {
		if err := bus.PutSession(m.Session()); err != nil {
			m.hub.log.Error("a session is not told to other gateways", "session", m.session.ID, "err", err)
		}
	}
	m.space.post(func() { m.space.admit(m) })
}

func (m *Member) waiting(place seating) wire.Waiting {
	return wire.Waiting{Key: m.session.Key, Position: place.Position, Length: place.Length, Seats: m.seats()}
}
