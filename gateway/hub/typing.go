package hub

import (
	"time"

	"presence/gateway/wire"
)

// typingLife is how long somebody counts as writing without saying so again.
const typingLife = 6 * time.Second

// typing is who writes, and until when.
type typing struct {
	until   map[*person]time.Time
	changed bool // since everybody was told
}

func (t *typing) set(p *person, on bool, now time.Time) {
	if !on {
		t.end(p)
		return
	}
	if _, known := t.until[p]; !known {
		t.changed = true
	}
	t.until[p] = now.Add(typingLife)
}

func (t *typing) end(p *person) {
	if _, known := t.until[p]; known {
		delete(t.until, p)
		t.changed = true
	}
}

// next is when the first of them counts no more; zero when nobody writes.
func (t *typing) next() (first time.Time) {
	for _, until := range t.until {
		if first.IsZero() || until.Before(first) {
			first = until
		}
	}
	return first
}

// tellTyping tells everybody who writes, if that has changed.
func (s *space) tellTyping() {
	for p, until := range s.typing.until {
		if !s.now.Before(until) {
			s.typing.end(p)
		}
	}
	if s.typing.changed {
		s.typing.changed = false
		s.broadcast(s.typists(), nil)
	}
}

func (s *space) typists() wire.Typing {
	e := wire.Typing{Key: s.key}
	for _, p := range s.people {
		if _, types := s.typing.until[p]; types {
			e.Members = append(e.Members, s.member(p))
		}
	}
	return e
}
