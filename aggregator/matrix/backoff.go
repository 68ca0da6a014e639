package matrix

import (
	"context"
	"math/rand/v2"
	"time"
)

// Back-off limits: the first retry comes within a second, later ones at most a
// minute apart.
const (
	firstBackoff = time.Second
	maxBackoff   = time.Minute
)

// Backoff is how long to wait after the nth failure in a row (n from 1): full
// jitter below a doubling bound, so that daemons that lost one server together
// do not come back together. It is never so short as to be a tight loop.
func Backoff(n int) time.Duration {
	bound := maxBackoff
	if n < 7 {
		bound = min(firstBackoff<<max(n-1, 0), maxBackoff)
	}
	return max(time.Duration(rand.Int64N(int64(bound))), firstBackoff/4) //nolint:gosec // spreading load, not a secret
}

// Wait is how long to leave a request alone that failed with f, for the nth
// time in a row.
func (f Failure) Wait(n int) time.Duration {
	return max(Backoff(n), f.RetryAfter)
}

// Pause waits, and reports false when ctx ended first.
func Pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
