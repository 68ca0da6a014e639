package hub

import (
	"slices"
	"time"

	"presence/gateway/wire"
)

// What waits for a client that does not read, beyond what its socket has taken,
// is bounded, but for the one message that tells it of everybody. A client that
// overruns this has missed things that are told once, and must begin anew.
// Who reads, if late, on a loaded machine is given time.
const (
	maxQueue  = 512 << 10 // bytes, of a client that has taken nothing for
	patience  = 10 * time.Second
	mostQueue = 4 << 20 // bytes, of any client
)

// format is one way of speaking and what was encoded in it.
type format struct {
	enc     wire.SpaceEncoder
	shared  bool
	rosters bool
	band    *band
	viewers int

	near   []cached // by leaf and lag
	far    [farLog]cached
	whole  cached
	single []cached // by ref, in formats with frames for each mover

	event []byte // scratch of broadcast
	roll  []byte // scratch of tellNews
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
	s.tellNews()
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
	if cap(v.queue) > keptQueue {
		v.queue = nil
	}
	v.enters, v.busy, v.room = false, time.Time{}, min(v.room+moreBatch, maxBatch)
}

// keptQueue is how many events a queue keeps room for while it is empty.
const keptQueue = 64

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
