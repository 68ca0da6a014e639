package state_test

import (
	"math/rand/v2"
	"regexp"
	"time"

	"presence/aggregator/state"
	"presence/spaces"
)

var (
	allUsers = []string{"@daemon:x", "@bridge_1:x", "@bot:x", "@a:x", "@b:x", "@c:x", "@d.e:y", "@f=/:y", "@g:y"}
	allRooms = []string{"!a:x", "!b:x", "!c:x", "!d:x", "!e:x"}
	allSlugs = []spaces.Slug{"alpha", "beta", "gamma", "delta"}
	allZones = []string{"central", "north"}
)

// dice makes random facts; probabilities are per mille.
type dice struct{ *rand.Rand }

func (d dice) chance(perMille int) bool { return d.IntN(1000) < perMille }

func pick[T any](d dice, from ...T) T { return from[d.IntN(len(from))] }

func newScenario(seed uint64) *scenario {
	d := dice{rand.New(rand.NewPCG(seed, 1))}
	sc := &scenario{seed: seed, cfg: state.Config{
		Self:        "@daemon:x",
		Agents:      []state.Agent{{UserID: "@bot:x", Name: pick(d, "", "Bot")}},
		Exclude:     []*regexp.Regexp{regexp.MustCompile(`^@bridge_`)},
		Grace:       pick(d, 0, 5*time.Second, 10*time.Second),
		TypingCap:   pick(d, 20*time.Second, 2*time.Minute),
		OnlineLimit: pick(d, 0, 10*time.Minute, time.Hour),
		Infer:       d.chance(700),
		CountIdle:   d.chance(800),
	}}
	sc.ops = append(sc.ops, op{SetLinks: true, Links: d.links()})
	if d.chance(400) {
		off := false
		sc.ops = append(sc.ops, op{Support: &off})
	}
	for range 120 {
		sc.ops = append(sc.ops, d.op())
	}
	return sc
}

func (d dice) op() op {
	o := op{After: d.pause()}
	switch n := d.IntN(100); {
	case n < 58:
		o.Batch = d.batch()
	case n < 69:
		v := d.visit()
		o.Visit, o.Inside = &v, d.chance(600)
	case n < 70:
		o.Anew = true
		for range d.IntN(6) {
			o.Visits = append(o.Visits, d.visit())
		}
	case n < 76:
		o.SetLinks, o.Links = true, d.links()
	case n < 83:
		o.Sync = pick(d, spaces.SyncOK, spaces.SyncDegraded, spaces.SyncLost)
	case n < 85:
		on := d.chance(600)
		o.Support = &on
	case n < 91:
		o.Room, o.Joined = pick(d, allRooms...), d.users(6)
	case n < 94:
		o.Restart = true
	}
	if o.Room != "" && len(o.Joined) == 0 {
		o.Joined = []string{"@daemon:x"}
	}
	return o
}

// pause is mostly short, but passes every limit now and then.
func (d dice) pause() time.Duration {
	longest := pick(d, 100*time.Millisecond, 4*time.Second, 4*time.Second, 40*time.Second, 4*time.Minute, time.Hour)
	return time.Duration(d.Int64N(longest.Milliseconds())) * time.Millisecond
}

func (d dice) links() []spaces.Link {
	var links []spaces.Link
	for _, slug := range allSlugs {
		if d.chance(800) {
			links = append(links, spaces.Link{
				Slug: slug, RoomID: pick(d, append(allRooms, "")...), Alias: "#city_" + string(slug) + ":x",
				Zone: pick(d, allZones...), Public: d.chance(800),
			})
		}
	}
	return links
}

func (d dice) users(most int) []string {
	var ids []string
	for range d.IntN(most + 1) {
		ids = append(ids, pick(d, allUsers...))
	}
	return ids
}

func (d dice) batch() *state.Batch {
	b := &state.Batch{Initial: d.chance(40), Gap: d.chance(60)}
	for _, room := range allRooms {
		if d.chance(350) || b.Initial && d.chance(700) {
			b.Rooms = append(b.Rooms, d.room(room))
		}
	}
	for _, id := range allUsers {
		if d.chance(250) {
			b.Presence = append(b.Presence, d.presence(id))
		}
	}
	return b
}

func (d dice) visit() state.Visit {
	subject := pick(d, "hive:ann", "guest:1", "4f1c-uuid")
	if d.chance(700) {
		subject = "matrix:" + pick(d, append(allUsers, "@stranger:z")...)
	}
	return state.Visit{Slug: pick(d, append(allSlugs, "nowhere")...), Subject: subject}
}

func (d dice) room(id string) state.RoomFacts {
	f := state.RoomFacts{RoomID: id, Left: d.chance(40), Complete: d.chance(250)}
	if f.Complete || d.chance(300) {
		for _, user := range d.users(8) {
			f.Members = append(f.Members, state.MemberFact{UserID: user, Membership: pick(d, "join", "join", "join", "leave", "ban", "invite", "knock", "?")})
		}
	}
	if d.chance(400) {
		list := d.users(3)
		f.Typing = &list
	}
	for _, user := range d.users(2) {
		if d.chance(500) {
			f.Evidence = append(f.Evidence, d.evidence(user))
		}
	}
	if d.chance(100) {
		f.Calls = append(f.Calls, d.call())
	}
	if d.chance(50) {
		f.Alias = "#renamed:x"
	}
	if d.chance(20) {
		f.ReplacedBy = pick(d, allRooms...)
	}
	return f
}

// evidence has a time relative to the batch: mostly now, sometimes long ago,
// sometimes from a clock ahead of ours.
func (d dice) evidence(user string) state.Evidence {
	ago := pick(d, 0, time.Second, time.Minute, 4*time.Minute, 16*time.Minute, 25*time.Hour, -time.Hour)
	return state.Evidence{
		UserID: user, At: time.UnixMilli(-ago.Milliseconds()),
		Kind: pick(d, state.EvidenceMessage, state.EvidenceReceipt, state.EvidenceTyping, state.EvidenceJoin),
	}
}

func (d dice) call() state.CallFact {
	until := pick(d, 0, time.Minute, time.Hour, 9*time.Hour)
	fact := state.CallFact{UserID: pick(d, allUsers...), Key: pick(d, "phone", "desktop")}
	if until > 0 {
		fact.Until = time.UnixMilli(until.Milliseconds())
	}
	return fact
}

func (d dice) presence(id string) state.PresenceFact {
	return state.PresenceFact{
		UserID:        id,
		Presence:      pick(d, "online", "online", "unavailable", "offline", "busy", "org.matrix.msc3026.busy", "", "dancing"),
		LastActiveAgo: pick(d, 0, time.Second, 3*time.Minute, 3*time.Hour), HasLastActive: d.chance(700),
		CurrentlyActive: d.chance(300),
	}
}
