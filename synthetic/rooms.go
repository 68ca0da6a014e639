package synthetic

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// room is one room. The server's mutex guards it.
type room struct {
	id       string
	members  map[string]string         // user id to membership
	before   string                    // the membership the last change replaced
	state    map[[2]string]*stateEntry // by type and state key
	order    []*roomEvent              // current state in order of first appearance
	recent   []*roomEvent              // the last events, for timelines of initial syncs
	typing   map[string]*typist
	private  bool               // joins need an invite
	repeat   bool               // Dendrite: repeat the empty list until somebody types
	receipts map[string]receipt // by user id
}

type stateEntry struct {
	event *roomEvent
	index int // in order
}

type receipt struct {
	eventID string
	at      time.Time
}

// roomEvent is one event, encoded once. It never changes.
type roomEvent struct {
	kind     string
	sender   string
	stateKey *string
	content  map[string]any
	before   string // of a member event: the membership before it
	json     json.RawMessage
}

// maxRecent is how many events an initial sync can show of a room.
const maxRecent = 20

// CreateRoom makes an empty public room and returns its id. alias may be
// empty.
func (s *Server) CreateRoom(alias string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &room{
		id: fmt.Sprintf("!room%d:%s", s.next(), s.name), members: map[string]string{}, state: map[[2]string]*stateEntry{},
		typing: map[string]*typist{}, receipts: map[string]receipt{},
	}
	s.rooms[r.id] = r
	creator := "@creator:" + s.name
	s.send(r, "m.room.create", creator, new(string), map[string]any{"room_version": "10"})
	if alias != "" {
		s.aliases[alias] = r.id
		s.send(r, "m.room.canonical_alias", creator, new(string), map[string]any{"alias": alias})
	}
	return r.id
}

// PointAlias makes an alias lead to a room, or nowhere when roomID is empty.
func (s *Server) PointAlias(alias, roomID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if roomID == "" {
		delete(s.aliases, alias)
		return
	}
	s.aliases[alias] = roomID
}

// SetPrivate makes joins need an invite.
func (s *Server) SetPrivate(roomID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.room(roomID).private = true
}

// room returns a known room; asking for another is a fault of the test.
func (s *Server) room(id string) *room {
	r := s.rooms[id]
	if r == nil {
		panic(fmt.Sprintf("synthetic: no room %s", id))
	}
	return r
}

// Join lets a user join.
func (s *Server) Join(userID, roomID string) { s.setMember(userID, userID, roomID, "join") }

// Leave lets a user leave.
func (s *Server) Leave(userID, roomID string) { s.setMember(userID, userID, roomID, "leave") }

// Kick lets a moderator remove a user.
func (s *Server) Kick(userID, roomID string) {
	s.setMember("@creator:"+s.name, userID, roomID, "leave")
}

// Ban removes a user and keeps them from joining until they are unbanned by
// an [Server.Invite].
func (s *Server) Ban(userID, roomID string) {
	s.setMember("@creator:"+s.name, userID, roomID, "ban")
}

// Invite invites a user.
func (s *Server) Invite(userID, roomID string) {
	s.setMember("@creator:"+s.name, userID, roomID, "invite")
}

func (s *Server) setMember(sender, userID, roomID, membership string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.member(s.room(roomID), sender, s.user(userID), membership)
}

// member sends a membership event. s.mu is held.
func (s *Server) member(r *room, sender string, u *user, membership string) {
	r.before = r.members[u.id]
	r.members[u.id] = membership
	delete(u.invites, r.id)
	switch membership {
	case "join":
		u.rooms[r.id] = r
	case "invite":
		u.invites[r.id] = true
	}
	if membership != "join" {
		delete(u.rooms, r.id)
		s.stopTyping(r, u.id, true)
	}
	s.send(r, "m.room.member", sender, &u.id, map[string]any{"membership": membership, "displayname": u.id[1:2]})
}

// SendMessage lets a user say something, which ends their typing.
func (s *Server) SendMessage(userID, roomID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.room(roomID)
	s.stopTyping(r, userID, true)
	s.send(r, "m.room.message", userID, nil, map[string]any{"msgtype": "m.text", "body": "hello"})
}

// Tombstone closes a room in favour of another.
func (s *Server) Tombstone(roomID, replacement string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(s.room(roomID), "m.room.tombstone", "@creator:"+s.name, new(string), map[string]any{"replacement_room": replacement})
}

// Send sends any event; a nil stateKey makes it a message event.
func (s *Server) Send(roomID, kind, sender string, stateKey *string, content map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(s.room(roomID), kind, sender, stateKey, content)
}

// send adds an event to the room and the stream. s.mu is held.
func (s *Server) send(r *room, kind, sender string, stateKey *string, content map[string]any) *roomEvent {
	ev := &roomEvent{kind: kind, sender: sender, stateKey: stateKey, content: content}
	if kind == "m.room.member" {
		ev.before = r.before
	}
	ev.json = encodeEvent(ev, fmt.Sprintf("$event%d", s.next()))
	if stateKey != nil {
		key := [2]string{kind, *stateKey}
		if old, ok := r.state[key]; ok {
			r.order[old.index], old.event = ev, ev
		} else {
			r.state[key] = &stateEntry{event: ev, index: len(r.order)}
			r.order = append(r.order, ev)
		}
	}
	r.recent = append(r.recent, ev)
	if len(r.recent) > maxRecent {
		r.recent = slices.Delete(r.recent, 0, len(r.recent)-maxRecent)
	}
	s.append(entry{kind: entryEvent, room: r, ev: ev})
	return ev
}

func encodeEvent(ev *roomEvent, id string) json.RawMessage {
	fields := map[string]any{
		"type": ev.kind, "event_id": id, "sender": ev.sender, "origin_server_ts": time.Now().UnixMilli(), "content": ev.content,
	}
	if ev.stateKey != nil {
		fields["state_key"] = *ev.stateKey
	}
	text, err := json.Marshal(fields)
	if err != nil {
		panic(fmt.Sprintf("synthetic: encode an event: %v", err))
	}
	return text
}

// MarkRead sends a public read receipt for the newest event.
func (s *Server) MarkRead(userID, roomID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.room(roomID)
	r.receipts[userID] = receipt{eventID: "$latest", at: time.Now()}
	s.append(entry{kind: entryReceipt, room: r, user: s.user(userID)})
}

// Drift makes a user leave without telling anybody, as state resets do.
func (s *Server) Drift(userID, roomID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.room(roomID).members, userID)
	delete(s.user(userID).rooms, roomID)
}

// Members lists who is in the room, sorted.
func (s *Server) Members(roomID string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var joined []string
	for _, userID := range slices.Sorted(maps.Keys(s.room(roomID).members)) {
		if s.rooms[roomID].members[userID] == "join" {
			joined = append(joined, userID)
		}
	}
	return joined
}
