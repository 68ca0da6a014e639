package hub

import (
	"slices"

	"presence/gateway/wire"
)

// maxQueue bounds what waits for a client that does not read, in bytes, beyond
// what its socket has taken. A client that overruns it has missed things that
// are told once, and must begin anew.
const maxQueue = 512 << 10

// format is one way of speaking and what was encoded in it.
type format struct {
	enc     wire.SpaceEncoder
	shared  bool
	rosters bool
	band    *band
	viewers int

	near  []cached // by leaf and lag
	far   [farLog]cached
	whole cached
	event []byte // scratch of broadcast
}

// speaks returns the format of an encoder, with one more viewer.
func (s *space) speaks(enc wire.SpaceEncoder) *format {
	for _, f := range s.formats {
		if f.enc == enc {
			f.viewers++
			return f
		}
	}
	f := &format{enc: enc, shared: enc.Shared(), viewers: 1, band: &s.bands[bandJSON]}
	if f.shared {
		f.band = &s.bands[bandShared]
	}
	_, f.rosters = enc.(wire.Rosters)
	s.formats = append(s.formats, f)
	return f
}

// drop takes one viewer from a format, and forgets it without any.
func (s *space) drop(f *format) {
	if f.viewers--; f.viewers == 0 {
		s.formats = slices.DeleteFunc(s.formats, func(g *format) bool { return g == f })
	}
}

// tell queues an event for one client.
func (s *space) tell(v *viewer, e wire.SpaceEvent) {
	v.push(v.format.enc.Event(nil, e))
}

// broadcast queues an event for everybody inside but one, encoded once for each
// format.
func (s *space) broadcast(e wire.SpaceEvent, except *person) {
	for _, f := range s.formats {
		f.event = f.enc.Event(nil, e)
	}
	for _, v := range s.viewers {
		if v.person != nil && v.person != except {
			v.push(v.format.event)
		}
	}
}

func (v *viewer) push(frames []byte) {
	if len(frames) == 0 {
		return
	}
	v.queue = append(v.queue, frames)
	v.queued += len(frames)
}

// taken forgets what the socket has taken.
func (v *viewer) taken() {
	clear(v.queue) // shared bytes must not live as long as the longest queue
	v.queue, v.queued = v.queue[:0], 0
}

// tellRoster is for formats that name everybody at every change.
func (s *space) tellRoster() {
	if !s.roster {
		return
	}
	s.roster = false
	everybody := func(yield func(wire.Member) bool) {
		for _, p := range s.people {
			if !yield(s.member(p)) {
				return
			}
		}
	}
	for _, f := range s.formats {
		if !f.rosters {
			continue
		}
		f.event = f.enc.Event(nil, wire.Roster{Key: s.key, Members: everybody, At: s.now})
		for _, v := range s.viewers {
			if v.format == f && v.person != nil {
				v.push(f.event)
			}
		}
	}
}
