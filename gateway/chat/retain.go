package chat

import (
	"context"
	"time"
)

const (
	// logAge is how long a client may be away and still ask what it missed;
	// after that it reads the history.
	logAge = 7 * 24 * time.Hour

	retainFirst = time.Minute // not while everything starts
	retainEvery = time.Hour
	retainBatch = 500
	// retainRest lets writers of the same space, and on SQLite of all, in
	// between two batches.
	retainRest = 20 * time.Millisecond
)

// retain removes what is too old. Every gateway does it; a batch is one
// transaction, so that two of them share the work.
func (s *Service) retain(ctx context.Context) {
	pause := retainFirst
	every(ctx, func() time.Duration { return pause }, func(ctx context.Context) {
		pause = retainEvery
		if err := s.Trim(ctx, time.Now()); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "old chat lines were not removed", "error", err)
		}
	})
}

// Trim removes, in small batches, the lines that are too old at now, and the
// log that reaches further back than anybody is told what they missed.
func (s *Service) Trim(ctx context.Context, now time.Time) error {
	for {
		n, err := s.store.TrimChat(ctx, now.Add(-s.retention), now.Add(-min(logAge, s.retention)), retainBatch)
		s.metrics.trimmed.Add(float64(n))
		if err != nil || n == 0 {
			return err
		}
		select {
		case <-time.After(retainRest):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
