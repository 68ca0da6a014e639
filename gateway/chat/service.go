package chat

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"presence/spaces"
	"presence/spaces/bus"
	"presence/spaces/store"
)

// Access answers who may do what; gateway/access has it.
type Access interface {
	Check(ctx context.Context, v spaces.Viewer, key spaces.Key, a spaces.Action, nsfw bool) (spaces.Standing, error)
}

// Config is what a [Service] is built from.
type Config struct {
	Store     *store.Store
	Bus       *bus.Bus
	Access    Access
	Retention time.Duration         // how long lines are kept; 90 days when zero
	Log       *slog.Logger          // nil discards
	Registry  prometheus.Registerer // nil keeps the metrics to ourselves
}

// DefaultRetention is how long lines are kept when the operator says nothing.
const DefaultRetention = 90 * 24 * time.Hour

// Service is the chat of every space. Its methods may be called from any
// goroutine. Errors that a person can do something about are *spaces.Error.
//
// Every method asks whether the viewer may do it. The gate before content that
// is not safe for work stands at the entrance and is not asked again: whoever
// comes here from outside (REST) asks [Service.Allowed] first.
type Service struct {
	store     *store.Store
	bus       *bus.Bus
	access    Access
	retention time.Duration
	log       *slog.Logger
	metrics   *metrics
	limits    *limits

	committers committers
	outgoing   chan bus.HistoryEvent // to the publisher; what does not fit is swept from the outbox

	mu        sync.Mutex // guards what follows
	followers map[spaces.Key][]*follower
	closed    bool
	running   sync.WaitGroup // the followers' goroutines
}

// waitingToPublish is a few seconds of a busy chat.
const waitingToPublish = 2048

// New builds the service; [Service.Run] makes events travel.
func New(cfg Config) (*Service, error) {
	if cfg.Store == nil || cfg.Bus == nil || cfg.Access == nil {
		return nil, errors.New("the chat needs a store, a bus and access")
	}
	if cfg.Retention < 0 {
		return nil, spaces.Invalid("CHAT_RETENTION_DAYS", "must not be negative")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		store: cfg.Store, bus: cfg.Bus, access: cfg.Access, retention: cmp.Or(cfg.Retention, DefaultRetention),
		log: cfg.Log.With("part", "chat"), metrics: newMetrics(cfg.Registry), limits: newLimits(),
		outgoing: make(chan bus.HistoryEvent, waitingToPublish), followers: map[spaces.Key][]*follower{},
	}
	s.committers.commit = s.commit
	return s, nil
}

// Run publishes what is written, looks for what was missed and forgets what is
// too old, until ctx ends. Afterwards no follower is called any more.
func (s *Service) Run(ctx context.Context) error {
	var group sync.WaitGroup
	for _, work := range []func(context.Context){s.publish, s.sweep, s.poll, s.retain} {
		group.Go(func() { work(ctx) })
	}
	group.Wait()
	s.close()
	return nil
}

// Allowed returns nil when the viewer may do this in the space; nsfw says that
// they asked for such content.
func (s *Service) Allowed(ctx context.Context, v spaces.Viewer, key spaces.Key, a spaces.Action, nsfw bool) error {
	_, err := s.access.Check(ctx, v, key, a, nsfw)
	return err
}

// may returns the canonical key of a space in which the viewer may do this.
func (s *Service) may(ctx context.Context, v spaces.Viewer, key spaces.Key, a spaces.Action) (spaces.Key, error) {
	standing, err := s.access.Check(ctx, v, key, a, true)
	if err != nil {
		return spaces.Key{}, err
	}
	return standing.Space.Key, nil
}

// every calls do now and then until ctx ends.
func every(ctx context.Context, pause func() time.Duration, do func(context.Context)) {
	for {
		timer := time.NewTimer(pause())
		select {
		case <-timer.C:
			do(ctx)
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

func always(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

// unavailable is what a writer or reader is told when the database fails: the
// cause is for the log.
func unavailable(err error) error {
	if err == nil || spaces.ErrorCode(err) != spaces.CodeInternal {
		return err
	}
	return &spaces.Error{Code: spaces.CodeUnavailable, Message: "the chat cannot be reached for now", Fix: "Try again; a line that was sent twice is written once", Err: err}
}
