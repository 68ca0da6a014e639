package state

import (
	"strings"
	"time"

	"presence/spaces"
)

// Visit is one person in the space of a linked room, in VR: in its main
// subspace or another, with one client or several.
type Visit struct {
	Slug    spaces.Slug
	Subject string // as in [spaces.Viewer]; "matrix:<user id>" is the same person in Matrix
}

// matrixSubject is what the subject of a Matrix user begins with.
const matrixSubject = "matrix:"

// Visit counts somebody in who enters a space, or out who leaves it. Saying
// either twice is harmless. They are active in that room as long as they are in
// its space, whatever Matrix knows of them, and counted once with what they are
// in Matrix. Agents, the daemon and excluded users are never counted.
//
// A room whose link comes later, or whose members are known later, counts its
// visitors from then on.
func (e *Engine) Visit(now time.Time, v Visit, inside bool) {
	e.Tick(now)
	if inside {
		e.enterSpace(v)
	} else {
		e.leaveSpace(v)
	}
}

// SetVisits replaces all visits.
func (e *Engine) SetVisits(now time.Time, visits []Visit) {
	e.Tick(now)
	wanted := make(map[Visit]bool, len(visits))
	for _, v := range visits {
		wanted[v] = true
		e.enterSpace(v)
	}
	for slug, inside := range e.visitors {
		for p := range inside {
			if v := (Visit{slug, p.subject}); !wanted[v] {
				e.leaveSpace(v)
			}
		}
	}
}

func (e *Engine) enterSpace(v Visit) {
	p := e.known(v.Subject)
	if _, inside := e.visitors[v.Slug][p]; inside || e.uncounted(v.Subject) {
		return
	}
	if p == nil {
		p = newPerson(strings.TrimPrefix(v.Subject, matrixSubject))
		e.strangers[v.Subject] = p
	}
	p.subject = v.Subject
	e.turn(v.Slug, p, +1, func() {
		p.visits++
		if e.visitors[v.Slug] == nil {
			e.visitors[v.Slug] = map[*person]struct{}{}
		}
		e.visitors[v.Slug][p] = struct{}{}
	})
}

func (e *Engine) leaveSpace(v Visit) {
	p := e.known(v.Subject)
	if _, inside := e.visitors[v.Slug][p]; !inside {
		return
	}
	e.turn(v.Slug, p, -1, func() {
		p.visits--
		delete(e.visitors[v.Slug], p)
		if len(e.visitors[v.Slug]) == 0 {
			delete(e.visitors, v.Slug)
		}
	})
	if p.visits == 0 && e.strangers[v.Subject] == p {
		delete(e.strangers, v.Subject)
	}
}

// turn makes p a visitor of the place of that slug (n = 1) or ends that (n =
// -1), which change does, with all that follows for the counts.
func (e *Engine) turn(slug spaces.Slug, p *person, n int, change func()) {
	pl := e.places[slug]
	if pl == nil {
		change()
		return
	}
	member := pl.live && pl.holds(p, nil)
	if member {
		e.count(pl, p, -1)
	}
	change()
	if member {
		e.count(pl, p, +1)
	}
	if pl.live && !member {
		e.countVisitor(pl, n)
	}
	if pl.live {
		e.shift(pl, p, 0, n, 0)
	}
	e.mark(pl)
}

// countVisitors counts everybody in the space of a place in or out, as if
// nobody were joined: [Engine.enter] and exit do the rest.
func (e *Engine) countVisitors(pl *place, n int) {
	for p := range e.visitors[pl.link.Slug] {
		e.countVisitor(pl, n)
		e.shift(pl, p, 0, n, 0)
	}
}

// visits reports whether p is in the space of the place.
func (e *Engine) visits(pl *place, p *person) bool {
	if p.visits == 0 { // most people, most of the time
		return false
	}
	_, inside := e.visitors[pl.link.Slug][p]
	return inside
}

// known returns the person behind a subject; nil when nobody has heard of them.
func (e *Engine) known(subject string) *person {
	if id, is := strings.CutPrefix(subject, matrixSubject); is && e.people[id] != nil {
		return e.people[id]
	}
	return e.strangers[subject]
}

// uncounted reports whether a subject is software of ours, or excluded.
func (e *Engine) uncounted(subject string) bool {
	id, is := strings.CutPrefix(subject, matrixSubject)
	_, agent := e.agents[id]
	return subject == "" || is && (agent || e.ignored(id))
}
