package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"presence/spaces"
	"presence/spaces/bus"
)

var (
	_ bus.SessionWatcher = (*Hub)(nil)
	_ bus.Receiver       = (*Hub)(nil)
	_ Bus                = (*bus.Gateway)(nil)
)

type sessionsByID map[string]spaces.Session

// others is the members of other gateways; guarded by hub.mu.
type others struct {
	in    map[spaces.Key]sessionsByID
	where map[string]spaces.Key // of a session id
}

func newOthers() others {
	return others{in: map[spaces.Key]sessionsByID{}, where: map[string]spaces.Key{}}
}

func (o *others) put(s spaces.Session) {
	if o.in[s.Key] == nil {
		o.in[s.Key] = sessionsByID{}
	}
	o.in[s.Key][s.ID], o.where[s.ID] = s, s.Key
}

// drop forgets a session and returns where it was.
func (o *others) drop(id string) (key spaces.Key, known bool) {
	key, known = o.where[id]
	if known {
		delete(o.where, id)
		delete(o.in[key], id)
		if len(o.in[key]) == 0 {
			delete(o.in, key)
		}
	}
	return key, known
}

// SessionsReset replaces the members of other gateways ([bus.SessionWatcher]).
func (h *Hub) SessionsReset(sessions []spaces.Session, gateways []string) {
	h.mu.Lock()
	h.others = newOthers()
	for _, session := range sessions {
		if session.Gateway != h.cfg.Gateway {
			h.others.put(session)
		}
	}
	for key, s := range h.open {
		now := maps.Clone(h.others.in[key]) // the table goes on changing
		s.post(func() { s.othersAre(now) })
	}
	h.mu.Unlock()
	if h.cfg.Seats != nil {
		alive := append(slices.Clone(gateways), h.cfg.Gateway)
		h.background(func(ctx context.Context) {
			if err := h.cfg.Seats.DropOtherGateways(ctx, alive, time.Now()); err != nil {
				h.log.Warn("the seats of gateways that are gone stay taken until they run out", "err", err)
			}
		})
	}
}

// SessionsChanged brings what changed on other gateways ([bus.SessionWatcher]).
func (h *Hub) SessionsChanged(entered, left []spaces.Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, session := range left {
		if session.Gateway != h.cfg.Gateway {
			h.otherLeft(session.ID)
		}
	}
	for _, session := range entered {
		if session.Gateway == h.cfg.Gateway {
			continue
		}
		if before, known := h.others.where[session.ID]; known && before != session.Key {
			h.otherLeft(session.ID)
		}
		h.others.put(session)
		if s := h.open[session.Key]; s != nil {
			s.post(func() { s.otherEntered(session) })
		}
	}
}

// otherLeft is called with h.mu held.
func (h *Hub) otherLeft(id string) {
	key, _ := h.others.drop(id)
	if s := h.open[key]; s != nil {
		s.post(func() { s.otherLeft(id) })
	}
}

// GatewayGone gives the seats of a gateway back that has ended or died
// ([bus.SessionWatcher]).
func (h *Hub) GatewayGone(gateway string) {
	if h.cfg.Seats == nil || gateway == h.cfg.Gateway {
		return
	}
	h.background(func(ctx context.Context) {
		if err := h.cfg.Seats.DropGateway(ctx, gateway, time.Now()); err != nil {
			h.log.Warn("the seats of a gateway that is gone stay taken until they run out", "gateway", gateway, "err", err)
		}
		h.poke()
	})
}

// SessionsBlind changes nothing: the last picture stays, and local members go
// on ([bus.SessionWatcher]).
func (h *Hub) SessionsBlind(time.Time) {}

// direct is a message for one other gateway.
type direct struct {
	Space string `json:"space,omitempty"`
	From  string `json:"from,omitempty"` // session
	To    string `json:"to,omitempty"`   // session
	Act   *act   `json:"act,omitempty"`
	Line  bool   `json:"line,omitempty"` // look at the lines: one of yours has a seat
}

func (h *Hub) sendDirect(to spaces.Session, from string, a act) {
	h.sendGateway(to.Gateway, direct{Space: to.Key.String(), From: from, To: to.ID, Act: &a})
}

func (h *Hub) pokeOther(gateway string) { h.sendGateway(gateway, direct{Line: true}) }

func (h *Hub) sendGateway(gateway string, d direct) {
	if h.cfg.Bus == nil {
		return
	}
	payload, err := json.Marshal(d)
	if err != nil {
		h.log.Error("a message to another gateway cannot be written", "err", err)
		return
	}
	h.cfg.Bus.SendGateway(gateway, payload)
}

// Direct takes a message of another gateway ([bus.Receiver]).
func (h *Hub) Direct(from string, payload []byte) {
	var d direct
	if err := json.Unmarshal(payload, &d); err != nil {
		h.log.Warn("what another gateway sent is not understood", "gateway", from, "err", err)
		return
	}
	if d.Line {
		h.poke()
	}
	key, err := spaces.ParseKeyText(d.Space)
	if d.Act == nil || err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if s, to := h.open[key], h.members[d.To]; s != nil && to != nil && to.space == s {
		s.post(func() { s.actFrom(from, d.From, to, *d.Act) })
	}
}

// actFrom tells one client what a member of another gateway did for it alone.
func (s *space) actFrom(gateway, from string, to *Member, a act) {
	p, v := s.byID[from], to.seen
	if p == nil || p.member != nil || p.session.Gateway != gateway || v == nil || v.person == nil {
		return
	}
	if e := a.event(s.member(p), s.now); e != nil {
		s.tellNews() // of whom this is
		s.tell(v, e)
	}
}

// Control carries out an order of another gateway ([bus.Receiver]).
func (h *Hub) Control(_ string, c bus.Control) {
	h.background(func(ctx context.Context) { h.obey(ctx, c) })
}

func (h *Hub) obey(ctx context.Context, c bus.Control) {
	meant := func(m *Member) bool {
		session := m.Session()
		return (c.Space == "" || c.Space == session.Key.Parent().String()) &&
			(c.Session == "" || c.Session == session.ID) &&
			(c.Subject == "" || c.Subject == session.Subject) &&
			(c.Login == "" || c.Login == m.login())
	}
	if c.Session == "" && c.Subject == "" && c.Login == "" {
		return // it would mean everybody
	}
	var ends sync.WaitGroup // at once, because each may be slow to take its last word
	for _, m := range h.matching(meant) {
		ends.Go(func() {
			if c.Kind == bus.ControlRevoked {
				h.revoke(ctx, m)
			} else {
				h.putOut(ctx, m, c.Reason)
			}
		})
	}
	ends.Wait()
}

func (m *Member) login() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.viewer.Login
}

// Expel puts a person out of a space and all its subspaces, on every gateway.
// Whether they may come back is Access' to say.
func (h *Hub) Expel(ctx context.Context, key spaces.Key, subject, reason string) error {
	c := bus.Control{Kind: bus.ControlKick, Space: key.Parent().String(), Subject: subject, Reason: reason}
	h.obey(ctx, c)
	if h.cfg.Bus != nil && !h.cfg.Bus.SendControl(c) {
		return &spaces.Error{Code: spaces.CodeUnavailable, Message: "other gateways cannot be told at the moment", Fix: "Try again"}
	}
	return nil
}

// sameLooks reports whether nothing that others see of a session is new.
func sameLooks(a, b spaces.Session) bool {
	return a.Name == b.Name && a.Voice == b.Voice && bytes.Equal(a.Avatar, b.Avatar)
}
