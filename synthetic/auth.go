package synthetic

import (
	"fmt"
	"net/http"
	"strings"
)

// session is one device's access. The server's mutex guards it.
type session struct {
	user    *user
	device  string
	token   string
	refresh string
	ended   endedHow
	sent    map[string]string // presence sent to this device, for SkipSentPresence
	last    *syncAnswer       // for Fault.Repeat
}

type endedHow uint8

const (
	endedNot endedHow = iota
	endedSoft
	endedHard
)

// Token makes a session for a user and returns its access token.
func (s *Server) Token(userID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newSession(s.user(userID), "", false).token
}

// newSession makes a session, on a new device when device is empty; a login
// with a known device ends that device's old session. s.mu is held.
func (s *Server) newSession(u *user, device string, refreshable bool) *session {
	if device == "" {
		device = fmt.Sprintf("DEVICE%d", s.next())
	}
	for token, old := range s.sessions {
		if old.user == u && old.device == device {
			delete(s.sessions, token)
		}
	}
	n := &session{user: u, device: device, token: fmt.Sprintf("token%d", s.next()), sent: map[string]string{}}
	if refreshable {
		n.refresh = fmt.Sprintf("refresh%d", s.next())
	}
	s.sessions[n.token] = n
	return n
}

// EndSessions ends the user's access tokens: softly, so that a refresh or a
// login on the same device goes on, or for good. Running polls are cut.
func (s *Server) EndSessions(userID string, soft bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.sessions {
		if one.user.id == userID && soft {
			one.ended = endedSoft
		} else if one.user.id == userID {
			one.ended, one.refresh = endedHard, ""
		}
	}
	s.cutAll()
}

// Devices is how many devices the user has ever had at once with a session.
func (s *Server) Devices(userID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	devices := map[string]bool{}
	for _, one := range s.sessions {
		if one.user.id == userID {
			devices[one.device] = true
		}
	}
	return len(devices)
}

// authenticate finds the session of a request, or answers 401.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request) *session {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	one := s.sessions[token]
	soft := one != nil && one.ended == endedSoft
	valid := one != nil && one.ended == endedNot
	s.mu.Unlock()
	if valid {
		return one
	}
	writeError(w, http.StatusUnauthorized, "M_UNKNOWN_TOKEN", "Unknown token", map[string]any{"soft_logout": soft})
	return nil
}
