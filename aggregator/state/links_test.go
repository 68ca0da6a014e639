package state_test

import (
	"slices"
	"testing"
	"time"

	"presence/aggregator/state"
	"presence/spaces"
)

// relink changes the links, checks that a second time is free, and returns what
// the first time named.
func (w *town) relink(edit func([]spaces.Link) []spaces.Link) state.Changed {
	w.t.Helper()
	w.TakeChanged()
	w.links = edit(slices.Clone(w.links))
	w.SetLinks(w.now, w.links)
	changed := w.TakeChanged()
	w.SetLinks(w.now, w.links)
	if again := w.TakeChanged(); len(again.Rooms)+len(again.Links)+len(again.Removed) > 0 || again.City {
		w.t.Errorf("the same links again named %+v", again)
	}
	return changed
}

func TestRoomLinkedLaterIsRightAtOnce(t *testing.T) {
	w := newTown(t)
	w.facts(complete("attic", "ann", "bob"))
	w.presence("ann online")
	w.facts(typing("attic", "bob"))
	changed := w.relink(func(l []spaces.Link) []spaces.Link { return append(l, link("attic", "north", true)) })
	if !slices.Contains(changed.Rooms, "attic") || !slices.Contains(changed.Links, "attic") || !changed.City {
		t.Errorf("changed %+v", changed)
	}
	w.expect("attic", "2/0/0 of 2 bob… mixed")
	w.expectCity("2+0 in 1, central 0+0 in 0, north 2+0 in 1")
}

func TestLinkRemovedRenamedMadePrivateMoved(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann")
	w.presence("ann online")
	w.expectCity("1+0 in 1, central 1+0 in 1, north 0+0 in 0")

	changed := w.relink(func(l []spaces.Link) []spaces.Link { l[0].Zone = "north"; return l })
	w.expectCity("1+0 in 1, north 1+0 in 1")
	if !changed.City || !slices.Equal(changed.Links, []spaces.Slug{"general"}) {
		t.Errorf("moving named %+v", changed)
	}

	changed = w.relink(func(l []spaces.Link) []spaces.Link { l[0].Public = false; return l })
	w.expectCity("0+0 in 0, north 0+0 in 0")
	w.expect("general", "1/0/0 of 1")
	if !changed.City {
		t.Error("making a room private did not name the city")
	}

	changed = w.relink(func(l []spaces.Link) []spaces.Link { l[0].Slug = "plaza"; return l })
	w.expect("general", "unknown")
	w.expect("plaza", "1/0/0 of 1")
	if !slices.Equal(changed.Removed, []spaces.Slug{"general"}) || !slices.Equal(changed.Rooms, []spaces.Slug{"plaza"}) {
		t.Errorf("renaming named %+v", changed)
	}

	w.relink(func(l []spaces.Link) []spaces.Link { return nil })
	w.expectCity("unknown")
	w.presence("ann offline")
	w.wait(time.Minute)
	w.relink(func([]spaces.Link) []spaces.Link { return []spaces.Link{link("general", "", true)} })
	w.expect("general", "0/0/0 of 1")
	w.expectCity("0+0 in 0, central 0+0 in 0")
}

func TestLastCountSurvivesARenameOfItsLink(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann")
	w.presence("ann online")
	w.facts(state.RoomFacts{RoomID: "!general:x", Left: true})
	w.relink(func(l []spaces.Link) []spaces.Link { l[0].Slug, l[0].Public = "aaa", false; return l })
	w.expect("aaa", "1/0/0 of 1 stale")
}

func TestUpgradedRoomCountsOldAndNewOnce(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann", "bob")
	w.presence("ann online", "bob online")
	w.facts(state.RoomFacts{RoomID: "!general:x", ReplacedBy: "!v2:x", Alias: "#general:x"})
	w.expect("general", "2/0/0 of 2")
	w.apply(state.Batch{
		Rooms:    []state.RoomFacts{complete("v2", "ann", "cat")},
		Presence: []state.PresenceFact{{UserID: "@cat:x", Presence: "online"}},
	})
	w.facts(typing("v2", "ann"), typing("general", "ann"))
	w.expect("general", "3/0/0 of 3 ann…")
	w.expectCity("3+0 in 1, central 3+0 in 1, north 0+0 in 0")
	w.restarted().expect("general", "3/0/0 of 3 stale")
	w.leave("general", "ann")
	w.expect("general", "3/0/0 of 3 ann…")
	w.facts(state.RoomFacts{RoomID: "!general:x", Left: true})
	w.expect("general", "2/0/0 of 2 ann…")
	w.relink(func(l []spaces.Link) []spaces.Link { l[0].RoomID = "!v2:x"; return l })
	w.expect("general", "2/0/0 of 2 ann…")
	w.facts(state.RoomFacts{RoomID: "!v2:x", ReplacedBy: "!v2:x"}, state.RoomFacts{RoomID: "!v2:x", ReplacedBy: "!general:x"})
	w.expect("general", "2/0/0 of 2 ann…")
}

func TestTwoLinksOnOneRoomAndTwoLinksOfOneSlug(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann")
	w.presence("ann online")
	twin := link("general", "north", true)
	twin.Slug = "twin"
	w.relink(func(l []spaces.Link) []spaces.Link { return append(l, twin, link("twin", "east", true)) })
	w.expect("twin", "1/0/0 of 1")
	w.expectCity("1+0 in 2, central 1+0 in 1, north 1+0 in 1")
}

func TestAliasComesFromTheRoomElseFromTheLink(t *testing.T) {
	w := newTown(t)
	alias := func(want string) {
		t.Helper()
		if p, _ := w.Room("general"); p.Alias != want {
			t.Errorf("alias %q, want %q", p.Alias, want)
		}
	}
	alias("#city_general:x")
	w.TakeChanged()
	w.facts(state.RoomFacts{RoomID: "!general:x", Alias: "#plaza:x"})
	alias("#plaza:x")
	w.expectChanged("general")
}

func TestStampsOfARoom(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann")
	joined := w.now
	w.wait(time.Minute)
	w.apply(state.Batch{})
	p, _ := w.Room("general")
	if p.LastEventTS != joined.UnixMilli() || p.ReceivedTS != joined.UnixMilli() || p.AsOf != w.now.UnixMilli() {
		t.Errorf("stamps %+v, want the event of %d as of %d", p, joined.UnixMilli(), w.now.UnixMilli())
	}
	w.message("general", "ann")
	if p, _ := w.Room("general"); p.LastEventTS != w.now.UnixMilli() {
		t.Error("a message is no event")
	}
}
