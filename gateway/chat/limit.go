package chat

import (
	"fmt"
	"sync"
	"time"

	"presence/spaces"
)

// pace is how fast somebody may write: one line every so often, and so many at
// once after a quiet time.
type pace struct {
	every time.Duration
	burst int
}

var (
	accountPace = pace{time.Second / 5, 10}
	guestPace   = pace{time.Second, 5}
	// Anybody can be a guest, and as many as they like: so all guests of a network
	// are bounded together, by what a class writes.
	networkPace = pace{time.Second / 5, 60}
)

// maxBuckets bounds the table: some two megabytes.
const maxBuckets = 20_000

// limits is a token bucket for each subject, and for the guests of each network.
// A bucket is the moment at which it is full again, so that a full one is as good
// as none.
type limits struct {
	mu    sync.Mutex
	fulls map[whose]time.Time
}

// whose a bucket is: one of the two is set.
type whose struct{ subject, network string }

func newLimits() *limits { return &limits{fulls: map[whose]time.Time{}} }

// take spends one of the viewer's writes.
func (l *limits) take(v spaces.Viewer, now time.Time) error {
	own := accountPace
	if v.Guest {
		own = guestPace
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.spend(whose{subject: v.Subject}, own, now, "you write too fast"); err != nil {
		return err
	}
	network := v.GuestNetwork()
	if network == "" || network == spaces.LocalNetwork {
		return nil
	}
	return l.spend(whose{network: network}, networkPace, now, "the guests of your address together write too fast")
}

// spend takes from one bucket. Called with mu held.
func (l *limits) spend(who whose, p pace, now time.Time, refusal string) error {
	full := l.fulls[who]
	if full.Before(now) {
		full = now
	}
	full = full.Add(p.every)
	if over := full.Sub(now) - time.Duration(p.burst)*p.every; over > 0 {
		return &spaces.Error{
			Code: spaces.CodeRateLimited, Message: refusal,
			Fix: fmt.Sprintf("Try again in %.1f s", (over + 50*time.Millisecond).Seconds()),
		}
	}
	if len(l.fulls) >= maxBuckets {
		l.makeRoom(now)
	}
	l.fulls[who] = full
	return nil
}

// makeRoom forgets, of a few buckets at random, those that are full, and one in
// any case.
func (l *limits) makeRoom(now time.Time) {
	const few = 16
	looked, last := 0, whose{}
	for who, full := range l.fulls {
		if last = who; full.Before(now) {
			delete(l.fulls, who)
		}
		if looked++; looked == few {
			break
		}
	}
	delete(l.fulls, last)
}
