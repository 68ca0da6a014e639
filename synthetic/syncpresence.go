package synthetic

import (
	"encoding/json"
	"slices"
	"time"
)

// tell fills the presence section from the users mentioned.
func (v *view) tell() {
	if v.s.quirks.PresenceOff != PresenceOn {
		return
	}
	var events []json.RawMessage
	for _, u := range v.presence {
		if text := v.presenceOf(u); text != nil {
			events = append(events, text)
		}
	}
	if limit := v.filter.Presence.limit(); v.s.quirks.HonourPresenceLimit && len(events) > limit {
		events = events[:limit]
	}
	if len(events) > 0 {
		v.answer.Presence = &eventBox{Events: events}
	}
}

// presenceOf is one user's presence event, or nil when the session is not told.
func (v *view) presenceOf(u *user) json.RawMessage {
	me := v.session.user
	hidden := u.presence == "" || u != me && !sharesRoom(me, u) ||
		v.since == 0 && v.s.quirks.OmitOffline && u.presence == "offline" ||
		!v.s.quirks.IgnoreNotSenders && slices.Contains(v.filter.Presence.NotSenders, u.id)
	if hidden {
		return nil
	}
	state := u.presence + " " + u.statusMsg
	recent := v.now.Sub(u.lastActive) < 5*time.Minute
	if v.s.quirks.SkipSentPresence && u != me && recent && !v.joined[u.id] && v.session.sent[u.id] == state {
		return nil
	}
	v.session.sent[u.id] = state
	content := map[string]any{"presence": u.presence, "currently_active": u.active}
	if !u.lastActive.IsZero() {
		content["last_active_ago"] = v.now.Sub(u.lastActive).Milliseconds()
	}
	return mustJSON(map[string]any{"type": "m.presence", "sender": u.id, "content": content})
}

func sharesRoom(a, b *user) bool {
	if len(b.rooms) < len(a.rooms) {
		a, b = b, a
	}
	for id := range a.rooms {
		if b.rooms[id] != nil {
			return true
		}
	}
	return false
}
