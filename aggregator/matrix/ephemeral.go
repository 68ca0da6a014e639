package matrix

import (
	"time"

	"github.com/tidwall/gjson"

	"presence/aggregator/state"
	"presence/spaces"
)

// evidenceLife is longer than the state engine keeps any sign of life
// (5 minutes active, then 15 recent).
const evidenceLife = 25 * time.Minute

// ephemeral takes one ephemeral event. Dendrite ignores the filter's types
// here, so others may appear; they are not faults.
func (r *roomDecoder) ephemeral(e gjson.Result) {
	ev := readEvent(e)
	switch ev.kind {
	case "m.typing":
		r.typing(ev)
	case "m.receipt":
		r.receipts(ev)
	case "":
		r.out.Dropped.Ephemeral++
	}
}

// typing takes the server's whole list; an empty one is the stop signal. A
// missing list is not an empty one.
func (r *roomDecoder) typing(ev syncEvent) {
	list := ev.content.Get("user_ids")
	if !list.IsArray() {
		r.out.Dropped.Ephemeral++
		return
	}
	users := []string{}
	list.ForEach(func(_, user gjson.Result) bool {
		if spaces.ValidUserID(user.Str) {
			users = append(users, r.copy(user.Str))
		} else {
			r.out.Dropped.Ephemeral++
		}
		return true
	})
	r.facts.Typing = &users
}

// receipts takes public read receipts: content.{event id}.m.read.{user}.ts.
// m.read.private of others never reaches us.
func (r *roomDecoder) receipts(ev syncEvent) {
	if !ev.content.IsObject() {
		r.out.Dropped.Ephemeral++
		return
	}
	ev.content.ForEach(func(_, byType gjson.Result) bool {
		if !byType.IsObject() {
			r.out.Dropped.Ephemeral++
			return true
		}
		byType.ForEach(func(kind, users gjson.Result) bool {
			if kind.Str == "m.read" && users.IsObject() {
				users.ForEach(r.receipt)
			}
			return true
		})
		return true
	})
}

func (r *roomDecoder) receipt(user, data gjson.Result) bool {
	at, ok := moment(data.Get("ts"))
	if !ok || !spaces.ValidUserID(user.Str) {
		r.out.Dropped.Ephemeral++
		return true
	}
	r.evidence(user.Str, state.EvidenceReceipt, syncEvent{at: at})
	return true
}
