package synthetic

import (
	"fmt"
	"time"
)

// user is one account. The server's mutex guards it.
type user struct {
	id         string
	password   string
	rooms      map[string]*room // joined
	presence   string           // online, unavailable, offline; empty before the first
	lastActive time.Time
	active     bool // currently_active
	statusMsg  string
	joins      []time.Time // the allowance of [Quirks.JoinEvery]
	invites    map[string]bool
}

// AddUser makes an account and returns its user id. The password is "secret".
func (s *Server) AddUser(localpart string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := "@" + localpart + ":" + s.name
	s.users[id] = &user{id: id, password: "secret", rooms: map[string]*room{}, invites: map[string]bool{}}
	return id
}

// user returns a known user; asking for another is a fault of the test.
func (s *Server) user(id string) *user {
	u := s.users[id]
	if u == nil {
		panic(fmt.Sprintf("synthetic: no user %s", id))
	}
	return u
}

// SetPresence changes a user's presence as PUT /presence does, and reports
// nothing when presence is switched off.
func (s *Server) SetPresence(userID, presence string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setPresence(s.user(userID), presence)
}

func (s *Server) setPresence(u *user, presence string) {
	if s.quirks.PresenceOff != PresenceOn {
		return
	}
	u.presence = presence
	u.active = presence == "online"
	u.lastActive = time.Now()
	s.append(entry{kind: entryPresence, user: u})
}

// Presence is a user's presence as the server knows it; empty before the
// first, or while presence is switched off.
func (s *Server) Presence(userID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.quirks.PresenceOff != PresenceOn {
		return ""
	}
	return s.user(userID).presence
}
