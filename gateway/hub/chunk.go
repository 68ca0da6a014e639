package hub

import "presence/gateway/wire"

// chunk is where some people are, in one format: encoded once in a tick, however
// many hear it. In formats with frames for each mover it is of one person.
type chunk struct {
	bytes []byte // whole frames; shared, never changed
	poses int
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

// single is where one person is.
func (s *space) single(f *format, p *person) *chunk {
	if need := int(p.ref) + 1; len(f.single) < need {
		f.single = append(f.single, make([]cached, need-len(f.single))...)
	}
	s.alone[0] = p
	return s.fill(&f.single[p.ref], f, s.alone[:], 0)
}

// forget lets go of the last tick's chunks, so that one that nobody asks for
// again does not keep the memory of all.
func (f *format) forget() {
	clear(f.near)
	clear(f.far[:])
	clear(f.single)
	f.whole = cached{}
}

// encode puts the places that changed after a tick into frames.
func (s *space) encode(f *format, people []*person, since uint32) (c chunk) {
	s.movers = s.movers[:0]
	for _, p := range people {
		if !p.placed || p.gone || p.changed <= since {
			continue
		}
		s.movers = append(s.movers, wire.Mover{Ref: p.ref, Session: &p.session, Pose: p.place.pose, DLUX: p.place.dlux, NAF: p.place.naf, At: p.place.at})
	}
	c.poses = len(s.movers)
	if c.poses == 0 {
		return c
	}
	start := len(s.arena)
	s.arena = f.enc.Poses(s.arena, s.now, s.movers)
	c.bytes = s.arena[start:len(s.arena):len(s.arena)]
	return c
}
