package aggregator_test

import (
	"testing"
	"time"

	"presence/synthetic"
)

// TestFollows is the whole way: join the linked room, see who is in it, publish.
func TestFollows(t *testing.T) {
	t.Parallel()
	bubble(t, synthetic.Synapse(), func(t *testing.T, w *world) {
		general := w.link("general", true)
		ann, bob := w.person("ann", general), w.person("bob", general)
		w.hs.SetPresence(ann, "online")
		w.hs.SetPresence(bob, "offline")
		w.start()
		w.wait(10 * time.Second)
		w.expect("general", 1, 0)

		w.hs.SetPresence(bob, "unavailable")
		w.hs.Type(ann, general, 20*time.Second)
		w.wait(5 * time.Second)
		w.expect("general", 2, 1)

		w.hs.Leave(ann, general)
		w.wait(15 * time.Second)
		w.expect("general", 1, 0)
	})
}
