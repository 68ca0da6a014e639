package hub

import (
	"math"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
)

// space is one space on this gateway. Its goroutine (run) owns everything that
// is not marked otherwise; all others talk to it by post and stir.
type space struct {
	hub   *Hub
	key   spaces.Key
	stays int // members and people in line, and those entering; guarded by hub.mu

	ended  chan struct{} // closed when run has returned
	wake   chan struct{} // there is something to do; never more than one
	asleep atomic.Bool   // run waits for wake alone
	stirs  atomic.Bool   // somebody has moved since the last tick

	inboxMu sync.Mutex
	inbox   []func()
	closing bool // nobody is left; guarded by inboxMu

	relayMu sync.Mutex
	relayed bucket // guarded by relayMu

	chat chatLink

	now     time.Time // of what is being done
	tick    uint32    // the number of the last tick; the first is 1
	ticked  time.Time // when the last tick was
	people  []*person // everybody inside, of all gateways, in the order of arrival
	byID    map[string]*person
	byName  map[uint64]*person // those of other gateways, by nameOf
	refs    refs
	viewers []*viewer // this gateway's clients: inside, in line, and those who leave
	formats []*format
	news    []wire.SpaceEvent // who came and went since it was last told
	typing  typing
	roster  bool      // somebody came, left or changed since the last tick
	chatSeq int64     // of the last event everybody was told
	moving  time.Time // when somebody last moved
	behind  int       // clients who could not take all of the last tick

	crowd   bool // far people are told seldom
	index   index
	indexed time.Time
	bands   [2]band
	peers   peers

	counted counted
	arena   []byte       // where this tick's chunks are put
	frames  [][]byte     // scratch of deliver
	movers  []wire.Mover // scratch of encode
	alone   [1]*person   // scratch of single
}

// person is somebody inside, of this gateway or another.
type person struct {
	session spaces.Session
	ref     uint16
	member  *Member // nil: of another gateway
	gone    bool    // has left; still in the index until it is made anew

	placed  bool
	place   place
	changed uint32    // the tick that told the newest place; 0: not placed
	told    [2]uint32 // the last tick that put it into a far chunk, by band
}

// viewer is a client of this gateway.
type viewer struct {
	member *Member
	person *person // nil: in line, or leaving
	format *format

	queue  [][]byte  // told, but not yet taken; shared bytes
	queued int       // bytes of queue
	busy   time.Time // since when its socket takes nothing; zero: it does
	coming bool      // joined is to be told, by tellNews
	first  int       // where in queue joined is to be
	enters bool      // joined is in queue
	leaves []int32   // of the index that are near, in shared formats
	reach  float64   // how far they were, squared
	close  []*person // who is near, the nearest first, in all others
	room   int       // bytes of places it is given at once, in these

	progress

	leaving time.Time     // since when; zero: it stays
	done    chan struct{} // closed when everything is said to one who leaves
}

// progress is how much of what moves a client knows.
type progress struct {
	whole bool   // is to be told everybody's place
	near  uint32 // the tick up to which it knows its near people: everybody, without a crowd
	far   uint32 // the tick up to which it has had far chunks
	round round
}

// spaceOf returns the space with one more stay. Called with h.mu held.
func (h *Hub) spaceOf(key spaces.Key) *space {
	s := h.open[key]
	if s == nil {
		s = &space{
			hub: h, key: key, ended: make(chan struct{}), wake: make(chan struct{}, 1),
			byID: map[string]*person{}, byName: map[uint64]*person{}, typing: typing{until: map[*person]time.Time{}}, refs: newRefs(),
			relayed: bucket{math.Inf(1), time.Now()},
		}
		s.chat.space, s.peers.space = s, s
		for _, session := range h.others.in[key] {
			s.inbox = append(s.inbox, func() { s.otherEntered(session) })
		}
		h.open[key] = s
		h.metrics.spaces.Inc()
		h.running.Go(s.run)
	}
	s.stays++
	return s
}

// release ends a stay; the last one ends the space.
func (s *space) release() {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.stays--; s.stays > 0 {
		return
	}
	if h.open[s.key] == s {
		delete(h.open, s.key)
	}
	s.close()
}

