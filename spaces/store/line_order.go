package store

import (
	"cmp"
	"slices"
	"time"

	"presence/spaces"
)

const (
	// awayLife is how long a place in line is kept for somebody who is away.
	awayLife = 30 * time.Second
	// heldLife is how long a seat is held for somebody who is away; the others
	// wait meanwhile.
	heldLife = 15 * time.Second
)

// line is who waits for the seats of one space. It decides; what it decided is
// written by saveLine.
type line struct {
	space   string
	now     int64 // ms
	seats   int
	inside  int             // people
	seated  map[string]bool // subjects in line who are inside as well; their seat is taken
	waiters []*waiter       // by place
	removed []string
}

// waiter is one session in line, or the claim of somebody who is away.
type waiter struct {
	id, subject, gateway string
	network              string // of a guest
	place                int64
	seen                 int64           // ms; when last vouched for
	gone                 int64           // ms; away since then, 0: there
	reserved             int64           // ms; a seat is held until then, 0: waits
	session              *spaces.Session // nil: as stored
	dirty                bool
}

func (w *waiter) holdsSeat() bool { return w.reserved > 0 }

// tidy drops claims that are over and gives people who came back, before their
// old socket was known to be broken, the place of that one.
func (l *line) tidy() {
	away := map[string]*waiter{}
	for _, w := range slices.Clone(l.waiters) {
		if w.over(l.now) {
			l.remove(w)
			continue
		}
		earlier := away[w.subject]
		switch {
		case w.gone > 0:
			if earlier == nil {
				away[w.subject] = w
			}
		case earlier != nil:
			w.place, w.reserved, w.dirty = earlier.place, earlier.reserved, true
			l.remove(earlier)
			delete(away, w.subject)
		}
	}
	l.sort()
}

func (w *waiter) over(now int64) bool {
	switch {
	case w.holdsSeat():
		return w.reserved < now
	case w.gone > 0:
		return w.gone+awayLife.Milliseconds() < now
	default:
		return w.seen+sessionLife.Milliseconds() < now
	}
}

// join puts a session at the place it has already, at the one it kept while it
// was away, or at the end.
func (l *line) join(n spaces.Session) *waiter {
	mine := l.find(n.ID)
	if mine == nil {
		place := int64(1)
		if len(l.waiters) > 0 {
			place = l.waiters[len(l.waiters)-1].place + 1
		}
		mine = &waiter{id: n.ID, subject: n.Subject, network: n.Network, place: place}
		if kept := l.kept(n.Subject); kept != nil {
			mine.place, mine.reserved = kept.place, kept.reserved
			l.remove(kept)
		}
		l.waiters = append(l.waiters, mine)
	}
	mine.session, mine.gateway, mine.seen, mine.gone, mine.dirty = &n, n.Gateway, l.now, 0, true
	l.sort()
	return mine
}

// kept returns the claim of a person who is away.
func (l *line) kept(subject string) *waiter {
	for _, w := range l.waiters {
		if w.gone > 0 && w.subject == subject {
			return w
		}
	}
	return nil
}

func (l *line) find(id string) *waiter {
	for _, w := range l.waiters {
		if w.id == id {
			return w
		}
	}
	return nil
}

// leave takes a waiting session out of the line, or notes that it is away.
func (l *line) leave(id string, lost bool) {
	w := l.find(id)
	switch {
	case w == nil:
	case lost && w.gone == 0:
		w.gone, w.dirty = l.now, true
	case !lost:
		l.remove(w)
	}
}

// hold keeps the seat of somebody whose socket broke, before all others.
func (l *line) hold(n spaces.Session) {
	place := int64(0)
	if len(l.waiters) > 0 {
		place = l.waiters[0].place - 1
	}
	l.waiters = append(l.waiters, &waiter{
		id: n.ID, subject: n.Subject, network: n.Network, gateway: n.Gateway, place: place, session: &n, dirty: true,
		seen: l.now, gone: l.now, reserved: l.now + heldLife.Milliseconds(),
	})
	l.sort()
}

// vouch keeps waiting sessions in line.
func (l *line) vouch(ids []string) {
	for _, id := range ids {
		if w := l.find(id); w != nil {
			w.seen, w.gone, w.dirty = l.now, 0, true
		}
	}
}

// admit takes those out of the line who get a seat now. For who is first but
// away a seat is held. Who is inside already sits on the seat they have.
func (l *line) admit() (admitted []*waiter) {
	free := l.free()
	take := func(w *waiter) {
		if !l.seated[w.subject] {
			l.seated[w.subject] = true
			l.inside++
		}
		l.remove(w)
		admitted = append(admitted, w)
	}
	for _, w := range slices.Clone(l.waiters) {
		switch {
		case w.gone == 0 && (w.holdsSeat() || l.seated[w.subject]):
			take(w)
		case w.holdsSeat() || free < 1:
		case w.gone > 0:
			free--
			w.reserved, w.dirty = l.now+heldLife.Milliseconds(), true
		default:
			free--
			take(w)
		}
	}
	return admitted
}

// free is the number of seats that nobody sits on and none is held for.
func (l *line) free() int {
	free := l.seats - l.inside
	for _, w := range l.waiters {
		if w.holdsSeat() {
			free--
		}
	}
	return free
}

// position is where a waiter stands, 0 for who is not in line any more.
func (l *line) position(of *waiter) int {
	n := 0
	for _, w := range l.waiters {
		if !w.holdsSeat() {
			n++
		}
		if w == of {
			return n
		}
	}
	return 0
}

func (l *line) places(ids []string) map[string]Seating {
	places := make(map[string]Seating, len(ids))
	for _, id := range ids {
		if w := l.find(id); w != nil {
			places[id] = Seating{Position: l.position(w), Length: l.length()}
		}
	}
	return places
}

// length is the number of people who wait.
func (l *line) length() int {
	n := 0
	for _, w := range l.waiters {
		if !w.holdsSeat() {
			n++
		}
	}
	return n
}

func (l *line) remove(w *waiter) {
	l.waiters = slices.DeleteFunc(l.waiters, func(o *waiter) bool { return o == w })
	l.removed = append(l.removed, w.id)
}

func (l *line) sort() {
	slices.SortStableFunc(l.waiters, func(a, b *waiter) int { return cmp.Compare(a.place, b.place) })
}
