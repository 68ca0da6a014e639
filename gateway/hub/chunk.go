package hub

import "presence/gateway/wire"

// chunk is where some people are, in one format: encoded once in a tick, however
// many hear it.
type chunk struct {
	bytes []byte // whole frames; shared, never changed
	poses int
	who   []*person // of formats with frames for each mover: whose frames
	ends  []int     // and where in bytes they end
}

// cached is a chunk of one tick.
type cached struct {
	tick uint32
	chunk
}

// fill encodes the chunk unless this tick has done so.
func (s *space) fill(c *cached, f *format, people []*person, since uint32) *chunk {
	if c.tick != s.tick {
		c.tick, c.chunk = s.tick, s.encode(f, people, since)
	}
	return &c.chunk
}

// nearChunk is what changed in a leaf within a lag.
func (s *space) nearChunk(f *format, leaf int32, lag int) *chunk {
	if need := len(s.index.leaves) * lags; len(f.near) < need {
		f.near = append(f.near, make([]cached, need-len(f.near))...)
	}
	return s.fill(&f.near[int(leaf)*lags+lag], f, s.index.leaves[leaf], s.since(lag))
}

// farChunk is the newest of those whose turn was at a tick.
func (s *space) farChunk(f *format, tick uint32) *chunk {
	return s.fill(&f.far[tick%farLog], f, f.band.log[tick%farLog], 0)
}

func (s *space) everybody(f *format) *chunk {
	return s.fill(&f.whole, f, s.people, 0)
}

// encode puts the places that changed after a tick into frames.
func (s *space) encode(f *format, people []*person, since uint32) (c chunk) {
	s.movers = s.movers[:0]
	for _, p := range people {
		if !p.placed || p.gone || p.changed <= since {
			continue
		}
		s.movers = append(s.movers, wire.Mover{Ref: p.ref, Session: &p.session, Pose: p.place.pose, DLUX: p.place.dlux, NAF: p.place.naf, At: p.place.at})
		if !f.shared {
			c.who = append(c.who, p)
		}
	}
	c.poses = len(s.movers)
	if c.poses == 0 {
		return c
	}
	start := len(s.arena)
	if f.shared {
		s.arena = f.enc.Poses(s.arena, s.now, s.movers)
	} else {
		for i := range s.movers {
			s.arena = f.enc.Poses(s.arena, s.now, s.movers[i:i+1])
			c.ends = append(c.ends, len(s.arena)-start)
		}
	}
	c.bytes = s.arena[start:len(s.arena):len(s.arena)]
	return c
}
