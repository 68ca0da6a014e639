package synthetic

import (
	"net/http"
	"time"
)

// Fault is what happens to one request instead of, or on top of, the usual.
// The zero Fault does nothing.
type Fault struct {
	// Status, when not zero, is answered with Body and the headers in place of
	// the work.
	Status int
	Body   string
	Header map[string]string
	// Lost does the work and then cuts the connection, so that the answer is
	// lost but not what the server remembers of having sent it.
	Lost bool
	// Repeat answers a /sync with the answer that led to its since token, so
	// that everything in it is told twice.
	Repeat bool
	// SameToken answers a /sync with its own since token as next_batch
	// (matrix-org/synapse#5503).
	SameToken bool
	// Padding adds that many bytes of fields nobody asked for to a /sync.
	Padding int
	// Delay waits before anything else; Late, between the work and its answer,
	// which is old news by then.
	Delay, Late time.Duration
}

// RateLimited is a 429 as servers before specification 1.10 send it, and with
// the header too when header is set.
func RateLimited(wait time.Duration, header bool) Fault {
	f := Fault{Status: http.StatusTooManyRequests, Body: matrixError("M_LIMIT_EXCEEDED", "Too Many Requests", map[string]any{"retry_after_ms": wait.Milliseconds()})}
	if header {
		f.Header = map[string]string{"Retry-After": seconds(wait)}
	}
	return f
}

// HTML is a reverse proxy's answer in place of the homeserver's.
func HTML(status int) Fault {
	return Fault{Status: status, Header: map[string]string{"Content-Type": "text/html"}, Body: "<html><body><h1>Bad Gateway</h1></body></html>"}
}

// Refuse is an error with a Matrix code.
func Refuse(status int, code string) Fault {
	return Fault{Status: status, Body: matrixError(code, "refused by the test", nil)}
}

// Fail makes the next requests to an endpoint fail, one fault each: "sync",
// "login", "refresh", "whoami", "filter", "join", "joined_members",
// "joined_rooms", "directory" or "presence".
func (s *Server) Fail(endpoint string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[endpoint] = append(s.faults[endpoint], faults...)
}

// ClearFaults takes back what [Server.Fail] announced.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.faults)
}

// takeFault is the fault of the request at hand, and counts the request.
func (s *Server) takeFault(endpoint string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests[endpoint]++
	queue := s.faults[endpoint]
	if len(queue) == 0 {
		return Fault{}
	}
	s.faults[endpoint] = queue[1:]
	return queue[0]
}

// SetDown makes the server unreachable: running requests are cut, new ones
// refused.
func (s *Server) SetDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
	if down {
		s.cutAll()
	}
}

// Cut breaks every running request, as a proxy that restarts does.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cutAll()
}

func (s *Server) cutAll() {
	close(s.cut)
	s.cut = make(chan struct{})
}

// Restart forgets what a homeserver forgets when it restarts: typing, without
// telling anybody (element-hq/synapse#1422). Running requests are cut.
func (s *Server) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rooms {
		for userID, t := range r.typing {
			t.timer.Stop()
			delete(r.typing, userID)
		}
		r.repeat = false
	}
	s.cutAll()
}

// ForgetTokens makes every since token given out so far unknown.
func (s *Server) ForgetTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
}

// ForgetFilters makes every filter id unknown.
func (s *Server) ForgetFilters() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.filters)
	clear(s.filterOf)
}
