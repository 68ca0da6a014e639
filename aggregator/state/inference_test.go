package state_test

import (
	"testing"
	"time"

	"presence/aggregator/state"
)

func newSilentServer(t *testing.T) *town {
	w := newTown(t)
	w.join("general", "ann", "bob")
	w.join("lab", "ann")
	w.SetPresenceSupport(w.now, false)
	return w
}

func TestSignsOfLifeAndTheirWindows(t *testing.T) {
	for kind, life := range map[state.EvidenceKind]time.Duration{
		state.EvidenceMessage: 5 * time.Minute, state.EvidenceReceipt: 3 * time.Minute,
		state.EvidenceTyping: time.Minute, state.EvidenceJoin: 2 * time.Minute,
	} {
		t.Run(life.String(), func(t *testing.T) {
			w := newSilentServer(t)
			w.facts(w.evidence("general", "ann", kind, w.now))
			w.wait(life - time.Millisecond)
			w.expect("general", "1/0/1 of 2 inferred")
			w.expect("lab", "1/0/0 of 1 inferred")
			w.TakeChanged()
			w.wait(time.Millisecond)
			w.expect("general", "0/1/1 of 2 inferred")
			w.expectChanged("general", "lab")
			w.wait(15 * time.Minute)
			w.expect("lab", "unknown")
			w.expectUser("ann", "offline")
			w.expectUser("bob", "unknown")
		})
	}
}

func TestZeroInferredIsUnknownNotEmpty(t *testing.T) {
	w := newSilentServer(t)
	w.expect("general", "unknown")
	w.expect("vault", "0/0/0 of 0") // nobody is a member: that is known
	w.expectCity("unknown")
	w.message("general", "bob")
	w.expect("general", "1/0/1 of 2 inferred")
	w.expectCity("1+0 in 1, central 1+0 in 1")
	w.leave("general", "bob")
	again := w.restarted()
	again.expect("general", "unknown") // also before the probe has run again
	again.expect("vault", "0/0/0 of 0 stale")
	again.SetPresenceSupport(again.now, false)
	again.expect("general", "unknown")
}

func TestTypingIsASignOfLifeWhileListedAndAMinuteAfter(t *testing.T) {
	w := newSilentServer(t)
	w.facts(typing("general", "ann"))
	w.wait(100 * time.Second)
	w.expect("general", "1/0/1 of 2 ann… inferred")
	w.facts(typing("general"))
	w.wait(59 * time.Second)
	w.expect("general", "1/0/1 of 2 inferred")
	w.wait(time.Second)
	w.expect("general", "0/1/1 of 2 inferred")
}

func TestACallIsASignOfLifeWhileItLasts(t *testing.T) {
	w := newSilentServer(t)
	call := func(until time.Time) {
		w.facts(state.RoomFacts{RoomID: "!general:x", Calls: []state.CallFact{{UserID: "@ann:x", Key: "phone", Until: until}}})
	}
	call(w.now.Add(100 * time.Hour))
	w.wait(4*time.Hour - time.Second)
	w.expect("general", "1/0/1 of 2 inferred")
	w.wait(time.Second) // nothing lasts longer unrenewed
	w.expect("general", "0/1/1 of 2 inferred")
	call(w.now.Add(time.Hour))
	w.expect("general", "1/0/1 of 2 inferred")
	w.wait(time.Minute)
	call(time.Time{})
	w.wait(5 * time.Second) // grace
	w.expect("general", "0/1/1 of 2 inferred")
	call(w.now.Add(time.Hour))
	w.leave("general", "ann")
	w.wait(5 * time.Second)
	w.expect("lab", "0/1/0 of 1 inferred")
}

func TestOldEvidenceIsJudgedByItsOwnTime(t *testing.T) {
	w := newSilentServer(t)
	backlog := func(user string, ago time.Duration) state.RoomFacts {
		return w.evidence("general", user, state.EvidenceMessage, w.now.Add(-ago))
	}
	w.apply(state.Batch{Gap: true, Rooms: []state.RoomFacts{backlog("ann", 6*time.Minute), backlog("bob", 21*time.Minute)}})
	w.expect("general", "0/1/1 of 2 inferred") // bob's message says nothing any more
	w.apply(state.Batch{Rooms: []state.RoomFacts{backlog("bob", -time.Hour)}})
	w.wait(5 * time.Minute) // a clock ahead of ours counts as now
	w.expect("general", "0/2/0 of 2 inferred")
}

func TestTheHomeserversWordHoldsAgainstSignsOfLife(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann", "bob")
	w.presence("ann offline")
	w.message("general", "ann")
	w.expect("general", "0/0/1 of 2") // she chose to appear offline
	w.message("general", "bob")
	w.expect("general", "1/0/0 of 2 inferred")
	w.presence("ann online")
	w.expect("general", "2/0/0 of 2 mixed")
	w.presence("bob online")
	w.expect("general", "2/0/0 of 2")
}

func TestWithPresenceSilenceAfterSignsOfLifeIsUnknown(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann")
	w.message("general", "ann")
	w.wait(20 * time.Minute)
	w.expect("general", "0/0/1 of 1")
}

func TestWithoutInferenceNobodyIsGuessedAt(t *testing.T) {
	w := newTown(t, func(c *state.Config) { c.Infer = false })
	w.join("general", "ann")
	w.message("general", "ann")
	w.expect("general", "0/0/1 of 1")
	w.SetPresenceSupport(w.now, false)
	w.expect("general", "unknown")
}

func TestPresenceSwitchedOffAndOn(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann", "bob")
	w.presence("ann online", "bob online")
	w.message("general", "ann")
	w.TakeChanged()
	w.SetPresenceSupport(w.now, false)
	w.expect("general", "1/0/1 of 2 inferred")
	w.expectChanged("general", "lab", "vault")
	w.facts(typing("general", "bob"))
	w.presence("ann offline", "bob offline") // the goodbye wave
	w.expect("general", "2/0/0 of 2 bob… inferred")
	w.presence("bob online")
	w.SetPresenceSupport(w.now, true)
	w.expect("general", "1/0/0 of 2 bob…")
	w.TakeChanged()
	w.SetPresenceSupport(w.now, true)
	w.expectChanged()
}
