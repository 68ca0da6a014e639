package engineio

import (
	"context"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"presence/gateway/conn"
	"presence/gateway/wire"
)

// Receiver is the application's end of one session. Its methods are called one
// at a time, in the order of what the client sent; while one of them runs, the
// client waits.
type Receiver interface {
	// Receive takes one message, whose bytes it may keep. ctx ends with the
	// session.
	Receive(ctx context.Context, m Message)
	// Closed is called once, last. reason is a word for metrics: ReasonClient,
	// ReasonLost, the label of a [wire.Close], and a few of the protocol's own.
	// ctx does not end with the session or with Run.
	Closed(ctx context.Context, reason string)
}

// Open makes the application's end of a new session. r is the request that
// opened it, without its body; it may be kept. What Open sends arrives after
// the handshake.
type Open func(s *Session, r *http.Request) Receiver

// Server is the http.Handler of one Engine.IO endpoint, at whatever path it is
// mounted.
type Server struct {
	cfg     Config
	open    Open
	metrics *metrics

	ready   chan struct{}   // closed when Run begins
	base    context.Context // of all sessions; set by Run before ready is closed
	running sync.WaitGroup  // one for each session until it is finished, and for what is done on its behalf
	pending atomic.Int64    // sessions that are not established

	mu       sync.Mutex
	sessions map[string]*Session // guarded by mu; ended ones stay for a moment
	stopped  bool                // guarded by mu

	// Run's own.
	looked   []*Session // scratch of look
	lookedAt time.Time
	heldUp   bool
}

// New checks the settings. Nothing is started.
func New(cfg Config, open Open) (*Server, error) {
	if err := cfg.Origins.Check(); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	return &Server{
		cfg: cfg, open: open, metrics: newMetrics(cfg.Registry, cfg.Name),
		ready: make(chan struct{}), sessions: map[string]*Session{},
	}, nil
}

// Run keeps the sessions until ctx ends, then tells every client and waits for
// the last goroutine. Requests that come before Run wait for it. It is called
// once.
func (v *Server) Run(ctx context.Context) error {
	v.base = ctx
	close(v.ready)
	tick := time.NewTicker(v.cfg.grain())
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			v.look(time.Now())
		case <-ctx.Done():
			v.stop()
			return nil
		}
	}
}

// grain is how often Run looks at the sessions: a twentieth of the shortest
// time that is counted, and at least once a second, which costs about 2 ms
// for 10,000 of them.
func (c *Config) grain() time.Duration {
	shortest := min(c.PingInterval, c.PingTimeout)
	if c.ConnectTimeout > 0 {
		shortest = min(shortest, c.ConnectTimeout)
	}
	return min(max(shortest/20, 5*time.Millisecond), time.Second)
}

// look looks at every session. It counts as held up when it comes much too
// late, but not twice running, or an overloaded server would end nobody.
func (v *Server) look(now time.Time) {
	v.heldUp = !v.heldUp && now.Sub(v.lookedAt) > 3*v.cfg.grain()
	v.lookedAt = now
	for _, s := range v.all() {
		if s.look(now, v.heldUp) {
			v.forget(s.id)
		}
	}
}

// stop refuses what is new and ends all there is.
func (v *Server) stop() {
	v.mu.Lock()
	v.stopped = true
	v.mu.Unlock()
	for _, s := range v.all() {
		s.Close(wire.CloseGoingAway)
	}
	v.running.Wait()
}

// admit makes a session for the client of a request, or says why not.
func (v *Server) admit(r *http.Request) (*Session, refusal) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.stopped:
		return nil, goingAway
	case len(v.sessions) >= v.cfg.MaxSessions || v.pending.Load() >= int64(v.cfg.MaxPending):
		v.metrics.refused.Inc()
		return nil, full
	}
	s := newSession(v, r.RemoteAddr, time.Now())
	s.leave = conn.KeepPlace(r.Context())
	v.sessions[s.id] = s
	v.running.Add(1) // given back by Session.finish
	if v.cfg.ConnectTimeout > 0 {
		v.pending.Add(1)
	}
	return s, refusal{}
}

// spawn starts a goroutine that belongs to no session, unless Run is ending.
func (v *Server) spawn(f func()) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.stopped {
		return false
	}
	v.running.Go(f)
	return true
}

func (v *Server) find(sid string) *Session {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.sessions[sid]
}

func (v *Server) forget(sid string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.sessions, sid)
}

// all returns the sessions of this moment, in scratch that the next call
// reuses.
func (v *Server) all() []*Session {
	v.mu.Lock()
	defer v.mu.Unlock()
	clear(v.looked)
	v.looked = v.looked[:0]
	for _, s := range v.sessions {
		v.looked = append(v.looked, s)
	}
	return v.looked
}

func (v *Server) panicked(p any) {
	v.metrics.panics.Inc()
	v.cfg.Log.Error("a session panicked; it is closed, the others go on", "panic", p, "stack", string(debug.Stack()))
}
