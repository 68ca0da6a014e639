package synthetic

import (
	"encoding/json"
	"maps"
	"slices"
)

// full tells all state of a room: of an initial sync, or of a room newly
// joined. Its timeline repeats the newest events that the state holds already,
// as servers do (element-hq/synapse#1597).
func (v *view) full(r *room) {
	box := &joinedBox{State: &eventBox{Events: []json.RawMessage{}}}
	for _, ev := range r.order {
		if v.filter.Room.State.allows(ev.kind) {
			box.State.Events = append(box.State.Events, ev.json)
		}
	}
	if v.stateAfter {
		box.State, box.StateAfter = nil, box.State
	}
	v.timeline(box, r.recent)
	ephemeral := &delta{typing: len(r.typing) > 0, receipts: map[string]bool{}}
	for userID := range r.receipts {
		ephemeral.receipts[userID] = true
	}
	v.ephemeral(box, r, ephemeral)
	v.box().Join[r.id] = box
}

// part tells what happened in a room the user was in all along.
func (v *view) part(r *room, d *delta) {
	box := &joinedBox{}
	rest := v.timeline(box, d.events)
	if v.stateAfter {
		rest = d.events
	}
	if state := v.stateEvents(rest); len(state) > 0 && v.stateAfter {
		box.StateAfter = &eventBox{Events: state}
	} else if len(state) > 0 {
		box.State = &eventBox{Events: state}
	} else if v.stateAfter {
		box.StateAfter = &eventBox{Events: state}
	}
	v.ephemeral(box, r, d)
	for _, ev := range d.events {
		if u := v.joiner(ev); u != nil {
			v.mention(u)
			v.joined[u.id] = true
		}
	}
	if box.State != nil || len(d.events) > 0 && box.StateAfter != nil || box.Timeline != nil || box.Ephemeral != nil {
		v.box().Join[r.id] = box
	}
}

// joiner is the user whose presence comes along with a join.
func (v *view) joiner(ev *roomEvent) *user {
	if v.s.quirks.NoPresenceOnJoin || ev.kind != "m.room.member" || ev.content["membership"] != "join" {
		return nil
	}
	return v.s.users[*ev.stateKey]
}

// timeline fills the box's timeline and returns the events that are for the
// state section: those before the first event shown, and on Dendrite every
// member event. What the timeline's filter hides is in neither, which is how a
// careless filter loses joins (Synapse handlers/sync.py).
func (v *view) timeline(box *joinedBox, events []*roomEvent) (rest []*roomEvent) {
	var shown []*roomEvent
	for _, ev := range events {
		switch {
		case v.s.quirks.MembersInState && ev.kind == "m.room.member":
			rest = append(rest, ev)
		case v.filter.Room.Timeline.allows(ev.kind):
			shown = append(shown, ev)
		}
	}
	limit := v.filter.Room.Timeline.limit()
	if most := v.s.quirks.TimelineLimit; most > 0 {
		limit = min(limit, most)
	}
	limited := len(shown) > limit
	if limited {
		rest = append(rest, shown[:len(shown)-limit]...)
		shown = shown[len(shown)-limit:]
	}
	if len(shown) > 0 {
		box.Timeline = &timelineBox{Limited: limited, Events: texts(shown)}
	}
	return rest
}

func (v *view) timelineEvents(events []*roomEvent) []json.RawMessage {
	return texts(slices.DeleteFunc(slices.Clone(events), func(ev *roomEvent) bool { return !v.filter.Room.Timeline.allows(ev.kind) }))
}

// stateEvents is the newest event of each type and key.
func (v *view) stateEvents(events []*roomEvent) []json.RawMessage {
	newest := map[[2]string]bool{}
	state := []json.RawMessage{}
	for _, ev := range slices.Backward(events) {
		if ev.stateKey == nil || !v.filter.Room.State.allows(ev.kind) {
			continue
		}
		if key := [2]string{ev.kind, *ev.stateKey}; !newest[key] {
			newest[key] = true
			state = append(state, ev.json)
		}
	}
	slices.Reverse(state)
	return state
}

func texts(events []*roomEvent) []json.RawMessage {
	list := make([]json.RawMessage, len(events))
	for i, ev := range events {
		list[i] = ev.json
	}
	return list
}

func (v *view) ephemeral(box *joinedBox, r *room, d *delta) {
	var events []json.RawMessage
	if d.typing && v.filter.Room.Ephemeral.allows("m.typing") {
		events = append(events, typingEvent(r.typingList()))
	}
	if len(d.receipts) > 0 && v.filter.Room.Ephemeral.allows("m.receipt") {
		events = append(events, receiptEvent(r, slices.Sorted(maps.Keys(d.receipts))))
	}
	if len(events) > 0 {
		box.Ephemeral = &eventBox{Events: events}
	}
}

// repeatTyping adds the empty lists Dendrite repeats.
func (v *view) repeatTyping() {
	for _, r := range v.session.user.rooms {
		if !r.repeat {
			continue
		}
		box := v.box().Join[r.id]
		if box == nil {
			box = &joinedBox{}
			v.box().Join[r.id] = box
		}
		if box.Ephemeral == nil {
			box.Ephemeral = &eventBox{Events: []json.RawMessage{typingEvent([]string{})}}
		}
	}
}

func typingEvent(users []string) json.RawMessage {
	return mustJSON(map[string]any{"type": "m.typing", "content": map[string]any{"user_ids": users}})
}

func receiptEvent(r *room, users []string) json.RawMessage {
	byUser := map[string]any{}
	for _, userID := range users {
		byUser[userID] = map[string]any{"ts": r.receipts[userID].at.UnixMilli(), "thread_id": "main"}
	}
	return mustJSON(map[string]any{"type": "m.receipt", "content": map[string]any{"$latest": map[string]any{"m.read": byUser}}})
}