// close ends run once it has done what was posted.
func (s *space) close() {
	s.inboxMu.Lock()
	s.closing = true
	s.inboxMu.Unlock()
	s.nudge()
}

// post has do done by the space's goroutine, in order. It never waits.
func (s *space) post(do func()) {
	s.inboxMu.Lock()
	s.inbox = append(s.inbox, do)
	s.inboxMu.Unlock()
	s.nudge()
}

func (s *space) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// stir says that a member has moved. The next tick looks at everybody.
func (s *space) stir(m *Member) {
	if !m.moved.Load() {
		m.moved.Store(true)
	}
	if !s.stirs.Load() {
		s.stirs.Store(true)
	}
	if s.asleep.Load() {
		s.nudge()
	}
}

// run is the space's goroutine: born with the first stay, it ends with the
// last. While nothing happens it sleeps.
func (s *space) run() {
	defer s.finish()
	defer s.rescue()
	s.peers.follow()
	timer := time.NewTimer(0)
	defer timer.Stop()
	due := time.Now()
	for {
		select {
		case <-s.wake:
		case <-timer.C:
		}
		s.asleep.Store(false)
		s.now = time.Now()
		if over := s.drain(); over {
			return
		}
		if s.now.Before(due) {
			timer.Reset(due.Sub(s.now))
			continue
		}
		next := s.doTick()
		due = s.due(due, next)
		timer.Reset(s.rest(due))
	}
}

// due is when the next tick may be. One that came late does not move those
// after it, unless ticks take nearly all the time. What they take is not all
// work: in a vast crowd those who read are given turns meanwhile.
func (s *space) due(last time.Time, took time.Duration) time.Time {
	every := max(s.interval(), took+took/8)
	if due := last.Add(every); due.After(s.now.Add(every / 4)) {
		return due
	}
	return s.now.Add(every)
}

// interval between two ticks. A write costs the kernel the same whatever it
// carries, so a crowd is told less often: somebody who says ten times a second
// where they are is still seen no later than after 200 ms.
func (s *space) interval() time.Duration {
	if len(s.people) > crowdSize {
		return s.hub.cfg.CrowdTick
	}
	return s.hub.cfg.Tick
}

const crowdSize = 250

// never is as long as a timer waits when only a wake counts.
const never = 24 * time.Hour

// rest is how long run may sleep before it looks again.
func (s *space) rest(due time.Time) time.Duration {
	if s.pending() {
		return time.Until(due) // now: the tick has taken a while
	}
	s.asleep.Store(true)
	if s.stirs.Load() { // between the tick and the line above; its nudge may have been lost
		s.asleep.Store(false)
		return time.Until(due)
	}
	return s.idle()
}

// drain does what was posted, and reports true when the last stay is over.
func (s *space) drain() (over bool) {
	s.inboxMu.Lock()
	work := s.inbox
	s.inbox = nil
	over = s.closing
	s.inboxMu.Unlock()
	for _, do := range work {
		do()
	}
	return over
}

// rescue ends the clients of a space that has a fault, and nobody else's. Their
// doors end the stays.
func (s *space) rescue() {
	p := recover()
	if p == nil {
		return
	}
	h := s.hub
	h.metrics.panics.Inc()
	h.log.Error("a space panicked; its clients are closed, the others go on", "space", s.key.String(), "panic", p, "stack", string(debug.Stack()))
	for _, v := range s.viewers {
		v.member.conn.Close(wire.CloseInternal)
	}
}

// finish is the end of the space, whatever the reason.
func (s *space) finish() {
	h := s.hub
	h.mu.Lock()
	if h.open[s.key] == s { // after a panic, or at the end of Run
		delete(h.open, s.key)
	}
	h.mu.Unlock()
	s.chat.end()
	s.peers.end()
	for _, v := range s.viewers {
		if v.leaving.IsZero() {
			close(v.member.gone)
		}
		if v.person != nil {
			h.metrics.door(v.person.session.Door).Dec()
		}
	}
	h.metrics.spaces.Dec()
	close(s.ended)
}
