package city_test

import (
	"sync/atomic"
	"testing"
	"time"

	"presence/gateway/city"
	"presence/gateway/wire"
	"presence/spaces"
	"presence/spaces/bus"
)

// clock is a time of its own; the city looks at it with every pass.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(1_800_000_000, c.offset.Load()) }
func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

// follow is a v2 client's view of one room and of the city.
type watched struct {
	state    string
	presence *presenceFrame
	totals   *spaces.Totals
}

func (c *client) watch(w watched, until func(watched) bool) watched {
	c.tb.Helper()
	for !until(w) {
		switch f := c.read(); f.Type {
		case "city.snapshot":
			w = watched{f.state(), f.Rooms[0].Presence, f.Totals}
		case "city.room":
			w.presence = f.Presence
		case "city.totals":
			w.totals = f.Totals
		case "city.status":
			w.state = f.state()
		}
	}
	return w
}

// TestBlindIsNotEmpty: whatever goes away, numbers stay and are marked stale,
// become unknown after their lifetime, and are never a zero nobody observed.
func TestBlindIsNotEmpty(t *testing.T) {
	t.Parallel()
	for name, blind := range map[string]func(w *world, c *clock){
		"bus away":                  func(w *world, c *clock) { w.city.CityBlind(c.now()) },
		"aggregator's status gone":  func(w *world, _ *clock) { w.change(bus.CityChange{StatusGone: true}) },
		"aggregator silent for 31s": func(_ *world, c *clock) { c.advance(31 * time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			time := &clock{}
			w := newWorld(t, func(c *city.Config) { c.Now = time.now })
			w.city.CityReset(state(link("square", "")))
			c, old := w.connect("guest", wire.SubprotocolV2), w.connect("guest", wire.SubprotocolV1)
			seen := c.watch(watched{}, func(s watched) bool { return s.state == spaces.StateLive })
			old.read()

			blind(w, time)
			seen = c.watch(seen, func(s watched) bool { return s.state == spaces.StateStale && s.presence.Stale })
			if seen.presence.Online != 1 || seen.totals == nil {
				t.Fatalf("blind, it shows %+v", seen)
			}
			if f := old.read(); f.Online != 1 || !f.Stale || f.Unknown {
				t.Fatalf("blind, v1 shows %s", f.raw)
			}
			if v := w.city.Snapshot(spaces.Viewer{}); v.State != spaces.StateStale || !v.Rooms[0].Presence.Stale || v.AsOf != 1000 {
				t.Fatalf("blind, the view is %+v", v)
			}

			time.advance(301e9)
			seen = c.watch(seen, func(s watched) bool { return s.state == spaces.StateUnknown && s.presence == nil && s.totals == nil })
			if f := old.read(); f.Online != 1 || !f.Unknown {
				t.Fatalf("after the lifetime, v1 shows %s", f.raw)
			}
			if f := w.connect("guest", "").read(); len(f.Rooms) != 0 {
				t.Fatalf("after the lifetime, a new v1 client gets %s", f.raw)
			}
			if v := w.city.Snapshot(spaces.Viewer{}); v.State != spaces.StateUnknown || v.City != nil || v.Rooms[0].Presence != nil {
				t.Fatalf("after the lifetime, the view is %+v", v)
			}

			w.city.CityReset(state(link("square", "")))
			seen = c.watch(seen, func(s watched) bool { return s.state == spaces.StateLive && s.presence != nil && s.totals != nil })
			if seen.presence.Stale || seen.presence.Online != 1 {
				t.Fatalf("seeing again, it shows %+v", seen.presence)
			}
		})
	}
}

// TestRepetition: the bus repeats values to keep them alive; nobody is told.
func TestRepetition(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.city.CityReset(state(link("square", ""), link("end", "")))
	c := w.connect("guest", wire.SubprotocolV2)
	c.read()
	again := online("square", 1)
	again.Room.AsOf, again.Room.Version = 2000, 2
	status := liveStatus()
	status.AsOf = 2000
	w.change(again, bus.CityChange{Status: status})
	w.city.CityReset(state(link("square", ""), link("end", "")))
	w.change(online("end", 2))
	if f := c.read(); f.Slug != "end" {
		t.Errorf("a repetition was told as %s", f.raw)
	}
}
