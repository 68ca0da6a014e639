package conn

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"presence/gateway/wire"
)

// Config is what a [Keeper] needs to know. Zero durations and numbers mean the
// defaults said here.
type Config struct {
	// Name tells one keeper's metrics from another's, for example "city".
	Name string
	// Formats is the closed set of values of the metric label "format".
	Formats []string
	// Origins are the web origins that may open sockets besides the host they
	// connect to: "https://app.example.org", or "app.example.org" for any
	// scheme; * stands for anything but a slash.
	Origins Origins

	WriteWait         time.Duration // a client that does not take one batch in this time is too slow; 10 s
	PingEvery         time.Duration // silence after which a ping is sent; 25 s, under the 30 s of most proxies
	PongWait          time.Duration // silence after the ping that ends the socket; 10 s
	Binary            bool          // binary messages are understood, too; the handler must not wait with one
	MaxMessage        int           // the longest message a client may send, in bytes; 4 KB
	MessagesPerSecond uint32        // messages and pings a client may send; 20
	BytesPerSecond    uint32        // bytes a client may send; 32 KB
	MaxSockets        int           // more are refused; 100,000, some 2 GB of process and kernel memory

	Log      *slog.Logger
	Registry prometheus.Registerer
}

// sweepEvery is the grain of pings, expiry and revocation, and the window of
// the limits on what a client sends.
const sweepEvery = time.Second

// Keeper owns WebSockets from the moment of their upgrade to their end: their
// goroutines, limits, pings and closing. What they say is a [Handler]'s.
//
// The table of sockets is guarded by mu; everything else is fixed by New.
type Keeper struct {
	cfg      Config
	handler  Handler
	feed     Feed // the handler, if it is one; nil: sockets are only written to
	log      *slog.Logger
	metrics  *metrics
	messages sync.Pool // *[]byte for one incoming message each, so that an idle socket holds none

	arrivals chan *Socket  // upgraded, not yet taken over by Run
	stopped  chan struct{} // closed when Run takes no more
	running  sync.WaitGroup
	poller   poller // Run's own; its goroutine ends after all others

	mu      sync.Mutex
	sockets []*Socket

	// Run's own.
	looked   []*Socket // scratch of the sweep
	admitted int       // sockets since memory was last trimmed
	before   int       // admitted at the last sweep
}

// New checks the settings. Nothing is started. The sockets of a handler that
// is a [Feed] pull from it; all others are written to ([Socket.Write]).
func New(cfg Config, handler Handler) (*Keeper, error) {
	if err := cfg.Origins.Check(); err != nil {
		return nil, err
	}
	defaultTo(&cfg.WriteWait, 10*time.Second)
	defaultTo(&cfg.PingEvery, 25*time.Second)
	defaultTo(&cfg.PongWait, 10*time.Second)
	defaultTo(&cfg.MaxMessage, wire.MaxIncoming)
	defaultTo(&cfg.MessagesPerSecond, 20)
	defaultTo(&cfg.BytesPerSecond, 32<<10)
	defaultTo(&cfg.MaxSockets, 100_000)
	feed, _ := handler.(Feed)
	return &Keeper{
		cfg: cfg, handler: handler, feed: feed, log: cfg.Log,
		metrics:  newMetrics(cfg.Registry, cfg.Name, cfg.Formats),
		messages: sync.Pool{New: func() any { b := make([]byte, cfg.MaxMessage+1); return &b }},
		arrivals: make(chan *Socket), stopped: make(chan struct{}),
	}, nil
}

func defaultTo[T comparable](v *T, fallback T) {
	var zero T
	if *v == zero {
		*v = fallback
	}
}

// Run keeps the sockets until ctx ends, then tells every client "going away"
// and waits for the last goroutine.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case s := <-k.arrivals:
			k.admit(ctx, s)
		case now := <-tick.C:
			k.sweep(now)
		case <-ctx.Done():
			k.stop()
			return nil
		}
	}
}

// Sockets is how many are open now.
func (k *Keeper) Sockets() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.sockets)
}

func (k *Keeper) admit(ctx context.Context, s *Socket) {
	k.mu.Lock()
	s.index = len(k.sockets)
	k.sockets = append(k.sockets, s)
	k.mu.Unlock()
	k.admitted++
	if k.cfg.Binary {
		s.quick = func(b []byte) []byte { return s.takeBinary(ctx, b) }
	}
	if err := k.poller.add(s.tcp); err != nil {
		k.log.ErrorContext(ctx, "a socket cannot be polled", "err", err)
		s.Close(wire.CloseInternal)
	}
	s.count.sockets.Inc()
	k.guarded(s, k.handler.Join)
	s.CatchUp()
	k.goroutine(func() { s.read(ctx) })
}

// remove is the last thing a reader does.
func (k *Keeper) remove(s *Socket) {
	k.mu.Lock()
	last := len(k.sockets) - 1
	k.sockets[s.index] = k.sockets[last]
	k.sockets[s.index].index = s.index
	k.sockets[last] = nil
	k.sockets = k.sockets[:last]
	k.mu.Unlock()

	_ = s.ws.CloseNow() // fails only when the library has closed it already
	s.leave()
	k.guarded(s, k.handler.Leave)
	s.count.sockets.Dec()
	k.metrics.ended(s.cause())
}

// cause is why we ended the socket; nil when the client or the network did.
func (s *Socket) cause() *wire.Close {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// goroutine starts one that Run waits for. Called by Run, or on behalf of a
// socket whose reader still runs.
func (k *Keeper) goroutine(f func()) { k.running.Go(f) }

// guarded asks the handler about one socket: a panic there is that socket's end
// and nobody else's.
func (k *Keeper) guarded(s *Socket, ask func(*Socket)) {
	defer func() {
		if p := recover(); p != nil {
			k.panicked(s, p)
		}
	}()
	ask(s)
}

func (k *Keeper) panicked(s *Socket, p any) {
	k.metrics.panics.Inc()
	k.log.Error("a socket panicked; it is closed, the others go on", "panic", p, "stack", stack())
	s.Close(wire.CloseInternal)
}

// stop refuses new sockets and ends all there are.
func (k *Keeper) stop() {
	close(k.stopped)
	for _, s := range k.all() {
		s.Close(wire.CloseGoingAway)
	}
	k.running.Wait()
	k.poller.end()
}

// all returns the sockets of this moment, in scratch that the next call reuses.
func (k *Keeper) all() []*Socket {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.looked)
	k.looked = append(k.looked[:0], k.sockets...)
	return k.looked
}
