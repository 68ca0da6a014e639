package throttle

import "time"

// budget is a token bucket kept as one moment (the generic cell rate
// algorithm): exact, and it says itself when the next message may leave.
type budget struct {
	gap   time.Duration // between messages at full rate; 0 means no limit
	slack time.Duration // how far a burst may run ahead
	free  time.Time     // from when the next message may leave
}

func newBudget(perSecond, burst int) budget {
	if perSecond <= 0 {
		return budget{}
	}
	gap := time.Second / time.Duration(perSecond)
	return budget{gap: gap, slack: gap * time.Duration(max(0, burst-1))}
}

// take spends one message if it may leave now.
func (b *budget) take(now time.Time) bool {
	if b.gap == 0 {
		return true
	}
	if now.Before(b.free) {
		return false
	}
	b.free = later(b.free, now.Add(-b.slack)).Add(b.gap)
	return true
}
