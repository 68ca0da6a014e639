package hub

import (
	"fmt"
	"math"
	"sync"
	"time"

	"presence/spaces"
)

// What one client may say. Poses need no limit of their own: only the newest
// before a tick counts, and sockets bound the rest.
const (
	maxWords = 16 << 10 // bytes of one entity or message

	// Nobody runs faster. Who does, jumps; and jumps are counted.
	maxSpeed = 20.0 // m/s
	slack    = 2.0  // metres that are no jump, however short the time: clocks and networks jitter
)

// rate is how often something may be done: so many a second, and so many at
// once after a quiet time.
type rate struct{ perSecond, burst float64 }

var (
	jumpRate = rate{4, 8}
	wordRate = rate{60, 120}             // entities and messages
	byteRate = rate{64 << 10, 256 << 10} // of those, and of what doors say beside poses
	// Of all members of a space together, so that no few of them can say more than
	// everybody's connections carry: who does not keep up is closed.
	spaceRate = rate{512 << 10, 1 << 20}
	// Of that, what guests of one network may take together: half, so that others
	// are heard beside them.
	crowdRate  = rate{256 << 10, 512 << 10}
	signalRate = rate{50, 200} // a call with a dozen people takes this many at once
	actRate    = rate{4, 12}   // gestures, typing, a new avatar: each has its own
	askRate    = rate{2, 20}   // to enter spaces; each asks the database
	// The same of all guests of a network: a class walks from space to space
	// together.
	crowdAskRate = rate{20, 300}
)

// bucket is a rate's state. It belongs to whoever guards it.
type bucket struct {
	full float64
	at   time.Time
}

// take takes n from the bucket, if they are there.
func (b *bucket) take(now time.Time, r rate, n float64) bool {
	b.full = min(r.burst, b.full+max(0, now.Sub(b.at).Seconds())*r.perSecond)
	b.at = now
	if b.full < n {
		return false
	}
	b.full -= n
	return true
}

// limits are the buckets of one [meter]. Several members may share them; they
// are guarded by mu.
type limits struct {
	mu sync.Mutex

	asked, jumps, entities, bytes, relayed, signals, emotes, typing, changes bucket
}

func (l *limits) start(now time.Time) {
	for _, b := range []*bucket{&l.asked, &l.jumps, &l.entities, &l.bytes, &l.relayed, &l.signals, &l.emotes, &l.typing, &l.changes} {
		*b = bucket{math.Inf(1), now}
	}
}

// step reports whether somebody may be so far from where they were. A jump that
// the client calls one costs half of one that it does not: a door whose clients
// cannot say must be able to teleport, but not to race.
func (l *limits) step(now, before time.Time, metres float64, teleport bool) bool {
	if metres <= slack || metres <= maxSpeed*now.Sub(before).Seconds() {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if teleport {
		return l.jumps.take(now, jumpRate, 1)
	}
	return l.jumps.take(now, jumpRate, 2)
}

// beside bounds what doors say beside poses.
func (l *limits) beside(now time.Time, size int) error {
	if size == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.words(now, "entity", size)
}

// asks takes one question for a space.
func (l *limits) asks(now time.Time, r rate) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked.take(now, r, 1) {
		return nil
	}
	return &spaces.Error{Code: spaces.CodeRateLimited, Message: "too many spaces asked for in a short time", Fix: "Wait a few seconds"}
}

// relays takes what guests of one network send to everybody.
func (l *limits) relays(now time.Time, size int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.relayed.take(now, crowdRate, float64(size)) {
		return nil
	}
	return tooOften("data", "all guests of your address together at most 256 KB a second")
}

// words bounds what is relayed as it came. Called with mu held.
func (l *limits) words(now time.Time, field string, size int) error {
	if size == 0 {
		return nil
	}
	if size > maxWords {
		return &spaces.Error{Code: spaces.CodeTooLarge, Field: field, Message: fmt.Sprintf("may have %d bytes", maxWords)}
	}
	if !l.bytes.take(now, byteRate, float64(size)) {
		return tooOften(field, "at most 64 KB a second")
	}
	return nil
}

func (b *bucket) allow(now time.Time, r rate, field string) error {
	if b.take(now, r, 1) {
		return nil
	}
	return tooOften(field, fmt.Sprintf("at most %.0f a second", r.perSecond))
}

func tooOften(field, rule string) error {
	return &spaces.Error{Code: spaces.CodeRateLimited, Field: field, Message: "too often: " + rule, Fix: "Slow down"}
}

var errTooFast = &spaces.Error{
	Code: spaces.CodeRateLimited, Field: "pose", Message: "nobody moves faster than 20 m/s, or jumps more than a few times a second",
	Fix: "Go on from where the others see you",
}

func insane() error {
	return spaces.Invalid("pose", "numbers must be finite, points within %.0f m of the origin on each axis, and rotations unit quaternions", spaces.Bound)
}
