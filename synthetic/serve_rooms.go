package synthetic

import (
	"net/http"
	"time"
)

func (s *Server) serveJoinedRooms(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rooms := []string{}
	for id := range c.session.user.rooms {
		rooms = append(rooms, id)
	}
	c.answer(map[string]any{"joined_rooms": rooms})
}

func (s *Server) serveJoinedMembers(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[c.r.PathValue("room")]
	if r == nil || r.members[c.session.user.id] != "join" {
		c.refuse(http.StatusForbidden, "M_FORBIDDEN", "You are not in the room")
		return
	}
	joined := map[string]any{}
	for userID, membership := range r.members {
		if membership == "join" {
			joined[userID] = map[string]any{"display_name": userID[1:2]}
		}
	}
	c.answer(map[string]any{"joined": joined})
}

func (s *Server) serveJoin(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := c.r.PathValue("room")
	if aliased, ok := s.aliases[id]; ok {
		id = aliased
	}
	u, r := c.session.user, s.rooms[id]
	switch {
	case r == nil:
		c.refuse(http.StatusNotFound, "M_NOT_FOUND", "No such room")
	case s.overAllowance(u):
		writeError(c.w, http.StatusTooManyRequests, "M_LIMIT_EXCEEDED", "Too Many Requests",
			map[string]any{"retry_after_ms": s.quirks.JoinEvery.Milliseconds()})
	case r.members[u.id] == "ban", r.private && !u.invites[id]:
		c.refuse(http.StatusForbidden, "M_FORBIDDEN", "You may not join")
	default:
		if r.members[u.id] != "join" {
			s.member(r, u.id, u, "join")
		}
		c.answer(map[string]any{"room_id": id})
	}
}

// overAllowance is Synapse's rc_joins. s.mu is held.
func (s *Server) overAllowance(u *user) bool {
	if s.quirks.JoinEvery == 0 {
		return false
	}
	now := time.Now()
	for len(u.joins) > 0 && now.Sub(u.joins[0]) >= s.quirks.JoinEvery*time.Duration(s.quirks.JoinBurst) {
		u.joins = u.joins[1:]
	}
	if len(u.joins) >= s.quirks.JoinBurst {
		return true
	}
	u.joins = append(u.joins, now)
	return false
}

func (s *Server) serveLeave(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rooms[c.r.PathValue("room")]; r != nil {
		s.member(r, c.session.user.id, c.session.user, "leave")
	}
	c.answer(struct{}{})
}

func (s *Server) serveDirectory(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok := s.aliases[c.r.PathValue("alias")]
	if !ok {
		c.refuse(http.StatusNotFound, "M_NOT_FOUND", "No such alias")
		return
	}
	c.answer(map[string]any{"room_id": id, "servers": []string{s.name}})
}

// inRoom reports whether the caller is in the room of the request, and
// otherwise refuses.
func (s *Server) inRoom(c *call) bool {
	s.mu.Lock()
	r := s.rooms[c.r.PathValue("room")]
	in := r != nil && r.members[c.session.user.id] == "join"
	s.mu.Unlock()
	if !in {
		c.refuse(http.StatusForbidden, "M_FORBIDDEN", "You are not in the room")
	}
	return in
}

func (s *Server) serveTyping(c *call) {
	var req struct {
		Typing  bool  `json:"typing"`
		Timeout int64 `json:"timeout"`
	}
	c.body(&req)
	if !s.inRoom(c) {
		return
	}
	if !req.Typing {
		req.Timeout = 0
	}
	s.Type(c.session.user.id, c.r.PathValue("room"), time.Duration(req.Timeout)*time.Millisecond)
	c.answer(struct{}{})
}

func (s *Server) serveReceipt(c *call) {
	if !s.inRoom(c) {
		return
	}
	if c.r.PathValue("kind") == "m.read" {
		s.MarkRead(c.session.user.id, c.r.PathValue("room"))
	}
	c.answer(struct{}{})
}

func (s *Server) serveSend(c *call) {
	content := map[string]any{}
	c.body(&content)
	if !s.inRoom(c) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[c.r.PathValue("room")]
	s.stopTyping(r, c.session.user.id, true)
	s.send(r, c.r.PathValue("kind"), c.session.user.id, nil, content)
	c.answer(map[string]any{"event_id": "$sent"})
}
