package state

import "time"

// instant is a moment in milliseconds since 1970, the resolution of Matrix.
// Zero means never. Whole milliseconds make a restored engine exactly equal to
// the one that was saved.
type instant int64

// toInstant turns moments before 1970 (the zero Time, a missing
// origin_server_ts) into never.
func toInstant(t time.Time) instant { return max(0, instant(t.UnixMilli())) }

func (i instant) add(d time.Duration) instant { return i + instant(d.Milliseconds()) }

func (i instant) time() time.Time { return time.UnixMilli(int64(i)) }

// sooner returns the earlier of two moments of which either may be never.
func sooner(a, b instant) instant {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
