package aggregator_test

import (
	"testing"
	"time"

	"presence/spaces"
	"presence/synthetic"
)

// expectVR fails unless the room is published with that many people online, and
// of those in VR.
func (w *world) expectVR(slug spaces.Slug, online, vr int) {
	w.t.Helper()
	got, ok := w.room(slug)
	if !ok || got.OnlineCount != online || got.VRCount != vr {
		w.t.Errorf("%s: published %v, %d online, %d in VR; want %d and %d", slug, ok, got.OnlineCount, got.VRCount, online, vr)
	}
}

// People in a linked room's space are in its count: at once when the space
// fills, distinct from those in Matrix, and after a change of the leader.
func TestPeopleInVRReachTheCity(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Quirks{}, func(t *testing.T, w *world) {
		general := w.link("general", true)
		w.link("lab", true)
		alice := w.person("alice", general)
		w.hs.SetPresence(alice, "online")
		w.nats.enter(visitor("early", "hive:dora", "lab"))
		w.start()
		w.wait(10 * time.Second)
		w.expectVR("general", 1, 0)
		w.expectVR("lab", 1, 1)

		w.nats.enter(visitor("1", "matrix:"+alice, "general"))
		w.nats.enter(visitor("2", "guest:7", "general"))
		w.nats.enter(visitor("3", "guest:7", "general")) // a second tab
		elsewhere := visitor("4", "hive:eve", "general")
		elsewhere.Key = spaces.Key{Type: spaces.TypeGlobal, ID: spaces.Lobby, Subspace: spaces.MainSubspace}
		w.nats.enter(elsewhere)
		w.wait(600 * time.Millisecond)
		if got, _ := w.room("general"); got.VRCount == 0 {
			t.Error("nobody was shown in VR soon after the space filled")
		}
		w.wait(throttle)
		w.expectVR("general", 2, 2)
		w.nats.leave("2")
		w.wait(throttle)
		w.expectVR("general", 2, 2)
		w.nats.leave("3")
		w.wait(throttle)
		w.expectVR("general", 1, 1)
		elsewhere.Key = visitor("4", "", "general").Key // walks over
		w.nats.enter(elsewhere)
		w.wait(throttle)
		w.expectVR("general", 2, 2)

		w.kill()
		w.start()
		w.wait(10 * time.Second)
		w.expectVR("general", 2, 2)
		w.expectVR("lab", 1, 1)
		w.nats.leave("early")
		w.wait(600 * time.Millisecond)
		w.expectVR("lab", 0, 0)
		if city, _ := w.nats.state(); city.City == nil || city.City.OnlineCount != 2 || city.City.RoomsOnline != 1 {
			t.Errorf("totals %+v", city.City)
		}
	})
}

// Blind is not empty: the last visits stay until values on the bus would have
// become unknown, then are dropped.
func TestVisitsNobodyConfirms(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Quirks{}, func(t *testing.T, w *world) {
		w.link("general", true)
		w.nats.enter(visitor("1", "hive:dora", "general"))
		w.start()
		w.wait(10 * time.Second)
		w.expectVR("general", 1, 1)
		w.nats.watcher.SessionsBlind(time.Now())
		w.wait(roomTTL - 10*time.Second)
		w.expectVR("general", 1, 1)
		w.wait(20 * time.Second)
		w.expectVR("general", 0, 0)
		w.nats.watcher.SessionsReset([]spaces.Session{visitor("1", "hive:dora", "general")}, nil)
		w.wait(throttle)
		w.expectVR("general", 1, 1)
	})
}
