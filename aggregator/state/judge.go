package state

// verdict is what a person counts as at one moment, and when time alone next
// changes that (0: never).
type verdict struct {
	class    class
	inferred bool
	next     instant
}

// Whether a fall in class is softened by Config.Grace: only when a fact caused
// it. What time or an operator causes was slow, or meant.
const (
	withGrace = true
	noGrace   = false
)

// touch must be called before a fact changes p. It remembers what p counted as
// before the facts of this batch, and that the database has to know.
func (e *Engine) touch(p *person) {
	if !p.touched {
		p.touched, p.before = true, e.target(p).class
		e.touched = append(e.touched, p)
	}
}

// settle compares everybody the facts touched with what they were before.
func (e *Engine) settle(grace bool) {
	for _, p := range e.touched {
		p.touched = false
		e.dirty.people[p.id] = struct{}{}
		if len(p.rooms) == 0 {
			e.drop(p)
			continue
		}
		if grace {
			e.soften(p)
		}
		e.reclassify(p)
	}
	clear(e.touched) // let go of people who were dropped
	e.touched = e.touched[:0]
}

// soften keeps a class p just fell from for the grace period, and ends such
// periods when p rises again: flicker between devices goes unseen, and a flood
// of changes moves a count at most once per period.
func (e *Engine) soften(p *person) {
	after := e.target(p).class
	if after < p.before && p.before.here() && e.cfg.Grace > 0 {
		p.holds[p.before] = e.sight().add(e.cfg.Grace)
	}
	for c := idle; c <= after; c++ {
		p.holds[c] = 0
	}
}

// reclassify gives p the class of this moment and asks to be called again when
// time changes it.
func (e *Engine) reclassify(p *person) {
	v := e.target(p)
	for c := online; c > v.class && c.here(); c-- {
		if hold := p.holds[c]; hold > e.now {
			v = verdict{class: c, next: sooner(hold, v.next)}
			break
		}
	}
	e.alarms.set(&p.alarm, v.next)
	if v.class != p.class || v.inferred != p.inferred {
		e.setClass(p, v)
	}
}

// setClass moves p from one class to another in every count p is part of.
func (e *Engine) setClass(p *person, v verdict) {
	e.recount(p, -1)
	p.class, p.inferred = v.class, v.inferred
	e.recount(p, +1)
	p.eachPlace(e.mark)
	e.changed.users[p.id] = struct{}{}
	e.dirty.people[p.id] = struct{}{}
}

func (e *Engine) recount(p *person, n int) {
	p.eachPlace(func(pl *place) { e.count(pl, p, n) })
	for i := range p.stays {
		p.stays[i].count(p, n)
	}
}

// target is the class by facts and time, before grace. The homeserver's word
// holds where there is one, also against signs of life: somebody who chose to
// appear offline is not to be revealed by a message.
func (e *Engine) target(p *person) verdict {
	if e.noPresence {
		return e.infer(p)
	}
	v := e.reported(p)
	if v.class == unknown && e.cfg.Infer {
		if guess := e.infer(p); guess.class.here() {
			return guess
		}
	}
	return v
}

// reported is what m.presence says. Being here needs confirmation now and then,
// because servers and dead clients leave people online for hours; while
// currently_active holds the server promised silence, so it gets twice as long.
func (e *Engine) reported(p *person) verdict {
	c := p.status.class()
	if !c.here() || e.cfg.OnlineLimit == 0 {
		return verdict{class: c}
	}
	limit := e.cfg.OnlineLimit
	if c == online && p.currentlyActive {
		limit *= 2
	}
	end := max(p.confirmed, p.seen, p.lifeEnd()).add(limit)
	if end <= e.now {
		return verdict{class: unknown}
	}
	return verdict{class: c, next: end}
}

// infer is what signs of life say: active while they last, idle for a while
// after, then gone. No sign at all says nothing.
func (e *Engine) infer(p *person) verdict {
	end := p.lifeEnd()
	recent := end.add(recentLife)
	switch {
	case !e.cfg.Infer:
		return verdict{class: unknown, inferred: true}
	case p.typing > 0:
		return verdict{class: online, inferred: true}
	case end == 0:
		return verdict{class: unknown, inferred: true}
	case e.now < end:
		return verdict{class: online, inferred: true, next: end}
	case e.now < recent:
		return verdict{class: idle, inferred: true, next: recent}
	default:
		return verdict{class: offline, inferred: true}
	}
}
