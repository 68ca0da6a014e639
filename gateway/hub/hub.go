package hub

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"presence/spaces"
)

// Config is what a [Hub] needs to know. Zero durations and numbers mean the
// defaults said here.
type Config struct {
	Access Access // who may enter
	Seats  Seats  // nil: no space is ever full
	Bus    Bus    // nil: this is the only gateway
	Chat   Chat   // nil: spaces without chat
	// Current returns the viewer with the rights they have now, and false once
	// their login is revoked. It is asked about every member every second.
	// Nil: rights never change.
	Current func(spaces.Viewer) (spaces.Viewer, bool)

	// Gateway is the name of this run among the gateways ([spaces.Session]).
	Gateway string

	Tick      time.Duration // between two looks at everybody's place; 50 ms
	CrowdTick time.Duration // the same above 250 members: a write costs the same whatever it carries; 75 ms
	Crowd     int           // members from which on far people are told seldom; 100
	Review    time.Duration // between two questions whether a member may still be inside; 5 s

	Log      *slog.Logger
	Registry prometheus.Registerer
}

// Access answers who may enter a space.
type Access interface {
	// Check returns what is known about the viewer in the space, whose key is
	// the canonical one, or a [spaces.Error] that says why not. It is asked
	// about every member every few seconds.
	Check(ctx context.Context, v spaces.Viewer, k spaces.Key, a spaces.Action, nsfw bool) (spaces.Standing, error)
}

// Chat tells what is said in a space.
type Chat interface {
	// Follow gives deliver the events of the space after seq, in order and
	// without gaps, until stop is called; deliver may still be running then.
	Follow(key spaces.Key, deliver func([]spaces.ChatEvent)) (seq int64, stop func(), err error)
}

// Hub is the spaces of this gateway. The tables of spaces and members are
// guarded by mu; a space's own matters belong to its goroutine.
type Hub struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics
	running sync.WaitGroup // every goroutine but Run's own
	started chan struct{}  // closed when people can enter
	poked   chan struct{}  // a line may have moved
	meters  *meters

	mu      sync.Mutex
	ctx     context.Context                   // of Run; nil: nobody can enter
	over    bool                              // Run has ended
	early   []func(context.Context)           // what is to be done once Run begins
	open    map[spaces.Key]*space             // those with a member or somebody in line
	members map[string]*Member                // of this gateway, by session id
	others  others                            // members of other gateways
	lines   map[spaces.Key]map[string]*Member // who waits on this gateway
}

// New checks the settings. Nothing is started.
func New(cfg Config) (*Hub, error) {
	if cfg.Access == nil {
		return nil, errors.New("hub: an Access is needed")
	}
	defaultTo(&cfg.Tick, 50*time.Millisecond)
	defaultTo(&cfg.CrowdTick, 75*time.Millisecond)
	defaultTo(&cfg.Crowd, 100)
	defaultTo(&cfg.Review, 5*time.Second)
	return &Hub{
		cfg: cfg, log: cfg.Log, metrics: newMetrics(cfg.Registry), meters: newMeters(),
		open: map[spaces.Key]*space{}, members: map[string]*Member{},
		others: newOthers(), lines: map[spaces.Key]map[string]*Member{}, started: make(chan struct{}), poked: make(chan struct{}, 1),
	}, nil
}

func defaultTo[T comparable](v *T, fallback T) {
	var zero T
	if *v == zero {
		*v = fallback
	}
}

// Run lets people enter until ctx ends, then ends every stay and waits for the
// last goroutine.
func (h *Hub) Run(ctx context.Context) error {
	inside, end := context.WithCancel(context.WithoutCancel(ctx))
	h.start(inside)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { h.reviewLogins(ctx); return nil })
	group.Go(func() error { h.reviewAccess(ctx); return nil })
	if h.cfg.Seats != nil {
		group.Go(func() error { h.keepSeats(ctx); return nil })
		group.Go(func() error { h.moveLines(ctx); return nil })
	}
	err := group.Wait()
	h.stop(inside)
	end()
	h.running.Wait()
	return err
}

func (h *Hub) start(ctx context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ctx = ctx
	close(h.started)
	for _, do := range h.early {
		h.running.Go(func() { do(ctx) })
	}
	h.early = nil
}

// farewell is how long giving all seats back may take at the end.
const farewell = 3 * time.Second

// stop lets nobody in any more, and ends every stay. The doors close the
// clients.
func (h *Hub) stop(ctx context.Context) {
	h.mu.Lock()
	h.ctx, h.over = nil, true
	for _, s := range h.open {
		s.close()
	}
	h.mu.Unlock()
	if h.cfg.Seats == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	if err := h.cfg.Seats.DropGateway(ctx, h.cfg.Gateway, time.Now()); err != nil {
		h.log.Error("the seats of this gateway are not given back; they run out by themselves", "err", err)
	}
}

// background starts a goroutine that Run waits for, with a context that ends
// when Run does. Before Run it waits for Run; after it, nothing is done.
func (h *Hub) background(do func(ctx context.Context)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch ctx := h.ctx; {
	case h.over:
	case ctx == nil:
		h.early = append(h.early, do)
	default:
		h.running.Go(func() { do(ctx) })
	}
}

// matching returns the members of this gateway that match accepts.
func (h *Hub) matching(match func(*Member) bool) []*Member {
	h.mu.Lock()
	all := make([]*Member, 0, len(h.members))
	for _, m := range h.members {
		all = append(all, m)
	}
	h.mu.Unlock()
	kept := all[:0]
	for _, m := range all {
		if match(m) {
			kept = append(kept, m)
		}
	}
	return kept
}

// Kick ends the stay of every member of this gateway that match accepts, in the
// space and all its subspaces: [wire.Left] with the reason comes through their
// Conns, which stay open.
func (h *Hub) Kick(ctx context.Context, key spaces.Key, match func(spaces.Session) bool, reason string) {
	here := func(m *Member) bool { return m.session.Key.Parent() == key.Parent() && match(m.Session()) }
	for _, m := range h.matching(here) {
		_ = m.end(ctx, reason, false) // what failed is logged; the seat runs out by itself
	}
}
