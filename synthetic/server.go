package synthetic

import (
	"net/http"
	"sync"
	"time"
)

// Server is the homeserver. Make one with [New].
type Server struct {
	name string
	mux  *http.ServeMux

	mu         sync.Mutex // guards everything below
	quirks     Quirks
	users      map[string]*user
	rooms      map[string]*room
	aliases    map[string]string // alias to room id
	sessions   map[string]*session
	filters    map[string]filter
	filterOf   map[string]string // filter text to its id
	faults     map[string][]Fault
	down       bool
	log        []entry
	generation int           // of since tokens; older ones are unknown
	changed    chan struct{} // closed, and made anew, whenever the log grows
	cut        chan struct{} // closed, and made anew, when running requests are to be cut
	serial     int           // names devices, tokens, events and rooms
	requests   map[string]int
	closed     bool
}

// New makes an empty server with the given name and habits.
func New(name string, quirks Quirks) *Server {
	s := &Server{
		name: name, quirks: quirks,
		users: map[string]*user{}, rooms: map[string]*room{}, aliases: map[string]string{},
		sessions: map[string]*session{}, filters: map[string]filter{}, filterOf: map[string]string{},
		faults: map[string][]Fault{}, requests: map[string]int{},
		changed: make(chan struct{}), cut: make(chan struct{}),
		log: make([]entry, 1), // position 0 is before everything
	}
	s.mux = s.routes()
	return s
}

// Close stops the timers that end typing. Requests end with their contexts.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, r := range s.rooms {
		for _, t := range r.typing {
			t.timer.Stop()
		}
	}
}

// SetQuirks changes the server's habits from now on.
func (s *Server) SetQuirks(change func(*Quirks)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.quirks)
}

// Requests is how often an endpoint was asked: "sync", "join",
// "joined_members" and so on, as in [Fault].
func (s *Server) Requests(endpoint string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[endpoint]
}

// entry is one position of the stream: something /sync has to tell.
type entry struct {
	kind entryKind
	at   time.Time
	room *room      // all but presence
	ev   *roomEvent // entryEvent
	user *user      // entryPresence and entryReceipt
	// quiet entries are told with the next response but wake no poll.
	quiet bool
}

type entryKind uint8

const (
	entryEvent entryKind = iota
	entryTyping
	entryReceipt
	entryPresence
)

// append adds to the stream and, unless the entry is quiet, wakes every poll. s.mu is held.
func (s *Server) append(e entry) {
	e.at = time.Now()
	s.log = append(s.log, e)
	if e.quiet {
		return
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// next is a new number for a name. s.mu is held.
func (s *Server) next() int {
	s.serial++
	return s.serial
}
