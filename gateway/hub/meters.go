package hub

import (
	"sync"
	"time"

	"presence/spaces"
)

// meters hold what each person has used up of what one may, whatever space they
// are in and however often they leave it: who comes back goes on where they
// were. Guests, who are new as often as they like, are besides bounded together
// with all others of their network. Guarded by mu; each meter has its own.
//
// A meter that nobody holds is kept until all its buckets are surely full
// again, when it is as good as none. So the table is bounded by how fast people
// can come ([presence/gateway] bounds that for each address).
type meters struct {
	mu sync.Mutex
	of map[whom]*meter
}

// whom a meter is about: one of the two is set.
type whom struct{ subject, network string }

type meter struct {
	limits

	holders int       // guarded by meters.mu
	used    time.Time // when it was last asked for or let go; guarded by meters.mu
}

// fullAgain is longer than any bucket takes to fill.
const fullAgain = 30 * time.Second

func newMeters() *meters { return &meters{of: map[whom]*meter{}} }

// get returns the meter of somebody, and keeps it as long as the holders say.
func (t *meters) get(w whom, now time.Time, holders int) *meter {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.of[w]
	if m == nil {
		m = &meter{}
		m.start(now)
		t.of[w] = m
	}
	m.used = now
	m.holders += holders
	return m
}

func (t *meters) letGo(w whom, now time.Time) { t.get(w, now, -1) }

// forget drops those that are as good as none.
func (t *meters) forget(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for w, m := range t.of {
		if m.holders == 0 && now.Sub(m.used) > fullAgain {
			delete(t.of, w)
		}
	}
}

// crowdOf is the network by which a viewer is bounded together with others;
// false for people with an account, and where it tells nobody from anybody.
func crowdOf(v spaces.Viewer) (whom, bool) {
	network := v.GuestNetwork()
	return whom{network: network}, network != "" && network != spaces.LocalNetwork
}

// hold gives a new member its meters.
func (h *Hub) hold(m *Member, now time.Time) {
	m.limits = &h.meters.get(whom{subject: m.viewer.Subject}, now, 1).limits
	if w, bounded := crowdOf(m.viewer); bounded {
		m.crowd = &h.meters.get(w, now, 1).limits
	}
}

func (h *Hub) letGo(m *Member) {
	now := time.Now()
	h.meters.letGo(whom{subject: m.session.Subject}, now)
	if m.crowd != nil {
		h.meters.letGo(whom{network: m.session.Network}, now)
	}
}

// MayAsk bounds how often somebody asks for spaces, whatever door they ask at
// and however often they connect anew. Doors ask before they look for the space.
func (h *Hub) MayAsk(v spaces.Viewer) error {
	now := time.Now()
	err := h.meters.get(whom{subject: v.Subject}, now, 0).asks(now, askRate)
	if w, bounded := crowdOf(v); err == nil && bounded {
		err = h.meters.get(w, now, 0).asks(now, crowdAskRate)
	}
	if err != nil {
		h.metrics.refuse(err)
	}
	return err
}
