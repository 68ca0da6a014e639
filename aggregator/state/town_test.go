package state_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"presence/aggregator/state"
	"presence/spaces"
)

// town is an engine with a clock and words for what happens to it. Users are
// named by one word: "ann" is @ann:x. It starts with the public rooms general
// (!general:x, zone central) and lab (zone north), the private room vault
// (zone north), all linked and observed with nobody in them, and sync ok.
type town struct {
	*state.Engine
	t     *testing.T
	now   time.Time
	links []spaces.Link
}

func newTown(t *testing.T, edit ...func(*state.Config)) *town {
	t.Parallel()
	cfg := state.Config{
		Self: "@daemon:x", Agents: []state.Agent{{UserID: "@bot:x"}}, Grace: 5 * time.Second,
		Exclude: []*regexp.Regexp{regexp.MustCompile(`^@bridge_`)}, Infer: true, CountIdle: true,
	}
	for _, change := range edit {
		change(&cfg)
	}
	w := &town{Engine: state.New(cfg), t: t, now: time.UnixMilli(1_700_000_000_000)}
	w.links = []spaces.Link{link("general", "central", true), link("lab", "north", true), link("vault", "north", false)}
	w.SetLinks(w.now, w.links)
	w.apply(state.Batch{Initial: true, Rooms: []state.RoomFacts{complete("general", "daemon"), complete("lab", "daemon"), complete("vault", "daemon")}})
	w.TakeChanged()
	return w
}

func link(slug, zone string, public bool) spaces.Link {
	return spaces.Link{Slug: spaces.Slug(slug), RoomID: roomID(slug), Alias: "#city_" + slug + ":x", Zone: zone, Public: public}
}

func roomID(name string) string { return "!" + name + ":x" }
func userID(name string) string { return "@" + name + ":x" }

func joins(users ...string) []state.MemberFact { return members("join", users) }

func members(membership string, users []string) []state.MemberFact {
	facts := make([]state.MemberFact, len(users))
	for i, name := range users {
		facts[i] = state.MemberFact{UserID: userID(name), Membership: membership}
	}
	return facts
}

func complete(room string, users ...string) state.RoomFacts {
	return state.RoomFacts{RoomID: roomID(room), Complete: true, Members: joins(users...)}
}

func (w *town) apply(b state.Batch) {
	b.At = w.now
	w.Apply(b)
}

func (w *town) facts(rooms ...state.RoomFacts) { w.apply(state.Batch{Rooms: rooms}) }

// wait lets time pass, ticking as the aggregator does.
func (w *town) wait(d time.Duration) {
	w.now = w.now.Add(d)
	for {
		next, ok := w.NextTick()
		if !ok || next.After(w.now) {
			return
		}
		w.Tick(next)
	}
}

func (w *town) join(room string, users ...string) {
	w.facts(state.RoomFacts{RoomID: roomID(room), Members: joins(users...)})
}

func (w *town) leave(room string, users ...string) {
	w.facts(state.RoomFacts{RoomID: roomID(room), Members: members("leave", users)})
}

// presence gives words such as "ann online", "bob offline".
func (w *town) presence(words ...string) {
	var b state.Batch
	for _, word := range words {
		name, is, _ := strings.Cut(word, " ")
		b.Presence = append(b.Presence, state.PresenceFact{UserID: userID(name), Presence: is})
	}
	w.apply(b)
}

func typing(room string, users ...string) state.RoomFacts {
	ids := []string{}
	for _, name := range users {
		ids = append(ids, userID(name))
	}
	return state.RoomFacts{RoomID: roomID(room), Typing: &ids}
}

func (w *town) evidence(room, user string, kind state.EvidenceKind, at time.Time) state.RoomFacts {
	return state.RoomFacts{RoomID: roomID(room), Evidence: []state.Evidence{{UserID: userID(user), Kind: kind, At: at}}}
}

func (w *town) message(room, user string) {
	w.facts(w.evidence(room, user, state.EvidenceMessage, w.now))
}

// room spells a room: active/idle/unknown of members, who types, flags.
func (w *town) room(slug string) string {
	p, ok := w.Room(spaces.Slug(slug))
	if !ok {
		return "unknown"
	}
	words := []string{fmt.Sprintf("%d/%d/%d of %d", p.ActiveCount, p.IdleCount, p.UnknownCount, p.MemberCount)}
	for _, id := range p.TypingUsers {
		words = append(words, strings.TrimSuffix(id[1:], ":x")+"…")
	}
	if p.Source != spaces.SourceMatrix {
		words = append(words, string(p.Source))
	}
	if p.Stale {
		words = append(words, "stale")
	}
	return strings.Join(words, " ")
}

// expect fails unless the room is spelled like that.
func (w *town) expect(slug, want string) {
	w.t.Helper()
	if got := w.room(slug); got != want {
		w.t.Errorf("%s is %q, want %q", slug, got, want)
	}
}

// expectCity fails unless the totals are active+idle of the city and its zones.
func (w *town) expectCity(want string) {
	w.t.Helper()
	city, ok := w.City()
	got := "unknown"
	if ok {
		got = fmt.Sprintf("%d+%d in %d", city.ActiveCount, city.IdleCount, city.RoomsOnline)
		for _, z := range city.Zones {
			got += fmt.Sprintf(", %s %d+%d in %d", z.Zone, z.ActiveCount, z.IdleCount, z.RoomsOnline)
		}
	}
	if got != want {
		w.t.Errorf("the city is %q, want %q", got, want)
	}
}

// expectChanged fails unless exactly these rooms are named as changed.
func (w *town) expectChanged(slugs ...string) {
	w.t.Helper()
	var got []string
	for _, slug := range w.TakeChanged().Rooms {
		got = append(got, string(slug))
	}
	if !slices.Equal(got, slugs) {
		w.t.Errorf("changed rooms %v, want %v", got, slugs)
	}
}

func (w *town) expectUser(name, want string) {
	w.t.Helper()
	p, ok := w.User(userID(name))
	if got := p.Status; ok && got != want || !ok && want != "" {
		w.t.Errorf("%s is %q, want %q", name, got, want)
	}
}

// restarted is the same town after its rows went through a database.
func (w *town) restarted() *town {
	w.ResetRows()
	rows := w.TakeRows()
	again := &town{Engine: state.New(state.Config{Self: "@daemon:x", Agents: []state.Agent{{UserID: "@bot:x"}}, Infer: true, CountIdle: true}), t: w.t, now: w.now, links: w.links}
	again.Restore(w.now, rows)
	again.SetSync(w.now, spaces.SyncStarting, w.now)
	again.SetLinks(w.now, w.links)
	return again
}
