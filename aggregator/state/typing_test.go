package state_test

import (
	"testing"
	"time"

	"presence/aggregator/state"
	"presence/spaces"
)

func newTypists(t *testing.T) *town {
	w := newTown(t)
	w.join("general", "ann", "bob")
	w.presence("ann offline", "bob offline")
	w.wait(time.Minute)
	return w
}

func TestTypingListReplacesAndIsASet(t *testing.T) {
	w := newTypists(t)
	w.facts(typing("general", "ann", "bob"))
	w.expect("general", "0/0/0 of 2 ann… bob…")
	w.TakeChanged()
	w.facts(typing("general", "bob", "ann", "bob"))
	w.expectChanged()
	w.facts(typing("general", "bob", "nobody"))
	w.expect("general", "0/0/0 of 2 bob…")
	w.facts(typing("general"))
	w.expect("general", "0/0/0 of 2")
}

func TestTypingEndsWithoutAWordFromTheServer(t *testing.T) {
	for name, end := range map[string]func(*town){
		"safety cap":       func(w *town) { w.wait(state.DefaultTypingCap) },
		"degraded":         func(w *town) { w.SetSync(w.now, spaces.SyncDegraded, w.now) },
		"gap":              func(w *town) { w.apply(state.Batch{Gap: true}) },
		"message by them":  func(w *town) { w.message("general", "ann") },
		"leaving":          func(w *town) { w.leave("general", "ann") },
		"daemon out":       func(w *town) { w.facts(state.RoomFacts{RoomID: "!general:x", Left: true}) },
		"presence offline": func(w *town) { w.presence("ann online"); w.presence("ann offline") },
		"kicked and listed": func(w *town) {
			f := typing("general", "ann")
			f.Members = members("leave", []string{"ann"})
			w.facts(f)
		},
		"initial": func(w *town) {
			w.apply(state.Batch{Initial: true, Rooms: []state.RoomFacts{complete("general", "ann", "bob")}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTypists(t)
			w.facts(typing("general", "ann"))
			if p, _ := w.Room("general"); p.TypingCount != 1 {
				t.Fatal("ann does not type to begin with")
			}
			w.TakeChanged()
			end(w)
			if p, _ := w.Room("general"); p.TypingCount != 0 {
				t.Errorf("still typing: %v", p.TypingUsers)
			}
			w.expectChanged(func() []string {
				if name == "initial" {
					return []string{"general", "lab", "vault"}
				}
				return []string{"general"}
			}()...)
			if c, _ := w.City(); c.TypingCount != 0 {
				t.Error("still typing in the city's totals")
			}
		})
	}
}

func TestOnlyAChangedListRenewsTheCap(t *testing.T) {
	w := newTypists(t)
	w.facts(typing("general", "ann"))
	w.wait(100 * time.Second)
	w.facts(typing("general", "ann"))
	w.wait(20 * time.Second)
	w.expect("general", "0/0/0 of 2")
	w.facts(typing("general", "ann")) // stuck, as after a homeserver restart
	w.expect("general", "0/0/0 of 2")
	w.facts(typing("general", "ann", "bob"))
	w.expect("general", "0/0/0 of 2 ann… bob…")
	w.wait(100 * time.Second)
	w.facts(typing("general", "ann"))
	w.wait(100 * time.Second)
	w.expect("general", "0/0/0 of 2 ann…")
}

func TestTypingAgainAfterAMessageShows(t *testing.T) {
	w := newTypists(t)
	w.facts(typing("general", "ann"))
	w.message("general", "ann")
	w.facts(typing("general", "ann")) // Dendrite: the old one expired unheard
	w.expect("general", "0/0/0 of 2 ann…")
}

func TestAMessageInABacklogDoesNotEndTyping(t *testing.T) {
	w := newTypists(t)
	f := typing("general", "ann")
	f.Evidence = []state.Evidence{{UserID: "@ann:x", Kind: state.EvidenceMessage, At: w.now}}
	w.facts(f)
	w.expect("general", "0/0/0 of 2")
	w.apply(state.Batch{Gap: true, Rooms: []state.RoomFacts{f}})
	w.expect("general", "0/0/0 of 2 ann…")
}

func TestRepeatedListsChangeAndCostNothing(t *testing.T) {
	w := newTypists(t)
	empty, one := typing("general"), typing("general", "ann")
	w.facts(one)
	w.TakeChanged()
	w.TakeRows()
	for _, f := range []state.RoomFacts{empty, one} {
		w.facts(f)
		w.TakeChanged()
		w.TakeRows()
		w.facts(f)
		w.expectChanged()
		if rows := w.TakeRows(); len(rows.People)+len(rows.Rooms) != 0 {
			t.Errorf("repeating %v dirtied %v", *f.Typing, rows)
		}
	}
}
