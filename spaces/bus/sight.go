package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	openTimeout = 5 * time.Second
	minPause    = 50 * time.Millisecond
	maxPause    = 2 * time.Second
	// healthy is how long a feed must last before a break counts as the first
	// one again; shorter ones would hide a consumer that is rebuilt in a loop.
	healthy = 5 * time.Second
)

// sight follows one feed after another, so that a watch heals by itself, and
// knows whether its picture can be trusted. It belongs to the goroutine of the
// watch.
type sight struct {
	bus  *Bus
	what string                // for the log
	lost func(since time.Time) // tells the watcher that it is blind

	blind    bool      // lost was called and see was not since
	broken   time.Time // when the trouble began; zero when there is none
	failures int       // breaks in a row
}

// keep calls follow, which reads one feed until it breaks, again and again
// until ctx ends. The context of follow ends with the connection.
func (s *sight) keep(ctx context.Context, follow func(context.Context) error) {
	for ctx.Err() == nil {
		opened := time.Now()
		err := s.whileUp(ctx, follow)
		if ctx.Err() == nil {
			s.bus.metrics.rebuilds.Inc()
			s.bus.log.DebugContext(ctx, "a feed broke", "of", s.what, "err", err)
			s.recover(ctx, err, time.Since(opened))
		}
	}
}

func (s *sight) whileUp(ctx context.Context, follow func(context.Context) error) error {
	ctx, stop := s.bus.reading.whileUp(ctx)
	defer stop()
	return follow(ctx)
}

// opened bounds the opening of a feed and says why it failed.
func opened[F any](ctx context.Context, open func(context.Context) (F, error)) (F, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	f, err := open(ctx)
	if err != nil && ctx.Err() != nil {
		return f, fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return f, err
}

// see ends a trouble: the picture is renewed.
func (s *sight) see() { s.blind, s.broken = false, time.Time{} }

// recover decides what a break means and waits before the next attempt. A new
// term or round is no failure: the stream is simply read again.
func (s *sight) recover(ctx context.Context, err error, lasted time.Duration) {
	if errors.Is(err, errTerm) || errors.Is(err, errRound) {
		return
	}
	if lasted > healthy {
		s.failures = 0
	}
	s.failed(err)
	s.pause(ctx)
}

// failed notes a break. The watcher goes blind when the server is out of reach,
// or when opening a new feed at once did not help either.
func (s *sight) failed(err error) {
	s.failures++
	first, silent := s.broken.IsZero(), errors.Is(err, jetstream.ErrNoHeartbeat)
	if first {
		s.broken = time.Now()
	}
	if first && silent {
		s.broken = s.broken.Add(-2 * idleBeat) // it takes two missing ones to notice
	}
	if !first || silent || errors.Is(err, errDisconnected) {
		s.goBlind()
	}
}

func (s *sight) goBlind() {
	if s.blind {
		return
	}
	s.blind = true
	if s.broken.IsZero() {
		s.broken = time.Now()
	}
	s.lost(s.broken)
}

// pause waits before the next attempt: not at all after a first break, then
// twice as long each time, and while the connection is lost until it is back.
func (s *sight) pause(ctx context.Context) {
	for {
		lost, changed := s.bus.reading.state()
		if lost.IsZero() {
			break
		}
		s.goBlind() // the feed may have broken before the connection did
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
	if s.failures > 1 {
		pause(ctx, min(maxPause, minPause<<min(s.failures-2, 10)))
	}
}
