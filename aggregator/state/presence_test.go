package state_test

import (
	"testing"
	"time"

	"presence/aggregator/state"
)

func TestAbsentOnInitialSyncIsUnknownNotOffline(t *testing.T) {
	w := newTown(t)
	w.apply(state.Batch{Initial: true, Rooms: []state.RoomFacts{complete("general", "ann", "bob")}, Presence: []state.PresenceFact{{UserID: "@ann:x", Presence: "online"}}})
	w.expect("general", "1/0/1 of 2")
	w.presence("bob offline")
	w.expect("general", "1/0/0 of 2")
}

func TestPresenceWords(t *testing.T) {
	for word, want := range map[string]string{
		"online": "1/0/0 of 1", "busy": "1/0/0 of 1", "org.matrix.msc3026.busy": "1/0/0 of 1",
		"unavailable": "0/1/0 of 1", "offline": "0/0/0 of 1", "": "0/0/1 of 1", "dancing": "0/0/1 of 1",
	} {
		t.Run("presence="+word, func(t *testing.T) {
			w := newTown(t)
			w.join("general", "ann")
			w.presence("ann " + word)
			w.expect("general", want)
		})
	}
}

func TestIdlePeopleCountOnlyWhenTheOperatorSaysSo(t *testing.T) {
	w := newTown(t, func(c *state.Config) { c.CountIdle = false })
	w.join("general", "ann")
	w.presence("ann unavailable")
	if p, _ := w.Room("general"); p.OnlineCount != 0 || p.IdleCount != 1 {
		t.Errorf("online %d, idle %d; want 0 and 1", p.OnlineCount, p.IdleCount)
	}
	w.expectCity("0+1 in 0, central 0+1 in 0, north 0+0 in 0")
}

func TestPresenceOfANewMemberComesInAnyOrderOfTheResponse(t *testing.T) {
	w := newTown(t)
	w.apply(state.Batch{
		Presence: []state.PresenceFact{{UserID: "@ann:x", Presence: "online"}},
		Rooms:    []state.RoomFacts{{RoomID: "!general:x", Members: joins("ann")}},
	})
	w.expect("general", "1/0/0 of 1")
	w.expectChanged("general")
}

func TestPresenceOfStrangersIsNotKept(t *testing.T) {
	w := newTown(t)
	w.presence("stranger online")
	w.expectUser("stranger", "")
	w.join("general", "stranger")
	w.expect("general", "0/0/1 of 1")
}

func TestDownwardChangesWaitForGraceAndUpwardOnesDoNot(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann")
	w.presence("ann online")
	w.presence("ann offline")
	w.expect("general", "1/0/0 of 1")
	w.wait(4999 * time.Millisecond)
	w.expect("general", "1/0/0 of 1")
	w.presence("ann online")
	w.wait(time.Second)
	w.TakeChanged()
	w.presence("ann unavailable")
	w.wait(3 * time.Second)
	w.presence("ann offline")
	w.expectChanged()
	w.wait(2 * time.Second)
	w.expect("general", "0/1/0 of 1") // each fall waits its own time
	w.expectChanged("general")
	w.wait(3 * time.Second)
	w.expect("general", "0/0/0 of 1")
}

func TestOnlineWithoutConfirmationBecomesUnknown(t *testing.T) {
	w := newTown(t, func(c *state.Config) { c.OnlineLimit = time.Hour })
	w.join("general", "ann", "bob", "cat", "dan")
	w.presence("ann online", "cat unavailable", "dan online")
	w.apply(state.Batch{Presence: []state.PresenceFact{{UserID: "@bob:x", Presence: "online", CurrentlyActive: true}}})
	w.wait(59 * time.Minute)
	w.facts(w.evidence("general", "dan", state.EvidenceReceipt, w.now))
	w.expect("general", "3/1/0 of 4")
	w.wait(time.Minute)
	w.expect("general", "2/0/2 of 4") // bob promised silence, dan was seen
	w.wait(time.Hour)
	w.expect("general", "1/0/3 of 4")
	w.wait(2 * time.Minute)
	w.expect("general", "0/0/4 of 4")
	w.presence("ann online")
	w.expect("general", "1/0/3 of 4")
}

