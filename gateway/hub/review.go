package hub

import (
	"context"
	"errors"
	"slices"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
)

// reviewLogins asks every second whether the logins of those inside still hold,
// and forgets what those who left had used up.
func (h *Hub) reviewLogins(ctx context.Context) {
	h.eachSecond(ctx, func() {
		h.meters.forget(time.Now())
		if h.cfg.Current == nil {
			return
		}
		for _, m := range h.matching(func(*Member) bool { return true }) {
			h.reviewLogin(ctx, m)
		}
	})
}

func (h *Hub) eachSecond(ctx context.Context, do func()) {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		select {
		case <-every.C:
			do()
		case <-ctx.Done():
			return
		}
	}
}

func (h *Hub) reviewLogin(ctx context.Context, m *Member) {
	m.mu.Lock()
	viewer := m.viewer
	m.mu.Unlock()
	current, holds := h.cfg.Current(viewer)
	if !holds {
		h.revoke(ctx, m)
		return
	}
	m.mu.Lock()
	m.viewer = current
	m.mu.Unlock()
}

// revoke ends the client of a login that is over, not only its stay.
func (h *Hub) revoke(ctx context.Context, m *Member) {
	m.conn.Close(wire.CloseRevoked)
	h.putOut(ctx, m, wire.CloseRevoked.Reason)
}

func (h *Hub) putOut(ctx context.Context, m *Member, reason string) {
	h.metrics.kicked.Inc()
	_ = m.end(ctx, reason, false) // what failed is logged; the seat runs out by itself
}

// reviewAccess asks again and again whether those inside may be: bans, roles
// and settings change.
func (h *Hub) reviewAccess(ctx context.Context) {
	h.eachSecond(ctx, func() {
		due := time.Now().Add(-h.cfg.Review)
		for _, m := range h.matching(func(m *Member) bool { return m.reviewDue(due) }) {
			h.reviewMember(ctx, m)
		}
	})
}

func (m *Member) reviewDue(before time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.over || m.reviewed.After(before) {
		return false
	}
	m.reviewed = time.Now()
	return true
}

// forbidding are the answers that end a stay. When nobody can answer, it goes
// on.
var forbidding = []spaces.Code{spaces.CodeForbidden, spaces.CodeNotFound, spaces.CodeUnauthenticated}

func (h *Hub) reviewMember(ctx context.Context, m *Member) {
	m.mu.Lock()
	viewer, nsfw := m.viewer, m.nsfw
	m.mu.Unlock()
	standing, err := h.cfg.Access.Check(ctx, viewer, m.session.Key, spaces.ActEnter, nsfw)
	switch {
	case err == nil:
		m.mu.Lock()
		m.standing = standing
		m.mu.Unlock()
		m.space.followChat()
	case slices.Contains(forbidding, spaces.ErrorCode(err)):
		// It may not read its last word: nobody waits for that.
		h.background(func(ctx context.Context) { h.putOut(ctx, m, reasonOf(err)) }) //nolint:contextcheck // it has Run's own
	default:
		h.log.Warn("a member's rights cannot be read; it stays", "session", m.session.ID, "err", err)
	}
}

// reasonOf is what the person concerned may read.
func reasonOf(err error) string {
	var e *spaces.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "you may not be in this space any more"
}
