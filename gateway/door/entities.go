package door

import (
	"sync"

	"presence/gateway/wire"
	"presence/spaces"
)

// maxEntities is how many entities one client may own at a time. Scenes sync a
// few per person.
const maxEntities = 256

// entities knows who owns which networked-aframe entity in each space, as far
// as the owners are clients of this process: whoever removes one must own it,
// and nobody takes over somebody else's avatar.
type entities struct {
	mu     sync.Mutex
	spaces map[spaces.Key]*owned
}

// owned is the entities of one space, and how many each session has.
type owned struct {
	owners map[string]owner // by network id
	count  map[string]int   // by session
}

type owner struct {
	session string
	person  bool // made by its owner and not persistent: an avatar, or part of one
}

func newEntities() *entities { return &entities{spaces: map[spaces.Key]*owned{}} }

// own notes that a session updates an entity as its owner. Ownership of things
// moves to whoever takes it, as networked-aframe has it; that of an avatar
// never does.
func (t *entities) own(key spaces.Key, session string, e wire.NAFEntity) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	in := t.spaces[key]
	if in == nil {
		in = &owned{owners: map[string]owner{}, count: map[string]int{}}
		t.spaces[key] = in
	}
	before, known := in.owners[e.NetworkID]
	switch {
	case known && before.session == session:
		return nil
	case known && before.person:
		return &spaces.Error{Code: spaces.CodeForbidden, Field: "networkId", Message: "that is somebody's avatar"}
	case in.count[session] >= maxEntities:
		return spaces.Invalid("networkId", "you may own at most %d entities", maxEntities)
	case known:
		in.count[before.session]--
	}
	in.owners[e.NetworkID] = owner{session, !e.Persistent && e.Creator == session}
	in.count[session]++
	return nil
}

// disown forgets an entity of the session's, and reports false when it has none
// of that name.
func (t *entities) disown(key spaces.Key, session, networkID string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	in := t.spaces[key]
	if in == nil || in.owners[networkID].session != session {
		return false
	}
	delete(in.owners, networkID)
	in.count[session]--
	return true
}

// forget gives up all that a session owns in a space.
func (t *entities) forget(key spaces.Key, session string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	in := t.spaces[key]
	if in == nil {
		return
	}
	for id, o := range in.owners {
		if o.session == session {
			delete(in.owners, id)
		}
	}
	delete(in.count, session)
	if len(in.count) == 0 {
		delete(t.spaces, key)
	}
}
