package hub

import (
	"encoding/json"
	"regexp"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
)

// Send relays data to all other members as [wire.Entity], in order. It is
// refused over 16 KB, or too often.
func (m *Member) Send(kind, typ string, data json.RawMessage) error {
	now := time.Now()
	if err := m.may(func(l *limits) error { return l.message(now, data) }); err != nil {
		return err
	}
	if err := m.relays(now, len(data)); err != nil {
		m.hub.metrics.refuse(err)
		return err
	}
	m.space.post(func() { m.space.act(m, act{Entity: &entityAct{kind, typ, data}}) })
	return nil
}

// relays takes what goes to everybody from what guests of one network, and all
// of a space, may relay.
func (m *Member) relays(now time.Time, size int) error {
	if m.crowd != nil {
		if err := m.crowd.relays(now, size); err != nil {
			return err
		}
	}
	return m.space.relays(now, size)
}

// relays takes what goes to everybody from what the space may relay.
func (s *space) relays(now time.Time, size int) error {
	s.relayMu.Lock()
	defer s.relayMu.Unlock()
	if !s.relayed.take(now, spaceRate, float64(size)) {
		return tooOften("data", "all people of a space together at most 512 KB a second")
	}
	return nil
}

// SendTo is Send for one member, named by session id.
func (m *Member) SendTo(session, kind, typ string, data json.RawMessage) error {
	now := time.Now()
	if err := m.may(func(l *limits) error { return l.message(now, data) }); err != nil {
		return err
	}
	return m.toOne(session, act{Entity: &entityAct{kind, typ, data}})
}

// Signal passes a WebRTC message (offer, answer or candidate) to a member of
// the same space, named by session id.
func (m *Member) Signal(session, kind string, data json.RawMessage) error {
	if kind != "offer" && kind != "answer" && kind != "candidate" {
		return spaces.Invalid("kind", "must be offer, answer or candidate")
	}
	now := time.Now()
	err := m.may(func(l *limits) error {
		if err := l.signals.allow(now, signalRate, "signal"); err != nil {
			return err
		}
		return l.words(now, "data", len(data))
	})
	if err != nil {
		return err
	}
	return m.toOne(session, act{Signal: &signalAct{kind, data}})
}

var emoteName = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)

// Emote shows a gesture, named by 1 to 32 characters of a-z, 0-9, _ and -, to
// everybody, the sender too.
func (m *Member) Emote(emote string) error {
	if !emoteName.MatchString(emote) {
		return spaces.Invalid("emote", "must be 1 to 32 characters of a-z, 0-9, _ and -")
	}
	now := time.Now()
	if err := m.may(func(l *limits) error { return l.emotes.allow(now, actRate, "emote") }); err != nil {
		return err
	}
	m.space.post(func() { m.space.act(m, act{Emote: emote}) })
	return nil
}

// Change replaces the avatar (at most 2 KB), the voice flag, or both; nil leaves
// one as it is.
func (m *Member) Change(avatar json.RawMessage, voice *bool) error {
	if err := checkAvatar(avatar); err != nil {
		return err
	}
	now := time.Now()
	if err := m.may(func(l *limits) error { return l.changes.allow(now, actRate, "avatar") }); err != nil {
		return err
	}
	m.mu.Lock()
	if avatar != nil {
		m.session.Avatar = avatar
	}
	if voice != nil {
		m.session.Voice = *voice
	}
	session := m.session
	m.mu.Unlock()
	m.space.post(func() { m.space.changed(session) })
	if bus := m.hub.cfg.Bus; bus != nil {
		return bus.PutSession(session)
	}
	return nil
}

// Typing says that the client writes, or no longer does. It ends by itself
// after 6 s.
func (m *Member) Typing(on bool) error {
	now := time.Now()
	if err := m.may(func(l *limits) error { return l.typing.allow(now, actRate, "typing") }); err != nil {
		return err
	}
	m.space.post(func() { m.space.act(m, act{Typing: &on}) })
	return nil
}

// may asks whether the member is inside and within its limits.
func (m *Member) may(limit func(*limits) error) error {
	m.mu.Lock()
	err := m.live()
	if err == nil {
		m.limits.mu.Lock()
		err = limit(m.limits)
		m.limits.mu.Unlock()
	}
	m.mu.Unlock()
	if err != nil {
		m.hub.metrics.refuse(err)
	}
	return err
}

func (l *limits) message(now time.Time, data json.RawMessage) error {
	if err := l.entities.allow(now, wordRate, "data"); err != nil {
		return err
	}
	return l.words(now, "data", len(data))
}

// toOne does an act for one member of the same space only, on whatever gateway.
func (m *Member) toOne(session string, a act) error {
	h := m.hub
	h.mu.Lock()
	to, here := h.members[session]
	other, elsewhere := h.others.in[m.session.Key][session]
	h.mu.Unlock()
	switch {
	case here && to.session.Key == m.session.Key:
		m.space.post(func() { m.space.actFor(m, to, a) })
	case elsewhere:
		h.sendDirect(other, m.session.ID, a)
	default:
		return &spaces.Error{Code: spaces.CodeNotFound, Field: "to", Message: "nobody with this session is in the space"}
	}
	return nil
}

// act is something a member does that others are told once. Exactly one field
// is set. It travels between gateways as JSON.
type act struct {
	Entity *entityAct `json:"entity,omitempty"`
	Signal *signalAct `json:"signal,omitempty"`
	Emote  string     `json:"emote,omitempty"`
	Typing *bool      `json:"typing,omitempty"`
}

type entityAct struct {
	Kind string          `json:"kind"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

type signalAct struct {
	Kind string          `json:"kind"`
	Data json.RawMessage `json:"data"`
}

// event is what viewers are told of an act; nil for typing, which is told as a
// whole.
func (a act) event(from wire.Member, now time.Time) wire.SpaceEvent {
	switch {
	case a.Entity != nil:
		return wire.Entity{From: from, Kind: a.Entity.Kind, Type: a.Entity.Type, Data: a.Entity.Data, At: now}
	case a.Signal != nil:
		return wire.Signal{From: from, Kind: a.Signal.Kind, Data: a.Signal.Data}
	case a.Emote != "":
		return wire.Emote{From: from, Emote: a.Emote, At: now}
	}
	return nil
}
