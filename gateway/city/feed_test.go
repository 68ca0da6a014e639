package city_test

import (
	"testing"

	"github.com/coder/websocket"

	"presence/gateway/wire"
	"presence/spaces"
	"presence/spaces/bus"
)

func TestV1(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.city.CityReset(state(link("general", ""), link("lab", ""), link("vault", "dao")))
	c := w.connect("guest", "")

	f := c.read()
	if f.Type != "snapshot" || len(f.Rooms) != 2 || f.Rooms[0].RoomSlug != "general" || f.Rooms[0].Online != 1 {
		t.Fatalf("the first message is %s", f.raw)
	}
	w.change(online("lab", 4))
	if f = c.read(); f.Type != "room.presence" || f.RoomSlug != "lab" || f.Online != 4 {
		t.Fatalf("a change is %s", f.raw)
	}
	w.change(bus.CityChange{Slug: "lab", RoomGone: true})
	if f = c.read(); f.RoomSlug != "lab" || f.Online != 4 || !f.Stale || !f.Unknown {
		t.Fatalf("a room that became unknown is %s", f.raw)
	}
	w.change(bus.CityChange{Slug: "lab", LinkGone: true})
	if f = c.read(); f.Type != "room.removed" || f.RoomSlug != "lab" {
		t.Fatalf("a removed room is %s", f.raw)
	}
	c.say(websocket.MessageText, "ping")
	if text, err := c.text(); text != "pong" {
		t.Fatalf("ping got %q, %v", text, err)
	}
	c.say(websocket.MessageText, `{"event":"presence.heartbeat","user_id":"somebody-else"}`)
	if f = c.read(); f.Event != "presence.update" || f.UserID != "guest:1" || string(f.Status) != `"online"` {
		t.Fatalf("a heartbeat got %s", f.raw)
	}
}

func TestV2(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.city.CityReset(state(link("general", ""), link("vault", "dao")))
	c := w.connect("guest", wire.SubprotocolV2)

	f := c.read()
	if f.Type != "city.snapshot" || len(f.Rooms) != 1 || f.Rooms[0].Presence.Online != 1 || f.state() != "live" || f.Totals.OnlineCount != 1 || f.Grid.H == 0 {
		t.Fatalf("the first message is %s", f.raw)
	}
	last := f.Seq
	step := func(kind string, change bus.CityChange) frame {
		t.Helper()
		w.change(change)
		f := c.read()
		if f.Type != kind || f.Seq <= last {
			t.Fatalf("want %s after %d, got %s", kind, last, f.raw)
		}
		last = f.Seq
		return f
	}
	if f = step("city.room", online("general", 7)); f.Slug != "general" || f.Presence.Online != 7 {
		t.Fatal(f.raw)
	}
	if f = step("city.room", bus.CityChange{Slug: "general", RoomGone: true}); f.Presence != nil {
		t.Fatal(f.raw)
	}
	lab := link("lab", "")
	if f = step("city.link", bus.CityChange{Slug: "lab", Link: &lab}); f.Room == nil || f.Room.Slug != "lab" || f.Room.Presence != nil {
		t.Fatal(f.raw)
	}
	step("city.room", online("lab", 0))
	step("city.gone", bus.CityChange{Slug: "lab", LinkGone: true})
	if f = step("city.totals", bus.CityChange{City: &spaces.CityPresence{Totals: spaces.Totals{OnlineCount: 9}}}); f.Totals.OnlineCount != 9 {
		t.Fatal(f.raw)
	}
	if f = step("city.totals", bus.CityChange{CityGone: true}); f.Totals != nil {
		t.Fatal(f.raw)
	}
	w.change(bus.CityChange{Slug: "vault", RoomGone: true}) // the guest hears nothing of it
	lost := liveStatus()
	lost.Sync = spaces.SyncLost
	if f = step("city.status", bus.CityChange{Status: lost}); f.state() != "unknown" {
		t.Fatal(f.raw) // no number is known any more
	}
}
