package state

import "presence/spaces"

// tally counts distinct people by class, and agents apart. It is a value: two
// tallies are equal when they count the same.
type tally struct {
	people   [classes]int
	inferred int // of the people here: known by signs of life only
	silent   int // of the others: absent only as far as their silence tells
	agents   int // agents here
	visiting int // of people, online because they are in VR
	visitors int // people in VR who are not joined; in none of the others
}

// add counts p in (n = 1) or out (n = -1) under their current class.
func (t *tally) add(p *person, n int) {
	if p.agent {
		if p.class.here() {
			t.agents += n
		}
		return
	}
	t.people[p.class] += n
	switch {
	case !p.inferred:
	case p.class.here():
		t.inferred += n
	default:
		t.silent += n
	}
}

// visit counts a joined person who is in VR: they are here, whatever Matrix
// knows.
func (t *tally) visit(n int) {
	t.people[online] += n
	t.visiting += n
}

func (t *tally) active() int { return t.people[online] + t.visitors }

func (t *tally) here() int { return t.active() + t.people[idle] }

func (t *tally) members() int {
	return t.people[online] + t.people[idle] + t.people[unknown] + t.people[offline]
}

// source says what the number of people here was derived from, those in VR
// apart.
func (t *tally) source() spaces.Source {
	switch here := t.people[online] - t.visiting + t.people[idle]; {
	case here == 0 && t.silent > 0:
		return spaces.SourceInferred
	case t.inferred == 0:
		return spaces.SourceMatrix
	case t.inferred == here:
		return spaces.SourceInferred
	default:
		return spaces.SourceMixed
	}
}

// known is false for "nobody, as far as silence tells": without presence from
// the homeserver a room of silent members is unknown, not empty.
func (t *tally) known() bool { return t.here() > 0 || t.silent == 0 }
