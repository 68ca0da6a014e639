package state_test

import (
	"testing"
	"time"

	"presence/aggregator/state"
	"presence/spaces"
)

func TestBlindIsNotEmpty(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann", "bob")
	w.presence("ann online", "bob online")
	w.presence("bob offline")
	w.facts(typing("general", "ann"))
	asOf := w.now
	w.wait(time.Second)
	w.SetSync(w.now, spaces.SyncDegraded, asOf)
	w.expect("general", "2/0/0 of 2")
	w.TakeChanged()
	w.SetSync(w.now, spaces.SyncLost, asOf)
	w.expectChanged("general", "lab", "vault")
	w.wait(24 * time.Hour)
	w.Tick(w.now)
	w.expect("general", "2/0/0 of 2 stale")
	w.expectUser("ann", "unknown")
	if p, _ := w.Room("general"); p.AsOf != asOf.UnixMilli() {
		t.Errorf("as of %d, want %d", p.AsOf, asOf.UnixMilli())
	}
	if c, ok := w.City(); !ok || !c.Stale || c.OnlineCount != 2 {
		t.Errorf("the city is %+v, %v", c, ok)
	}
	if next, ok := w.NextTick(); ok {
		t.Errorf("something would happen unseen at %v", next)
	}
	w.TakeChanged()
	w.apply(state.Batch{Gap: true})
	w.expectChanged("general", "lab", "vault")
	w.expect("general", "1/0/0 of 2")
	w.SetSync(w.now, spaces.SyncOK, w.now)
	w.expectChanged()
}

func TestSignsOfLifeDoNotAgeWhileBlind(t *testing.T) {
	w := newSilentServer(t)
	w.message("general", "ann")
	w.wait(time.Minute)
	w.SetSync(w.now, spaces.SyncLost, w.now)
	w.wait(time.Hour)
	w.Tick(w.now)
	w.expect("general", "1/0/1 of 2 inferred stale")
	w.apply(state.Batch{Gap: true, Rooms: []state.RoomFacts{w.evidence("general", "bob", state.EvidenceMessage, w.now)}})
	w.expect("general", "1/0/0 of 2 inferred") // ann is an hour older, bob is here
}

func TestNothingIsFreshBeforeTheFirstResponse(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann")
	w.presence("ann online")
	again := w.restarted()
	again.expect("general", "1/0/0 of 1 stale")
	again.SetSync(again.now, spaces.SyncDegraded, time.Time{})
	again.expect("general", "1/0/0 of 1 stale")
	again.apply(state.Batch{})
	again.expect("general", "1/0/0 of 1")
}

func TestRoomTheDaemonIsOutOfKeepsItsLastCount(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann", "bot")
	w.join("lab", "ann", "bob")
	w.presence("ann online", "bob unavailable", "bot online")
	seen := w.now
	w.wait(time.Minute)
	w.TakeChanged()
	w.facts(state.RoomFacts{RoomID: "!general:x", Left: true})
	w.expect("general", "1/0/0 of 1 stale")
	w.expect("lab", "1/1/0 of 2")
	w.expectChanged("general")
	w.expectCity("1+1 in 1, north 1+1 in 1") // central is unknown, not empty
	if city, _ := w.City(); city.RoomsUnseen != 1 || city.Zones[0].RoomsUnseen != 0 {
		t.Errorf("the totals do not say which rooms they leave out: %+v", city)
	}
	w.expectUser("bot", "")
	if p, _ := w.Room("general"); p.AsOf != seen.UnixMilli() || p.AgentCount != 1 || len(p.Agents) != 1 {
		t.Errorf("the last look is %+v, want the one of %d", p, seen.UnixMilli())
	}
	w.presence("ann offline")
	w.wait(time.Hour)
	w.expect("general", "1/0/0 of 1 stale")
	w.restarted().expect("general", "1/0/0 of 1 stale")
	w.facts(complete("general", "daemon", "ann"))
	w.expect("general", "0/0/0 of 1")
}

func TestRoomNeverObservedHasNoPresence(t *testing.T) {
	w := newTown(t)
	w.SetLinks(w.now, append(w.links, link("new", "east", true), spaces.Link{Slug: "nowhere", Alias: "#a:x", Public: true}))
	w.join("new", "ann") // one join is not the whole list
	w.expect("new", "unknown")
	w.expect("nowhere", "unknown")
	w.expect("unheard", "unknown")
	w.expectCity("0+0 in 0, central 0+0 in 0, north 0+0 in 0")
	if s := w.Stats(); s.Rooms != 4 || s.Joined != 3 || s.Users != 1 {
		t.Errorf("stats %+v", s)
	}
	w.Reconcile(w.now, "!new:x", []string{"@ann:x", "@bob:x", "@daemon:x"})
	w.expect("new", "0/0/2 of 2")
}

func TestLeavingTheLastSharedRoomDropsPresence(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann")
	w.join("lab", "ann")
	w.presence("ann online")
	w.leave("general", "ann")
	w.expectUser("ann", "online")
	w.leave("lab", "ann")
	w.expectUser("ann", "")
	w.join("lab", "ann")
	w.expectUser("ann", "unknown")
}

func TestLastMemberEventOfAResponseWins(t *testing.T) {
	w := newTown(t)
	f := state.RoomFacts{RoomID: "!general:x"}
	for _, word := range []string{"join", "leave", "join", "ban", "knock", "invite", "join"} {
		f.Members = append(f.Members, members(word, []string{"ann"})...)
	}
	w.facts(f)
	w.expect("general", "0/0/1 of 1")
	w.facts(state.RoomFacts{RoomID: "!general:x", Members: members("ban", []string{"ann"})})
	w.expect("general", "0/0/0 of 0")
}

func TestReconcileCountsCorrections(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann", "bob")
	if n := w.Reconcile(w.now, "!general:x", []string{"@bob:x", "@cat:x", "@dan:x", "@daemon:x", "@bridge_1:x"}); n != 3 {
		t.Errorf("%d corrections, want 3: ann is gone, cat and dan are in", n)
	}
	w.expect("general", "0/0/3 of 3")
	if n := w.Reconcile(w.now, "!general:x", nil); n != 0 {
		t.Errorf("an empty list corrected %d", n)
	}
	if n := w.Reconcile(w.now, "!fresh:x", []string{"@ann:x"}); n != 0 {
		t.Errorf("a first look corrected %d", n)
	}
	w.expect("general", "0/0/3 of 3")
}

func TestAClockThatStepsBackIsSurvived(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann")
	w.presence("ann online")
	w.now = w.now.Add(-time.Hour)
	w.presence("ann offline")
	w.wait(time.Hour + 5*time.Second)
	w.expect("general", "0/0/0 of 1")
}

func TestTypingEndedByBlindnessLivesOnFromTheLastResponse(t *testing.T) {
	w := newSilentServer(t)
	w.facts(typing("general", "ann"))
	asOf := w.now
	w.wait(45 * time.Second)
	w.SetSync(w.now, spaces.SyncDegraded, asOf)
	w.now = asOf.Add(59 * time.Second)
	w.apply(state.Batch{Gap: true})
	w.expect("general", "1/0/1 of 2 inferred")
	w.wait(time.Second)
	w.expect("general", "0/1/1 of 2 inferred")
}
