package city

import (
	"time"

	"presence/gateway/conn"
	"presence/gateway/wire"
	"presence/spaces"
)

// stream is all sockets that get the same bytes: one format, one class.
// Guarded by City.mu.
type stream struct {
	key     streamKey
	viewer  spaces.Viewer
	enc     wire.CityEncoder
	sockets []*conn.Socket

	from   uint64 // what was last sent ended here
	cursor uint64 // the last pass: nothing concerned these sockets after from

	snapshot conn.Batch // valid at revision
	revision uint64
	pulls    map[uint64]conn.Batch // by cursor, since the last pass
}

type streamKey struct {
	format wire.Format
	class  string
}

// seat is what the city knows of one socket. Guarded by City.mu.
type seat struct {
	viewer spaces.Viewer
	format wire.Format
	stream *stream // nil before Join and after Leave
	index  int     // in stream.sockets

	was     *spaces.Viewer // the class it was told as, while a change of rights is to be told; nil: none
	changed uint64         // the last of the sequence numbers reserved for that; 0: the next pass does
}

// stream returns the stream of a format and a viewer's class.
func (c *City) stream(format wire.Format, v spaces.Viewer) *stream {
	cl := classOf(v)
	key := streamKey{format, cl.key}
	st := c.streams[key]
	if st == nil {
		st = &stream{
			key: key, viewer: cl.viewer, enc: format.Encoder(),
			from: c.table.seq, cursor: c.table.seq, pulls: map[uint64]conn.Batch{},
		}
		c.streams[key] = st
	}
	return st
}

func (c *City) sit(s *conn.Socket, at *seat, st *stream) {
	at.stream, at.index = st, len(st.sockets)
	st.sockets = append(st.sockets, s)
}

// rise takes a socket out of its stream; an empty stream is forgotten.
func (c *City) rise(at *seat) {
	st := at.stream
	at.stream = nil
	last := len(st.sockets) - 1
	moved := st.sockets[last]
	st.sockets[at.index] = moved
	moved.Seat.(*seat).index = at.index
	st.sockets[last] = nil
	st.sockets = st.sockets[:last]
	if last == 0 {
		delete(c.streams, st.key)
	}
}

// whole returns the snapshot as a batch, encoded at most once per revision of
// the table.
func (st *stream) whole(t *table, now time.Time) conn.Batch {
	if st.snapshot.Bytes != nil && st.revision == t.revision && st.snapshot.To == st.cursor {
		return st.snapshot
	}
	items := t.visible(&st.viewer)
	rooms := make([]*wire.Room, len(items))
	for i, it := range items {
		rooms[i] = t.encode(it)
	}
	message := st.enc.Snapshot(nil, st.cursor, wire.City{
		TS: now.UnixMilli(), Status: t.fresh.told, Totals: t.totals(), Grid: t.gridFor(items), Rooms: rooms,
	})
	st.snapshot = conn.Batch{To: st.cursor, Bytes: wire.AppendFrame(nil, message), Frames: 1}
	st.revision = t.revision
	return st.snapshot
}

// pass moves the stream to the table's newest change and returns what its
// sockets have to be told; false when that is nothing.
func (st *stream) pass(t *table, now time.Time) (conn.Batch, bool) {
	from := st.cursor
	st.cursor = t.seq
	clear(st.pulls)
	events, ok := t.since(&st.viewer, from)
	if !ok {
		b := st.whole(t, now)
		b.From, st.from = st.from, st.cursor
		return b, true
	}
	bytes, frames := t.encodeEvents(st.enc, events)
	if frames == 0 {
		return conn.Batch{}, false
	}
	b := conn.Batch{From: st.from, To: st.cursor, Bytes: bytes, Frames: frames}
	st.from = st.cursor
	return b, true
}

// behind returns what a socket that missed passes has to be told.
func (st *stream) behind(t *table, cursor uint64, now time.Time) conn.Batch {
	if b, ok := st.pulls[cursor]; ok {
		return b
	}
	b := st.batch(t, now, cursor, func() ([]event, bool) { return t.since(&st.viewer, cursor) })
	st.pulls[cursor] = b
	return b
}

// batch encodes events for one cursor, or the snapshot when there are too many.
func (st *stream) batch(t *table, now time.Time, cursor uint64, events func() ([]event, bool)) conn.Batch {
	list, ok := events()
	if !ok {
		return st.whole(t, now)
	}
	bytes, frames := t.encodeEvents(st.enc, list)
	return conn.Batch{From: cursor, To: st.cursor, Bytes: bytes, Frames: frames}
}
