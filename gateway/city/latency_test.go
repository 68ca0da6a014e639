package city_test

import (
	"testing"
	"time"

	"presence/gateway/city"
	"presence/gateway/wire"
	"presence/spaces"
	"presence/spaces/bus"
)

// received is a change of a room that came from the homeserver some time ago.
func (c *clock) received(slug string, n int, ago time.Duration) bus.CityChange {
	change := online(slug, n)
	change.Room.ReceivedTS = c.now().Add(-ago).UnixMilli()
	return change
}

// TestLatencyIsOfChangesOnly: what is read again after a break and what is
// repeated to keep it alive is old on purpose, and no delay.
func TestLatencyIsOfChangesOnly(t *testing.T) {
	t.Parallel()
	time := &clock{}
	w := newWorld(t, func(c *city.Config) { c.Now = time.now })
	whole := time.state(0, link("square", ""), link("end", ""))
	whole.Rooms["square"] = *time.received("square", 1, 90e9).Room
	w.city.CityReset(whole)
	c := w.connect("guest", wire.SubprotocolV2)
	c.read()
	told := 0
	tell := func(changes ...bus.CityChange) { // and wait until a pass after them is over
		told++
		w.change(append(changes, online("end", told+1))...)
		c.until(func(f frame) bool { return f.Slug == "end" && f.Presence.Online == told+1 })
		told++
		w.change(online("end", told+1))
		c.until(func(f frame) bool { return f.Slug == "end" && f.Presence.Online == told+1 })
	}
	measured := func(want float64, what string) {
		t.Helper()
		if n := w.metric("presence_city_matrix_to_socket_seconds", ""); n != want {
			t.Errorf("%s: %v were measured, want %v", what, n, want)
		}
	}

	tell()
	measured(0, "the first picture")
	tell(time.received("square", 2, 1e6))
	measured(1, "a change")

	repeated := time.received("square", 2, 60e6)
	repeated.Room.ReceivedTS += 100
	repeated.Room.LastEventTS = repeated.Room.ReceivedTS
	time.advance(20e9)
	tell(repeated)
	measured(1, "a repetition with a later event")

	w.city.CityBlind(time.now())
	c.until(func(f frame) bool { return f.Type == "city.status" && f.state() == spaces.StateStale })
	whole.Rooms["square"] = *time.received("square", 7, 5e9).Room
	whole.Rooms["end"] = room("end", told+1)
	w.city.CityReset(whole)
	tell(bus.CityChange{Status: liveStatus()})
	measured(1, "a picture read again")
	tell(time.received("square", 8, 1e6))
	measured(2, "a change after it")
}
