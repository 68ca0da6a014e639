package synthetic

import (
	"maps"
	"slices"
	"time"
)

// typist is one user typing in one room, until the timer fires.
type typist struct {
	timer *time.Timer
}

// Type lets a user type for d, as PUT /typing does. Typing again prolongs it
// without an event, as on Synapse; d of zero stops it.
func (s *Server) Type(userID, roomID string, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.room(roomID)
	if d <= 0 {
		s.stopTyping(r, userID, true)
		return
	}
	if r.members[userID] != "join" || s.closed {
		return
	}
	old := r.typing[userID]
	if old != nil {
		old.timer.Stop()
	}
	t := &typist{}
	t.timer = time.AfterFunc(d, func() { s.expireTyping(r, userID, t) })
	r.typing[userID] = t
	if old == nil {
		r.repeat = false
		s.append(entry{kind: entryTyping, room: r})
	}
}

// expireTyping ends a typing nobody stopped. t tells it from a later one.
func (s *Server) expireTyping(r *room, userID string, t *typist) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.typing[userID] == t {
		s.stopTyping(r, userID, !s.quirks.SilentTypingExpiry)
	}
}

// stopTyping takes a user off the list. s.mu is held.
func (s *Server) stopTyping(r *room, userID string, aloud bool) {
	t := r.typing[userID]
	if t == nil {
		return
	}
	t.timer.Stop()
	delete(r.typing, userID)
	s.append(entry{kind: entryTyping, room: r, quiet: !aloud})
	r.repeat = !aloud && len(r.typing) == 0
}

// Typing lists who types in the room, sorted.
func (s *Server) Typing(roomID string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.room(roomID).typingList()
}

func (r *room) typingList() []string {
	return append([]string{}, slices.Sorted(maps.Keys(r.typing))...)
}
