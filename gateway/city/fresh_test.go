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

// state is a live city whose status was stored some time ago.
func (c *clock) state(ago time.Duration, links ...spaces.Link) bus.CityState {
	s := state(links...)
	s.StatusAt = c.now().Add(-ago)
	return s
}

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
			w.city.CityReset(time.state(0, link("square", "")))
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

			w.city.CityReset(time.state(0, link("square", "")))
			w.change(bus.CityChange{Status: liveStatus()})
			seen = c.watch(seen, func(s watched) bool { return s.state == spaces.StateLive && s.presence != nil && s.totals != nil })
			if seen.presence.Stale || seen.presence.Online != 1 {
				t.Fatalf("seeing again, it shows %+v", seen.presence)
			}
		})
	}
}

// TestAnOutageIsOverWithTheNextHeartbeat: what the bus had stored before it went
// away is no news when it is back. The numbers stay as old as they are until
// the aggregator has sent newer ones, and its status after them.
func TestAnOutageIsOverWithTheNextHeartbeat(t *testing.T) {
	t.Parallel()
	for name, blind := range map[string]func(w *world, c *client){
		"told before the reset": func(_ *world, c *client) {
			c.watch(watched{}, func(s watched) bool { return s.state == spaces.StateStale })
		},
		"told with the reset": func(*world, *client) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			time := &clock{}
			w := newWorld(t, func(c *city.Config) { c.Now = time.now })
			w.city.CityReset(time.state(0, link("square", ""), link("end", "")))
			c := w.connect("guest", wire.SubprotocolV2)
			c.watch(watched{}, func(s watched) bool { return s.state == spaces.StateLive })

			w.city.CityBlind(time.now())
			blind(w, c)
			time.advance(10e9)
			before := time.state(11e9, link("square", ""), link("end", ""))
			w.city.CityReset(before)
			w.city.CityReset(before) // a new term is read again at once
			w.change(online("square", 0), online("end", 5))
			c.until(func(f frame) bool {
				if f.Type == "city.status" && f.state() == spaces.StateLive {
					t.Errorf("live with what was stored before: %s", f.raw)
				}
				return f.Type == "city.room" && f.Slug == "end" && f.Presence.Online == 5
			})
			if v := w.city.Snapshot(spaces.Viewer{}); v.State != spaces.StateStale || v.AsOf != 1000 || !v.Rooms[0].Presence.Stale {
				t.Errorf("before a heartbeat, the view is %+v", v)
			}

			w.change(bus.CityChange{Status: liveStatus()})
			c.watch(watched{}, func(s watched) bool { return s.state == spaces.StateLive })
		})
	}
}

// TestAStoredStatusIsAsOldAsItIs: who comes new believes the status that is
// there, by its own time.
func TestAStoredStatusIsAsOldAsItIs(t *testing.T) {
	t.Parallel()
	for _, stored := range []struct {
		ago   time.Duration
		state string
	}{{-time.Minute, spaces.StateLive}, {29 * time.Second, spaces.StateLive}, {31 * time.Second, spaces.StateStale}} {
		time := &clock{}
		w := newWorld(t, func(c *city.Config) { c.Now = time.now })
		w.city.CityReset(time.state(stored.ago, link("square", "")))
		if v := w.city.Snapshot(spaces.Viewer{}); v.State != stored.state {
			t.Errorf("with a status stored %v ago, the city is %s", stored.ago, v.State)
		}
	}
}

// TestBlindBeforeTheFirstPicture: a bus that was away when the gateway started
// is no longer away when it tells the city, whenever the next pass is.
func TestBlindBeforeTheFirstPicture(t *testing.T) {
	t.Parallel()
	time := &clock{}
	w := newWorld(t, func(c *city.Config) { c.Now = time.now })
	w.city.CityBlind(time.now())
	w.city.CityReset(time.state(0, link("square", "")))
	if v := w.city.Snapshot(spaces.Viewer{}); v.State != spaces.StateStale {
		t.Errorf("before a heartbeat, the city is %s", v.State)
	}
	c := w.connect("guest", wire.SubprotocolV2)
	w.change(bus.CityChange{Status: liveStatus()})
	c.watch(watched{}, func(s watched) bool { return s.state == spaces.StateLive })
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
