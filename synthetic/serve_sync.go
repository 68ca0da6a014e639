package synthetic

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// serveSync answers at once when there is something to tell, and otherwise
// waits for the stream to grow.
func (s *Server) serveSync(c *call) {
	query := c.r.URL.Query()
	since, ok := s.parseToken(query.Get("since"))
	if !ok {
		c.refuse(http.StatusBadRequest, "M_INVALID_PARAM", "Unknown since token")
		return
	}
	f, ok := s.filterFor(query.Get("filter"))
	if !ok {
		c.refuse(http.StatusBadRequest, "M_INVALID_PARAM", "No such filter")
		return
	}
	s.showReader(c.session.user, query.Get("set_presence"))
	milliseconds, _ := strconv.Atoi(query.Get("timeout"))
	wait := time.NewTimer(time.Duration(milliseconds) * time.Millisecond)
	defer wait.Stop()
	stateAfter := query.Get("use_state_after") == "true"
	for {
		answer, changed := s.look(c, f, since, stateAfter, milliseconds == 0)
		if answer != nil {
			c.answer(answer)
			return
		}
		select {
		case <-changed:
		case <-wait.C:
			milliseconds = 0
		case <-c.cut:
			panic(http.ErrAbortHandler)
		case <-c.r.Context().Done():
			return
		}
	}
}

// showReader changes the presence of somebody who polls: online unless they
// ask otherwise.
func (s *Server) showReader(u *user, asked string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case asked == "":
		s.setPresence(u, "online")
	case u.presence == "" && s.quirks.PresenceOff == PresenceOn:
		u.presence = asked
	}
}

// look makes the answer, or returns nil and what to wait for. last says that
// there is no waiting any more.
func (s *Server) look(c *call, f filter, since int, stateAfter, last bool) (*syncAnswer, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := c.session
	if c.fault.Repeat && one.last != nil && one.last.NextBatch == s.token(since) {
		return one.last, nil
	}
	v := s.newView(one, f, since, stateAfter && s.quirks.StateAfter)
	var answer *syncAnswer
	if since == 0 {
		answer = v.initial()
	} else if answer = v.answer; last || s.loudSince(since) {
		answer = v.incremental()
	}
	if since > 0 && !last && answer.empty() {
		return nil, s.changed
	}
	if c.fault.SameToken && since > 0 {
		answer.NextBatch = s.token(since)
	}
	answer.Padding = strings.Repeat("x", c.fault.Padding)
	one.last = answer
	return answer, nil
}

// loudSince reports whether anything after since may wake a poll. s.mu is held.
func (s *Server) loudSince(since int) bool {
	for _, e := range s.log[since:] {
		if !e.quiet {
			return true
		}
	}
	return false
}

// parseToken reads a since token: 0 for none, false for one that is no token
// or was forgotten. One from the future counts as now, as on Dendrite.
func (s *Server) parseToken(text string) (int, bool) {
	if text == "" {
		return 0, true
	}
	var generation, position int
	_, err := fmt.Sscanf(text, "s%d_%d", &generation, &position)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || position <= 0 || generation != s.generation {
		return 0, false
	}
	return min(position, len(s.log)), true
}

// filterFor finds the filter of a request, given by id or inline.
func (s *Server) filterFor(text string) (filter, bool) {
	if strings.HasPrefix(text, "{") {
		f, err := parseFilter([]byte(text))
		return f, err == nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, known := s.filters[text]
	return f, known || text == "" || s.quirks.UnknownFilterIsNone
}