func TestRepeatedPresenceConfirmsNothing(t *testing.T) {
	w := newTown(t, func(c *state.Config) { c.OnlineLimit = time.Hour })
	w.join("general", "ann")
	begin := w.now
	for range 5 {
		w.apply(state.Batch{Presence: []state.PresenceFact{{UserID: "@ann:x", Presence: "online", HasLastActive: true, LastActiveAgo: w.now.Sub(begin)}}})
		w.wait(15 * time.Minute)
	}
	w.expect("general", "0/0/1 of 1")
}

func TestLastActiveIsMadeAbsoluteOnce(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann")
	w.apply(state.Batch{Presence: []state.PresenceFact{{UserID: "@ann:x", Presence: "online", HasLastActive: true, LastActiveAgo: time.Minute}}})
	at := w.now.Add(-time.Minute).UnixMilli()
	w.wait(time.Hour)
	w.presence("ann unavailable")
	if p, _ := w.User("@ann:x"); p.LastActiveTS != at {
		t.Errorf("last active %d, want %d", p.LastActiveTS, at)
	}
}

func TestNoOpUpdatesNameNoRoom(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann")
	w.apply(state.Batch{Presence: []state.PresenceFact{{UserID: "@ann:x", Presence: "online", HasLastActive: true, LastActiveAgo: time.Minute}}})
	w.TakeChanged()
	w.apply(state.Batch{Presence: []state.PresenceFact{{UserID: "@ann:x", Presence: "busy", HasLastActive: true, CurrentlyActive: true}}})
	w.join("general", "ann", "daemon")
	w.message("general", "ann")
	w.facts(typing("general"))
	w.apply(state.Batch{})
	w.expectChanged()
	if p, _ := w.User("@ann:x"); p.LastActiveTS != w.now.UnixMilli() {
		t.Error("the sign of life was not kept")
	}
}

func TestInitialSyncForgetsWhatItDoesNotMention(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann", "bob")
	w.join("lab", "cat")
	w.presence("ann online", "bob online", "cat online")
	w.wait(time.Minute)
	w.apply(state.Batch{
		Initial: true, Rooms: []state.RoomFacts{complete("general", "ann", "bob")},
		Presence: []state.PresenceFact{{UserID: "@bob:x", Presence: "online"}},
	})
	w.expect("general", "1/0/1 of 2")
	w.expect("lab", "1/0/0 of 1 stale")
	w.expectUser("cat", "")
	w.expectCity("1+0 in 1, central 1+0 in 1")
}

func TestAgentsDaemonAndExcludedAreNotPeople(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann", "bot", "daemon", "bridge_7")
	w.presence("ann online", "bot busy", "daemon online", "bridge_7 online")
	w.facts(typing("general", "bot", "daemon", "bridge_7", "ann"))
	w.expect("general", "1/0/0 of 1 ann…")
	p, _ := w.Room("general")
	if len(p.Agents) != 1 || p.Agents[0].Status != "busy" || p.AgentCount != 1 {
		t.Errorf("agents %+v (%d), want the busy bot", p.Agents, p.AgentCount)
	}
	w.expectUser("bridge_7", "")
	w.presence("bot online")
	w.expectChanged("general")
	w.facts(state.RoomFacts{RoomID: "!general:x", Members: []state.MemberFact{{UserID: "@bot:x", Membership: "join", DisplayName: "Helper"}}})
	w.presence("bot offline")
	w.wait(time.Minute)
	if p, _ := w.Room("general"); p.AgentCount != 0 || p.Agents[0].Status != "offline" || p.Agents[0].Name != "Helper" {
		t.Errorf("agents %+v (%d), want Helper offline", p.Agents, p.AgentCount)
	}
}

func TestTotalsCountDistinctPeopleOfPublicRooms(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann", "bob")
	w.join("lab", "ann")
	w.join("vault", "ann", "spy")
	w.presence("ann online", "bob unavailable", "spy online")
	w.expectCity("1+1 in 2, central 1+1 in 1, north 1+0 in 1")
	w.facts(typing("general", "ann"), typing("lab", "ann"), typing("vault", "ann", "spy"))
	if c, _ := w.City(); c.TypingCount != 1 || c.Zones[0].TypingCount != 1 {
		t.Errorf("typing %d in the city, want ann once", c.TypingCount)
	}
	w.leave("lab", "ann")
	w.expectCity("1+1 in 1, central 1+1 in 1, north 0+0 in 0")
}
