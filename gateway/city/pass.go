package city

import (
	"time"

	"presence/gateway/conn"
)

// wake asks Run for a pass. It never waits.
func (c *City) wake() {
	select {
	case c.news <- struct{}{}:
	default:
	}
}

// job is what one pass has for one stream.
type job struct {
	batch   conn.Batch
	sockets []*conn.Socket
}

// pass tells every socket what changed since the last one, and returns how long
// that took.
func (c *City) pass() time.Duration {
	start := time.Now()
	jobs, moved, received := c.collect()
	for _, s := range moved {
		s.CatchUp()
	}
	for i := range jobs {
		for _, s := range jobs[i].sockets {
			s.Offer(jobs[i].batch)
		}
		clear(jobs[i].sockets) // scratch must not keep ended sockets
	}
	now := c.now()
	for _, ts := range received {
		c.metrics.latency.Observe(now.Sub(time.UnixMilli(ts)).Seconds())
	}
	took := time.Since(start)
	c.metrics.passes.Observe(took.Seconds())
	return took
}

// collect takes over what the bus has told since the last pass and encodes what
// is new. The sockets are copied, because writing to them must not hold the
// table.
func (c *City) collect() (jobs []job, moved []*conn.Socket, received []int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, t := c.now(), &c.table
	from := t.seq
	for _, apply := range c.inbox {
		apply(t, now)
	}
	clear(c.inbox)
	c.inbox = c.inbox[:0]
	t.refresh(now)
	for _, s := range c.moved {
		if at := s.Seat.(*seat); at.was != nil && at.changed == 0 {
			at.changed = t.reserve(now, 2*len(t.items)+t.audience.size())
		}
	}
	scratch := c.scratch[:0]
	for _, st := range c.streams {
		if st.cursor == t.seq {
			continue
		}
		if b, ok := st.pass(t, now); ok {
			first := len(scratch)
			scratch = append(scratch, st.sockets...)
			jobs = append(jobs, job{b, scratch[first:len(scratch):len(scratch)]})
		}
	}
	c.scratch = scratch
	c.metrics.overwritten.Add(float64(t.overwrites))
	t.overwrites, t.passed = 0, t.seq
	moved, c.moved = c.moved, nil
	if t.seq != from {
		close(c.passed)
		c.passed = make(chan struct{})
	}
	return jobs, moved, t.received(from)
}

// received returns when the changes after cursor came from the homeserver.
func (t *table) received(cursor uint64) []int64 {
	var times []int64
	for e := t.order.Back(); e != nil; e = e.Prev() {
		it := e.Value.(*item)
		if it.seq <= cursor {
			break
		}
		if it.room != nil && it.room.ReceivedTS > it.timed {
			it.timed = it.room.ReceivedTS
			times = append(times, it.timed)
		}
	}
	return times
}
