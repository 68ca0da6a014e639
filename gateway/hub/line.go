package hub

import (
	"context"
	"errors"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

// Seats hands out the places inside, over all gateways ([store.Store]).
type Seats interface {
	Enter(ctx context.Context, session spaces.Session, seats int, now time.Time) (store.Seating, error)
	Leave(ctx context.Context, session spaces.Session, lost bool, seats int, now time.Time) ([]spaces.Session, error)
	Line(ctx context.Context, key spaces.Key, waiting []string, seats int, now time.Time) (map[string]store.Seating, []spaces.Session, error)
	Touch(ctx context.Context, seen []store.Seen, now time.Time) (lost []string, err error)
	Reseat(ctx context.Context, session spaces.Session, now time.Time) error
	DropGateway(ctx context.Context, gateway string, now time.Time) error
	DropOtherGateways(ctx context.Context, alive []string, now time.Time) error
	SweepSessions(ctx context.Context, now time.Time) (int64, error)
}

type seating = store.Seating

const (
	lineEvery  = 1500 * time.Millisecond // between two looks at a line
	touchEvery = 15 * time.Second        // the store forgets a session after a minute
	seatTime   = 5 * time.Second         // for what must be done although the client is gone
)

func (m *Member) seats() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return max(m.standing.Space.Settings.MaxUsers, 1)
}

func (h *Hub) takeSeat(ctx context.Context, m *Member) (seating, error) {
	if h.cfg.Seats == nil {
		return seating{}, nil
	}
	place, err := h.cfg.Seats.Enter(ctx, m.Session(), m.seats(), time.Now())
	if err != nil {
		return place, unavailable(err)
	}
	h.tellAdmitted(place.Admitted)
	return place, nil
}

// unavailable is what a client learns when the store does not answer.
func unavailable(err error) error {
	var known *spaces.Error
	if errors.As(err, &known) {
		return err
	}
	return &spaces.Error{Code: spaces.CodeUnavailable, Message: "who is inside cannot be read at the moment", Fix: "Try again in a moment", Err: err}
}

// giveSeat gives a seat or a place in line back, also for a client that is gone.
func (h *Hub) giveSeat(ctx context.Context, m *Member, lost bool) error {
	if h.cfg.Seats == nil || !h.lives() {
		return nil // at the end of Run all seats go at once
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), seatTime)
	defer cancel()
	admitted, err := h.cfg.Seats.Leave(ctx, m.Session(), lost, m.seats(), time.Now())
	if err != nil {
		h.log.Warn("a seat is not given back; it runs out by itself", "session", m.session.ID, "err", err)
		return unavailable(err)
	}
	h.tellAdmitted(admitted)
	return nil
}

func (h *Hub) lives() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ctx != nil
}

// tellAdmitted makes those gateways look at their lines whose clients have got
// seats; without it they find out a second later.
func (h *Hub) tellAdmitted(admitted []spaces.Session) {
	for _, session := range admitted {
		if session.Gateway == h.cfg.Gateway {
			h.poke()
		} else {
			h.pokeOther(session.Gateway)
		}
	}
}

func (h *Hub) poke() {
	select {
	case h.poked <- struct{}{}:
	default:
	}
}

// moveLines tells everybody in line where they stand, and lets in whose turn it
// is.
func (h *Hub) moveLines(ctx context.Context) {
	every := time.NewTicker(lineEvery)
	defer every.Stop()
	for {
		select {
		case <-every.C:
		case <-h.poked:
		case <-ctx.Done():
			return
		}
		for key, line := range h.allLines() {
			if err := h.moveLine(ctx, key, line); err != nil && ctx.Err() == nil {
				h.log.Warn("a line does not move", "space", key.String(), "err", err)
			}
		}
	}
}

func (h *Hub) allLines() map[spaces.Key][]*Member {
	h.mu.Lock()
	defer h.mu.Unlock()
	lines, waiting := map[spaces.Key][]*Member{}, 0
	for key, line := range h.lines {
		for _, m := range line {
			lines[key] = append(lines[key], m)
			waiting++
		}
	}
	h.metrics.waiting.Set(float64(waiting))
	return lines
}

func (h *Hub) moveLine(ctx context.Context, key spaces.Key, line []*Member) error {
	ids := make([]string, len(line))
	for i, m := range line {
		ids[i] = m.session.ID
	}
	places, admitted, err := h.cfg.Seats.Line(ctx, key, ids, line[0].seats(), time.Now())
	if err != nil {
		return err
	}
	var others []spaces.Session
	for _, s := range admitted {
		if s.Gateway != h.cfg.Gateway { // ours are in places
			others = append(others, s)
		}
	}
	h.tellAdmitted(others)
	for _, m := range line {
		place, known := places[m.session.ID]
		if !known { // the store lost it, as after an outage
			place, err = h.cfg.Seats.Enter(ctx, m.Session(), m.seats(), time.Now())
			if _, refused := errors.AsType[*spaces.Error](err); refused {
				h.background(func(ctx context.Context) { h.putOut(ctx, m, reasonOf(err)) }) //nolint:contextcheck // it has Run's own
				continue
			}
			if err != nil {
				return err
			}
		}
		h.stand(m, place)
	}
	return nil
}

// stand tells a client in line where it is now. One that leaves at this moment
// is left alone.
func (h *Hub) stand(m *Member, place seating) {
	if !m.turn.TryLock() {
		return
	}
	defer m.turn.Unlock()
	m.mu.Lock()
	waits := !m.over && !m.inside
	news := m.line != place.Position || m.lineLength != place.Length
	m.line, m.lineLength = place.Position, place.Length
	m.mu.Unlock()
	switch {
	case !waits:
	case place.Position == 0:
		h.leaveLine(m)
		m.goInside()
	case news:
		m.space.post(func() { m.space.queue(m, m.waiting(place)) })
	}
}

// keepSeats says in time that everybody inside still is.
func (h *Hub) keepSeats(ctx context.Context) {
	every := time.NewTicker(touchEvery)
	defer every.Stop()
	for {
		select {
		case <-every.C:
			if err := h.touchSeats(ctx); err != nil && ctx.Err() == nil {
				h.log.Warn("the sessions of this gateway are not kept alive in the store; trying again", "err", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

func (h *Hub) touchSeats(ctx context.Context) error {
	inside := map[string]*Member{}
	var seen []store.Seen
	for _, m := range h.matching(func(*Member) bool { return true }) {
		m.mu.Lock()
		if m.inside && !m.over {
			inside[m.session.ID] = m
			one := store.Seen{ID: m.session.ID}
			if m.placed {
				at := m.place.pose.Position
				one.Position = &at
			}
			seen = append(seen, one)
		}
		m.mu.Unlock()
	}
	lost, err := h.cfg.Seats.Touch(ctx, seen, time.Now())
	if err != nil {
		return err
	}
	for _, id := range lost {
		if err := h.reseat(ctx, inside[id]); err != nil {
			return err
		}
	}
	_, err = h.cfg.Seats.SweepSessions(ctx, time.Now())
	return err
}

// reseat puts back a row that somebody took for dead.
func (h *Hub) reseat(ctx context.Context, m *Member) error {
	m.turn.Lock() // not while it leaves
	defer m.turn.Unlock()
	m.mu.Lock()
	session, over := m.session, m.over
	m.mu.Unlock()
	if over {
		return nil
	}
	return h.cfg.Seats.Reseat(ctx, session, time.Now())
}
