package chat

import (
	"fmt"
	"sync"
	"time"

	"presence/spaces"
)

const (
	writeEvery = time.Second / 5
	writeBurst = 10
	// Anybody can be a guest, and as many as they like.
	guestEvery = time.Second
	guestBurst = 5

	// maxBuckets bounds the table: about a megabyte.
	maxBuckets = 20_000
)

// limits is a token bucket for each subject. A bucket is the moment at which it
// is full again, so that a full one is as good as none.
type limits struct {
	mu    sync.Mutex
	fulls map[string]time.Time
}

func newLimits() *limits { return &limits{fulls: map[string]time.Time{}} }

// take spends one of the viewer's writes.
func (l *limits) take(v spaces.Viewer, now time.Time) error {
	pace, burst := writeEvery, writeBurst
	if v.Guest {
		pace, burst = guestEvery, guestBurst
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	full := l.fulls[v.Subject]
	if full.Before(now) {
		full = now
	}
	full = full.Add(pace)
	if over := full.Sub(now) - time.Duration(burst)*pace; over > 0 {
		return &spaces.Error{
			Code: spaces.CodeRateLimited, Message: "you write too fast",
			Fix: fmt.Sprintf("Try again in %.1f s", (over + 50*time.Millisecond).Seconds()),
		}
	}
	if len(l.fulls) >= maxBuckets {
		l.makeRoom(now)
	}
	l.fulls[v.Subject] = full
	return nil
}

// makeRoom forgets, of a few subjects at random, those whose buckets are full,
// and one in any case.
func (l *limits) makeRoom(now time.Time) {
	const few = 16
	looked, last := 0, ""
	for subject, full := range l.fulls {
		if last = subject; full.Before(now) {
			delete(l.fulls, subject)
		}
		if looked++; looked == few {
			break
		}
	}
	delete(l.fulls, last)
}
