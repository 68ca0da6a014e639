package synthetic

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

func (s *Server) serveVersions(c *call) {
	c.answer(map[string]any{"versions": []string{"r0.6.1", "v1.1", "v1.2"}})
}

func (s *Server) serveLogin(c *call) {
	var req struct {
		Identifier struct {
			User string `json:"user"`
		} `json:"identifier"`
		Password     string `json:"password"`
		DeviceID     string `json:"device_id"`
		RefreshToken bool   `json:"refresh_token"`
	}
	c.body(&req)
	id := req.Identifier.User
	if !strings.HasPrefix(id, "@") {
		id = "@" + id + ":" + s.name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[id]
	if u == nil || u.password != req.Password {
		c.refuse(http.StatusForbidden, "M_FORBIDDEN", "Invalid username or password")
		return
	}
	one := s.newSession(u, req.DeviceID, req.RefreshToken)
	answer := map[string]any{"user_id": u.id, "device_id": one.device, "access_token": one.token}
	if one.refresh != "" {
		answer["refresh_token"], answer["expires_in_ms"] = one.refresh, 3_600_000
	}
	c.answer(answer)
}

// serveRefresh gives a new access token. The old refresh token works until the
// new one is used, so a lost answer is harmless.
func (s *Server) serveRefresh(c *call) {
	var req struct {
		RefreshToken string `json:"refresh_token"`
	}
	c.body(&req)
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, one := range s.sessions {
		if one.refresh != "" && one.refresh == req.RefreshToken {
			n := *one
			n.token, n.ended = fmt.Sprintf("token%d", s.next()), endedNot
			delete(s.sessions, token)
			s.sessions[n.token] = &n
			c.answer(map[string]any{"access_token": n.token, "refresh_token": n.refresh, "expires_in_ms": 3_600_000})
			return
		}
	}
	writeError(c.w, http.StatusUnauthorized, "M_UNKNOWN_TOKEN", "Unknown refresh token", map[string]any{"soft_logout": false})
}

func (s *Server) serveWhoami(c *call) {
	c.answer(map[string]any{"user_id": c.session.user.id, "device_id": c.session.device})
}

// serveFilter gives equal filters equal ids.
func (s *Server) serveFilter(c *call) {
	text, err := io.ReadAll(c.r.Body)
	f, parseErr := parseFilter(text)
	if err != nil || parseErr != nil {
		c.refuse(http.StatusBadRequest, "M_BAD_JSON", "Bad filter")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id, known := s.filterOf[string(text)]
	if !known {
		id = fmt.Sprint(s.next())
		s.filterOf[string(text)], s.filters[id] = id, f
	}
	c.answer(map[string]any{"filter_id": id})
}

func (s *Server) servePresence(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[c.r.PathValue("user")]
	state := ""
	if u != nil && s.quirks.PresenceOff == PresenceOn {
		state = u.presence
	}
	if s.quirks.PresenceOff == PresenceOffSynapse {
		state = "offline"
	}
	c.answer(map[string]any{"presence": state})
}

func (s *Server) serveSetPresence(c *call) {
	var req struct {
		Presence string `json:"presence"`
	}
	c.body(&req)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.r.PathValue("user") != c.session.user.id && s.quirks.PresenceOff == PresenceOn {
		c.refuse(http.StatusForbidden, "M_FORBIDDEN", "Not your presence")
		return
	}
	s.setPresence(c.session.user, req.Presence)
	c.answer(struct{}{})
}
