package hub

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

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
	// without gaps, until stop is called.
	Follow(key spaces.Key, deliver func([]spaces.ChatEvent)) (seq int64, stop func(), err error)
}

// Hub is the spaces of this gateway. The tables of spaces and members are
// guarded by mu; a space's own matters belong to its goroutine.
type Hub struct {
	cfg Config
	log *slog.Logger

	mu sync.Mutex
}

// New checks the settings. Nothing is started, and nobody can enter before Run.
func New(cfg Config) (*Hub, error) {
	if cfg.Access == nil {
		return nil, errors.New("hub: an Access is needed")
	}
	return &Hub{cfg: cfg, log: cfg.Log}, nil
}

// Run lets people enter until ctx ends, then ends every space and waits for
// the last goroutine.
func (h *Hub) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Enter lets a client into a space or gives it a place in line; [wire.Joined],
// or [wire.Waiting] and later Joined, come through its Conn. A session that is
// inside somewhere already leaves that first. The error is a [spaces.Error].
func (h *Hub) Enter(ctx context.Context, a Arrival) (*Member, error) {
	return nil, errors.ErrUnsupported
}

// Kick ends the stay of every member of this gateway that match accepts, in the
// space and all its subspaces: [wire.Left] with the reason comes through their
// Conns, which stay open.
func (h *Hub) Kick(ctx context.Context, key spaces.Key, match func(spaces.Session) bool, reason string) {
}
