package store

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"presence/spaces"
)

// Seating is where a session is after it asked to enter: inside, or in line.
type Seating struct {
	Position int // 0 is inside; the first in line is 1
	Length   int // people in line
	// Admitted got their seats by the same call. They may be on other gateways,
	// which find out by [Store.Line], or at once when they are told.
	Admitted []spaces.Session
}

// Enter gives a session a seat in its space, or a place at the end of the line.
// It may be called again with the same session. Somebody whose socket broke in
// line, and who comes back within half a minute, has kept their place. All
// sessions of one person sit on one seat. Who holds as many places as one may is
// CodeConflict, and a guest from whose network as many guests are here as may be
// is CodeUnauthenticated.
//
// Every key has seats of its own: a space and its subspaces share none. Calls
// about one space are decided one after another, on however many gateways.
func (s *Store) Enter(ctx context.Context, session spaces.Session, seats int, now time.Time) (Seating, error) {
	if err := checkSession(session); err != nil {
		return Seating{}, err
	}
	var out Seating
	err := s.inTurn(ctx, session.Key, seats, now, func(ctx context.Context, l *line) error {
		if inside, err := s.isInside(ctx, session); err != nil {
			return err
		} else if inside {
			return s.seat(ctx, session, now)
		}
		if err := s.checkShare(ctx, l, session); err != nil {
			return err
		}
		mine := l.join(session)
		admitted, err := s.admit(ctx, l)
		for _, n := range admitted {
			if n.ID != session.ID {
				out.Admitted = append(out.Admitted, n)
			}
		}
		out.Position, out.Length = l.position(mine), l.length()
		return err
	})
	if err != nil {
		return Seating{}, fmt.Errorf("enter %s: %w", session.Key, err)
	}
	return out, nil
}

// Leave takes a session out of its space or out of the line, and returns those
// who got a seat by that. lost says that its socket broke: then its place in
// line, or its seat in a full space, is held for a moment for the same person.
func (s *Store) Leave(ctx context.Context, session spaces.Session, lost bool, seats int, now time.Time) (admitted []spaces.Session, err error) {
	err = s.inTurn(ctx, session.Key, seats, now, func(ctx context.Context, l *line) error {
		left, seated, err := s.unseat(ctx, session)
		if err != nil {
			return err
		}
		if left && !seated {
			l.inside--
			delete(l.seated, session.Subject)
		}
		switch {
		case !left:
			l.leave(session.ID, lost)
		case lost && !seated && l.free() == 1: // the last seat
			l.hold(session)
		}
		admitted, err = s.admit(ctx, l)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("leave %s: %w", session.Key, err)
	}
	return admitted, nil
}

// unseat removes the row of a session that is inside. seated says that the
// person is still inside with another one.
func (s *Store) unseat(ctx context.Context, n spaces.Session) (left, seated bool, err error) {
	rows, err := s.exec(ctx, "DELETE FROM presence_sessions WHERE "+inSpace+" AND socket_id = $4",
		string(n.Key.Type), n.Key.ID, n.Key.Subspace, n.ID)
	if err != nil || rows == 0 {
		return false, false, err
	}
	others, err := s.sessionsOf(ctx, n)
	return true, others > 0, err
}

// Line says where waiting sessions of one gateway stand by now and keeps their
// places; it gives free seats to whoever is first, and returns those. A session
// at position 0 is inside; one that is missing is neither inside nor in line.
func (s *Store) Line(ctx context.Context, key spaces.Key, waiting []string, seats int, now time.Time) (places map[string]Seating, admitted []spaces.Session, err error) {
	err = s.inTurn(ctx, key, seats, now, func(ctx context.Context, l *line) error {
		l.vouch(waiting)
		if admitted, err = s.admit(ctx, l); err != nil {
			return err
		}
		inside, err := s.insideOf(ctx, waiting)
		places = l.places(waiting)
		for _, id := range inside {
			places[id] = Seating{Length: l.length()}
		}
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("the line of %s: %w", key, err)
	}
	return places, admitted, nil
}

// turns is the number of rows to lock in presence_turns.
const turns = 64

// inTurn loads the line of a space, gives it to do, and saves it, while nobody
// else can change the seats of that space.
func (s *Store) inTurn(ctx context.Context, key spaces.Key, seats int, now time.Time, do func(context.Context, *line) error) error {
	if seats < 1 {
		return spaces.Invalid("seats", "must be at least 1")
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(key.String())) // never fails
	return s.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.exec(ctx, "UPDATE presence_turns SET taken = taken + 1 WHERE turn = $1", hash.Sum32()%turns); err != nil {
			return err
		}
		l, err := s.loadLine(ctx, key, seats, now)
		if err != nil {
			return err
		}
		if err := do(ctx, l); err != nil {
			return err
		}
		return s.saveLine(ctx, l)
	})
}

// admit gives the free seats to those who are first and there.
func (s *Store) admit(ctx context.Context, l *line) (admitted []spaces.Session, err error) {
	for _, w := range l.admit() {
		session := w.session
		if session == nil {
			if session, err = s.waitingSession(ctx, w.id); err != nil {
				return nil, err
			}
		}
		if err := s.seat(ctx, *session, time.UnixMilli(l.now)); err != nil {
			return nil, err
		}
		admitted = append(admitted, *session)
	}
	return admitted, nil
}
