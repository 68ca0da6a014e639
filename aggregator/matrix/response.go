package matrix

import "presence/aggregator/state"

// Response is one decoded /sync response.
type Response struct {
	Batch     state.Batch // Gap is the caller's to set
	NextBatch string      // the cursor of the next request; opaque
	Invites   []string    // rooms the daemon is invited to
	// PresenceSeen: somebody's m.presence other than "offline" was in it, so
	// the homeserver has presence. The converse proves nothing: offline users
	// are left out, and a server that switches presence off may send one last
	// wave of "offline" (element-hq/synapse#19948).
	PresenceSeen bool
	Dropped      Drops
	Bytes        int
}

// Empty reports whether the response told nothing at all, as quiet polls do.
func (r *Response) Empty() bool {
	return len(r.Batch.Rooms) == 0 && len(r.Batch.Presence) == 0 && len(r.Invites) == 0
}

// Drops counts what was left out of a response because it could not be
// understood. The rest of the response was used.
type Drops struct {
	Rooms     int // entries of rooms.join or rooms.leave
	Events    int // state and timeline events
	Presence  int
	Ephemeral int // typing and receipts
}

// Total is the number of everything dropped.
func (d Drops) Total() int { return d.Rooms + d.Events + d.Presence + d.Ephemeral }
