package aggregator

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"presence/aggregator/matrix"
	"presence/spaces"
)

// Aggregator is the daemon. Make one with [New] and run it once.
type Aggregator struct {
	cfg     Config
	store   Store
	bus     Bus
	client  *matrix.Client
	log     *slog.Logger
	metrics *metrics

	mu     sync.Mutex // guards health
	health Health
}

// New checks the configuration and builds the daemon. It starts nothing and
// asks nobody.
func New(cfg Config, store Store, bus Bus, log *slog.Logger, reg prometheus.Registerer) (*Aggregator, error) {
	cfg = cfg.withDefaults()
	client, err := NewClient(cfg.Matrix, store)
	if err != nil {
		return nil, fmt.Errorf("aggregator: %w", err)
	}
	return &Aggregator{
		cfg: cfg, store: store, bus: bus, client: client,
		log: log.With("part", "aggregator"), metrics: newMetrics(reg),
		health: Health{Status: spaces.Status{Sync: spaces.SyncStarting}},
	}, nil
}

// Run campaigns for the lease and follows the homeserver while it holds it,
// until ctx ends.
func (a *Aggregator) Run(ctx context.Context) error {
	defer a.client.Close()
	for ctx.Err() == nil {
		leaving := func() bool { return ctx.Err() != nil }
		err := a.bus.Lead(ctx, func(ctx context.Context, epoch uint64) error {
			defer a.setHealth(Health{Status: spaces.Status{Sync: spaces.SyncStarting}})
			return newTerm(a, epoch, leaving).run(ctx)
		})
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("aggregator: %w", err)
		}
		// A term that ended by itself has found its rows overtaken by another
		// leader's. Whoever that was needs the lease now.
		matrix.Pause(ctx, time.Second)
	}
	return nil
}

// Health is what readiness shows about the daemon.
type Health struct {
	Leading bool          // holds the lease; a standby is healthy too
	Stopped bool          // gave up: only an operator helps, Status.Message says how
	Status  spaces.Status // as last published
}

// Err is nil while the daemon does its work or stands by, and otherwise says
// what an operator should do.
func (h Health) Err() error {
	switch {
	case !h.Leading:
		return nil
	case h.Stopped:
		return &spaces.Error{Code: spaces.CodeUnauthenticated, Message: h.Status.Message}
	case h.Status.Sync == spaces.SyncStarting && h.Status.Message != "":
		return &spaces.Error{Code: spaces.CodeUnavailable, Message: "not following the homeserver yet: " + h.Status.Message}
	case h.Status.Sync == spaces.SyncLost:
		return &spaces.Error{Code: spaces.CodeUnavailable, Message: "the homeserver has not been heard for 90 s: " + h.Status.Message}
	}
	return nil
}

// Health reports how the daemon is. It never waits.
func (a *Aggregator) Health() Health {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.health
}

func (a *Aggregator) setHealth(h Health) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.health = h
}
