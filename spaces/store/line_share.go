package store

import (
	"context"
	"strconv"

	"presence/spaces"
)

const (
	// DefaultGuestSeats is how many guests of one address may be in a space when
	// the operator says nothing: a class behind one router.
	DefaultGuestSeats = 40
	// maxSessions is how many sessions one person may have in a space, inside and
	// in line. They share a seat, so nothing else bounds them; connections that
	// broke are among them for half a minute.
	maxSessions = 10
)

// LimitGuests is the store with another bound of guests from one address in a
// space, at least 1.
func (s *Store) LimitGuests(most int) *Store {
	limited := *s
	limited.guestSeats = most
	return &limited
}

// guestsOf is how many guests of one network may be in a space, inside and in
// line. A quarter of the seats is always somebody else's, so that nobody fills
// a space alone. This machine may be anybody ([spaces.LocalNetwork]): it is held
// to its share alone, and in a space for a crowd to nothing.
func (s *Store) guestsOf(network string, seats int) int {
	share := seats - seats/4
	switch {
	case network != spaces.LocalNetwork:
		return min(share, s.guestSeats)
	case seats < spaces.CrowdSeats:
		return share
	}
	return spaces.MaxSeats
}

// checkShare finds out whether somebody who enters is inside already with
// another session, and refuses a session that is new here when its person, or
// the guests of its network, hold as many places as they may.
func (s *Store) checkShare(ctx context.Context, l *line, n spaces.Session) error {
	own, err := s.sessionsOf(ctx, n)
	if err != nil {
		return err
	}
	l.seated[n.Subject] = own > 0
	if l.find(n.ID) != nil || l.kept(n.Subject) != nil {
		return nil
	}
	if own+l.waiting(n.Subject) >= maxSessions {
		return &spaces.Error{
			Code:    spaces.CodeConflict,
			Message: "you are in this space already, as often as one person may be: " + strconv.Itoa(maxSessions) + " times",
			Fix:     "Leave it in another window; a connection that broke is forgotten within a minute",
		}
	}
	if n.Network == "" || own > 0 {
		return nil
	}
	return s.checkGuests(ctx, l, n)
}

func (s *Store) checkGuests(ctx context.Context, l *line, n spaces.Session) error {
	most := s.guestsOf(n.Network, l.seats)
	if most >= spaces.MaxSeats {
		return nil
	}
	guests, err := s.ids(ctx, "SELECT DISTINCT subject FROM presence_sessions WHERE "+inSpace+" AND network = $4",
		string(n.Key.Type), n.Key.ID, n.Key.Subspace, n.Network)
	if err != nil {
		return err
	}
	if l.guests(n.Network, guests) < most {
		return nil
	}
	return &spaces.Error{
		Code:    spaces.CodeUnauthenticated,
		Message: "as many guests from your address are in this space as may be: " + strconv.Itoa(most),
		Fix:     "Sign in with a Hive or Matrix account, or come back when one of them has left",
	}
}

// sessionsOf counts the sessions of the same person that are inside.
func (s *Store) sessionsOf(ctx context.Context, n spaces.Session) (count int, err error) {
	err = s.db.QueryRow(ctx, "SELECT count(*) FROM presence_sessions WHERE "+inSpace+" AND subject = $4",
		string(n.Key.Type), n.Key.ID, n.Key.Subspace, n.Subject).Scan(&count)
	return count, err
}

// waiting counts the sessions of a person in line.
func (l *line) waiting(subject string) (count int) {
	for _, w := range l.waiters {
		if w.subject == subject {
			count++
		}
	}
	return count
}

// guests counts the people of a network: those inside, and those in line who are
// not, or for whom a seat is held.
func (l *line) guests(network string, inside []string) int {
	people := make(map[string]bool, len(inside))
	for _, subject := range inside {
		people[subject] = true
	}
	for _, w := range l.waiters {
		if w.network == network {
			people[w.subject] = true
		}
	}
	return len(people)
}
