package state_test

import (
	"fmt"
	"testing"

	"presence/aggregator/state"
	"presence/spaces"
)

func (w *town) visit(slug, subject string, inside bool) {
	w.Visit(w.now, state.Visit{Slug: spaces.Slug(slug), Subject: subject}, inside)
}

// expectVR fails unless the room has so many people online, and of those in VR.
func (w *town) expectVR(slug string, online, vr int) {
	w.t.Helper()
	p, ok := w.Room(spaces.Slug(slug))
	if !ok || p.OnlineCount != online || p.VRCount != vr {
		w.t.Errorf("%s: %d online, %d in VR (known %v), want %d and %d", slug, p.OnlineCount, p.VRCount, ok, online, vr)
	}
}

func TestPeopleInVRCount(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann", "bob", "cid")
	w.presence("ann online", "bob unavailable", "cid offline")
	w.expect("general", "1/1/0 of 3")
	w.TakeChanged()

	w.visit("general", "hive:dora", true)
	w.expectChanged("general")
	w.visit("general", "guest:4711", true)
	w.expect("general", "3/1/0 of 3") // they are here, and not joined
	w.visit("general", "guest:4711", true)
	w.expectVR("general", 4, 2)
	w.visit("general", "matrix:@ann:x", true) // who is counted already
	w.expectVR("general", 4, 3)
	w.visit("general", "matrix:@bob:x", true)
	w.expect("general", "4/0/0 of 3") // idle in Matrix, active in VR
	w.visit("general", "matrix:@cid:x", true)
	w.expectVR("general", 5, 5)

	w.presence("ann offline")
	w.expectVR("general", 5, 5)
	w.visit("general", "matrix:@ann:x", false)
	w.wait(10e9)
	w.expectVR("general", 4, 4)
	w.leave("general", "bob") // the Matrix room only
	w.expect("general", "4/0/0 of 2")
	w.join("general", "bob")
	w.presence("bob unavailable")
	w.expect("general", "4/0/0 of 3")
	for _, subject := range []string{"matrix:@bob:x", "matrix:@cid:x", "guest:4711", "hive:dora", "hive:dora"} {
		w.visit("general", subject, false)
	}
	w.expect("general", "0/1/0 of 3")
	w.expectVR("general", 1, 0)
}

func TestTotalsCountPeopleInVROnce(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann")
	w.presence("ann unavailable")
	w.visit("lab", "matrix:@ann:x", true)
	w.visit("lab", "hive:dora", true)
	w.visit("general", "hive:dora", true)
	w.expect("general", "1/1/0 of 1") // ann is idle here
	w.expectCity("2+0 in 2, central 1+1 in 1, north 2+0 in 1")
	w.visit("vault", "guest:1", true) // a private room
	w.expectVR("vault", 1, 1)
	w.expectCity("2+0 in 2, central 1+1 in 1, north 2+0 in 1")
	w.links[2].Public = true
	w.SetLinks(w.now, w.links)
	w.expectCity("3+0 in 3, central 1+1 in 1, north 3+0 in 2")
	w.SetVisits(w.now, []state.Visit{{Slug: "lab", Subject: "hive:dora"}})
	w.expectCity("1+1 in 2, central 0+1 in 1, north 1+0 in 1")
}

func TestSoftwareInVRIsNotCounted(t *testing.T) {
	w := newTown(t)
	w.join("general", "bot")
	for _, subject := range []string{"", "matrix:@bot:x", "matrix:@daemon:x", "matrix:@bridge_7:x"} {
		w.visit("general", subject, true)
		w.visit("general", subject, true)
	}
	w.expectVR("general", 0, 0)
}

// Blind is not empty for VR either: the daemon out of the room, or without the
// homeserver, still knows who is in VR.
func TestPeopleInVRWithoutMatrix(t *testing.T) {
	w := newTown(t)
	w.join("general", "ann", "bob")
	w.presence("ann online", "bob online")
	w.visit("general", "matrix:@ann:x", true)
	w.SetSync(w.now, spaces.SyncLost, w.now)
	w.visit("general", "hive:dora", true)
	w.expectVR("general", 3, 2)
	w.SetSync(w.now, spaces.SyncOK, w.now)
	w.facts(state.RoomFacts{RoomID: roomID("general"), Left: true})
	w.expectVR("general", 2, 2) // ann and bob are the last known, dora may be one of them
	w.visit("general", "guest:1", true)
	w.expectVR("general", 3, 3)
	w.facts(complete("general", "daemon", "ann"))
	w.presence("ann online")
	w.expectVR("general", 3, 3)
}

// Somebody known through VR only is nobody to the database or the user feed.
func TestPeopleInVRAreNotStored(t *testing.T) {
	w := newTown(t)
	w.TakeRows()
	users := w.Stats().Users
	for i := range 100 {
		w.visit("general", fmt.Sprint("hive:u", i), true)
		w.visit("general", fmt.Sprintf("matrix:@u%d:z", i), true)
	}
	w.expectVR("general", 200, 200)
	w.expectUser("u1", "")
	if rows := w.TakeRows(); len(rows.People)+len(rows.Members) > 0 || w.Stats().Users != users || len(w.TakeChanged().Users) > 0 {
		t.Errorf("rows %+v, %d users", rows, w.Stats().Users)
	}
}
