package matrix

import (
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"presence/aggregator/state"
	"presence/spaces"
)

const (
	// defaultCallLife is what MSC3401 clients write into expires.
	defaultCallLife = 4 * time.Hour
	// maxSticky is the longest a sticky event may live (MSC4354).
	maxSticky = time.Hour
)

// call takes one membership of a MatrixRTC call, in any of its spellings:
// MSC3401 state (one event per device, or per user with a list), and MSC4143
// members, which are state or sticky events.
func (r *roomDecoder) call(ev syncEvent) {
	key := callKey(ev)
	if key == "" || !ev.content.IsObject() || !spaces.ValidUserID(ev.sender) {
		r.out.Dropped.Events++
		return
	}
	fact := state.CallFact{UserID: r.copy(ev.sender), Key: strings.Clone(key)}
	if until := callUntil(ev); until.After(r.out.Batch.At) {
		fact.Until = until
	}
	r.facts.Calls = append(r.facts.Calls, fact)
}

// callKey names the device's membership: the state key, or what MSC4143 put in
// its place.
func callKey(ev syncEvent) string {
	if ev.isState && ev.stateKey != "" {
		return ev.stateKey
	}
	for _, field := range []string{"sticky_key", "msc4354_sticky_key", "member.id"} {
		if key := ev.content.Get(field).Str; key != "" {
			return key
		}
	}
	return ev.id
}

// callUntil is when the membership ends; the zero time means it has ended. An
// empty content is how a device leaves.
func callUntil(ev syncEvent) time.Time {
	if list := ev.content.Get("memberships"); list.IsArray() {
		var last time.Time
		list.ForEach(func(_, m gjson.Result) bool {
			if until := expiry(m, ev.at); until.After(last) {
				last = until
			}
			return true
		})
		return last
	}
	if !ev.content.Get("application").Exists() {
		return time.Time{}
	}
	if ev.sticky > 0 && !ev.at.IsZero() {
		return ev.at.Add(min(ev.sticky, maxSticky))
	}
	return expiry(ev.content, ev.at)
}

// expiry is created_ts (or the event's own time) plus expires.
func expiry(content gjson.Result, sent time.Time) time.Time {
	created, ok := moment(content.Get("created_ts"))
	if !ok {
		created = sent
	}
	if created.IsZero() {
		return time.Time{}
	}
	life, ok := milliseconds(content.Get("expires"))
	if !ok {
		life = defaultCallLife
	}
	return created.Add(min(life, 24*time.Hour))
}
