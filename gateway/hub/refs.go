package hub

import (
	"time"

	"presence/gateway/wire"
)

// refRest is how long a short name is not given again: a frame under way, or a
// client that interpolates, must not take one person for another.
const refRest = time.Minute

// refs gives out short names.
type refs struct {
	last    uint16
	busy    map[uint16]bool
	retired map[uint16]time.Time
}

func newRefs() refs { return refs{busy: map[uint16]bool{}, retired: map[uint16]time.Time{}} }

// take returns a free name. There are three times as many as a space has seats;
// should all rest, the one that is next goes out early.
func (r *refs) take(now time.Time) uint16 {
	early := uint16(0)
	for range wire.MaxRef {
		r.last = r.last%wire.MaxRef + 1
		if r.busy[r.last] {
			continue
		}
		since, rests := r.retired[r.last]
		if !rests || now.Sub(since) >= refRest {
			early = r.last
			break
		}
		if early == 0 {
			early = r.last
		}
	}
	delete(r.retired, early)
	r.busy[early] = true
	return early
}

func (r *refs) retire(ref uint16, now time.Time) {
	delete(r.busy, ref)
	r.retired[ref] = now
}
