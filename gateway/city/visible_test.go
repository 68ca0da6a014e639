package city_test

import (
	"strings"
	"testing"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
	"presence/spaces/bus"
)

// TestPrivateRoomsNeverLeak follows a room from private to public and back as a
// guest and a member see it, in both formats. A marker that everybody sees
// follows every step, so that silence can be told from delay.
func TestPrivateRoomsNeverLeak(t *testing.T) {
	t.Parallel()
	for _, subprotocol := range []string{wire.SubprotocolV1, wire.SubprotocolV2} {
		t.Run(subprotocol, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.city.CityReset(state(link("square", ""), link("vault", "dao"), link("other", "elsewhere")))
			guest, member := w.connect("guest", subprotocol), w.connect("member", subprotocol)
			if f := guest.read(); strings.Contains(f.raw, "vault") || strings.Contains(f.raw, "other") {
				t.Fatalf("the guest's snapshot is %s", f.raw)
			}
			if f := member.read(); !strings.Contains(f.raw, "vault") || strings.Contains(f.raw, "other") {
				t.Fatalf("the member's snapshot is %s", f.raw)
			}
			if f := w.connect("admin", subprotocol).read(); !strings.Contains(f.raw, "vault") || !strings.Contains(f.raw, "other") {
				t.Fatalf("the admin's snapshot is %s", f.raw)
			}

			marker := 1000
			step := func(change bus.CityChange, guestSees, memberSees string) {
				t.Helper()
				marker++
				w.change(change)
				w.change(online("square", marker))
				for _, who := range []struct {
					name string
					c    *client
					want string
				}{{"guest", guest, guestSees}, {"member", member, memberSees}} {
					if got := strings.Join(who.c.seen(marker), " "); got != who.want {
						t.Fatalf("the %s sees %q, want %q", who.name, got, who.want)
					}
				}
			}
			public, private := link("vault", "dao"), link("vault", "dao")
			public.Public = true
			showed, gone := "+vault", "-vault"
			if subprotocol == wire.SubprotocolV1 {
				showed = "vault"
			}
			step(online("vault", 5), "", "vault")
			step(bus.CityChange{Slug: "vault", Link: &public}, showed, showed)
			step(online("vault", 6), "vault", "vault")
			step(bus.CityChange{Slug: "vault", Link: &private}, gone, showed)
			step(online("vault", 7), "", "vault")
			step(bus.CityChange{Slug: "vault", RoomGone: true}, "", "vault")
			step(bus.CityChange{Slug: "vault", LinkGone: true}, "", gone)
		})
	}
}

// seen reads up to the marker and names what was seen of other rooms: "slug" a
// change of numbers (in v1 a link, too), "+slug" a link, "-slug" a removal.
func (c *client) seen(marker int) []string {
	c.tb.Helper()
	var names []string
	for {
		f := c.read()
		slug, presence := f.Slug, f.Presence
		if f.RoomSlug != "" {
			slug, presence = f.RoomSlug, &f.presenceFrame
		}
		switch f.Type {
		case "room.presence", "city.room":
			if slug == "square" && presence.Online == marker {
				return names
			}
			names = append(names, string(slug))
		case "city.link":
			if f.Room.Slug != "square" { // it only moves on the map
				names = append(names, "+"+string(f.Room.Slug))
			}
		case "room.removed", "city.gone":
			names = append(names, "-"+string(slug))
		}
	}
}

// TestRightsChange: a viewer who joins or leaves a microDAO is told of its
// rooms without reconnecting.
func TestRightsChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.city.CityReset(state(link("square", ""), link("vault", "dao")))
	c := w.connect("member", wire.SubprotocolV2)
	last := c.read().Seq

	w.people.set("member", &spaces.Viewer{Subject: "member"})
	f := c.read()
	if f.Type != "city.gone" || f.Slug != "vault" || f.Seq <= last {
		t.Fatalf("losing the right is %s", f.raw)
	}
	last = f.Seq
	w.change(online("vault", 8))
	w.people.set("member", &spaces.Viewer{Subject: "member", MicroDAOs: []string{"dao"}})
	f = c.read()
	if f.Type != "city.link" || f.Room.Slug != "vault" || f.Room.Presence.Online != 8 || f.Seq <= last {
		t.Fatalf("getting the right is %s", f.raw)
	}
	w.change(online("vault", 9))
	if next := c.read(); next.Slug != "vault" || next.Seq <= f.Seq {
		t.Fatalf("after %d comes %s", f.Seq, next.raw)
	}
}

// TestPlacesKeepSecrets: where public rooms are drawn does not depend on
// private ones.
func TestPlacesKeepSecrets(t *testing.T) {
	t.Parallel()
	public := []spaces.Link{link("a", ""), link("b", ""), link("c", "")}
	private := link("aa", "dao")
	private.Map = spaces.Rect{W: 3, H: 2}

	alone, together := newWorld(t, nil), newWorld(t, nil)
	alone.city.CityReset(state(public...))
	together.city.CityReset(state(append(public, private)...))
	want, got := alone.city.Snapshot(spaces.Viewer{}), together.city.Snapshot(spaces.Viewer{})
	if len(got.Rooms) != 3 {
		t.Fatalf("%d rooms are visible", len(got.Rooms))
	}
	for i := range want.Rooms {
		if want.Rooms[i].Place != got.Rooms[i].Place {
			t.Errorf("%s moved from %v to %v", want.Rooms[i].Link.Slug, want.Rooms[i].Place, got.Rooms[i].Place)
		}
	}
	for _, r := range together.city.Snapshot(spaces.Viewer{MicroDAOs: []string{"dao"}}).Rooms {
		if r.Link.Slug == "aa" && !r.Place.Placed() {
			t.Error("the private room has no place")
		}
	}
}

// TestRightsChangeAsClientsLeave: a change of rights meets sockets that come
// and go.
func TestRightsChangeAsClientsLeave(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.city.CityReset(state(link("square", ""), link("vault", "dao")))
	stop, flipped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(flipped)
		rights := []spaces.Viewer{{Subject: "member"}, {Subject: "member", MicroDAOs: []string{"dao"}}}
		pace := time.NewTicker(20 * time.Millisecond)
		defer pace.Stop()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-pace.C:
				w.people.set("member", &rights[i%2])
			}
		}
	}()
	for deadline := time.Now().Add(2500 * time.Millisecond); time.Now().Before(deadline); {
		var clients []*client
		for range 20 {
			c := w.connect("member", wire.SubprotocolV2)
			c.read()
			clients = append(clients, c)
		}
		for _, c := range clients {
			_ = c.ws.CloseNow()
		}
	}
	close(stop)
	<-flipped
	if n := w.metric("presence_city_panics_total", ""); n != 0 {
		t.Errorf("%v panics", n)
	}
	w.eventually("all have left", func() bool { return w.metric("presence_city_sockets", "v2") == 0 })
	c := w.connect("guest", wire.SubprotocolV2)
	c.read()
	w.change(online("square", 3))
	if f := c.read(); f.Slug != "square" {
		t.Errorf("afterwards a change is %s", f.raw)
	}
}
