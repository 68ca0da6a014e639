package bus_test

import (
	"fmt"
	"testing"
	"time"

	"presence/spaces"
	"presence/spaces/bus"
)

func TestALateWatcherHasTheWholeCityBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg bus.Config) {
		b, ctx := open(t, cfg), t.Context()
		var rooms []spaces.RoomPresence
		for i := range 1500 { // more than one pull holds
			rooms = append(rooms, room(spaces.Slug(fmt.Sprintf("room-%d", i)), i))
		}
		must(t, b.PutLinks(ctx, []spaces.Link{link("room-1"), link("room-2")}))
		must(t, b.PutRooms(ctx, rooms))
		must(t, b.PutRooms(ctx, []spaces.RoomPresence{room("room-7", 70)})) // the newest wins
		must(t, b.PutCity(ctx, spaces.CityPresence{Totals: spaces.Totals{OnlineCount: 5}}))
		must(t, b.PutStatus(ctx, spaces.Status{Sync: spaces.SyncOK}))

		r := watch(t, b)
		r.until(t, "a reset", func() bool { return r.resets > 0 })
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.batches) > 0 && len(r.city.Rooms) < 1500 {
			t.Error("a change came before the snapshot was whole")
		}
		if len(r.city.Rooms) != 1500 || len(r.city.Links) != 2 || r.city.Rooms["room-7"].OnlineCount != 70 {
			t.Errorf("the snapshot has %d rooms, %d links, room-7 %d", len(r.city.Rooms), len(r.city.Links), r.city.Rooms["room-7"].OnlineCount)
		}
		if r.city.City == nil || r.city.City.OnlineCount != 5 || r.city.Status == nil || r.city.Status.Sync != spaces.SyncOK {
			t.Errorf("city %+v, status %+v", r.city.City, r.city.Status)
		}
	})
}

// A status that was stored long ago must not look like one of now.
func TestAStoredStatusKeepsItsTime(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg bus.Config) {
		b, ctx := open(t, cfg), t.Context()
		empty, err := b.ReadCity(ctx)
		must(t, err)
		if !empty.StatusAt.IsZero() {
			t.Errorf("without a status, its time is %v", empty.StatusAt)
		}
		before := time.Now()
		must(t, b.PutStatus(ctx, spaces.Status{Sync: spaces.SyncOK}))
		after := time.Now()
		must(t, b.PutRooms(ctx, []spaces.RoomPresence{room("a", 1)}))
		first, err := b.ReadCity(ctx)
		must(t, err)
		again, err := b.ReadCity(ctx)
		must(t, err)
		if first.StatusAt.Before(before) || first.StatusAt.After(after) || !again.StatusAt.Equal(first.StatusAt) {
			t.Errorf("stored between %v and %v, read with %v and %v", before, after, first.StatusAt, again.StatusAt)
		}
	})
}

func TestAnEmptyCityIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg bus.Config) {
		r := watch(t, open(t, cfg))
		r.until(t, "a reset", func() bool { return r.resets == 1 && r.city.Rooms != nil && r.city.Links != nil })
	})
}

func TestChangesArriveInOrder(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg bus.Config) {
		b, ctx := open(t, cfg), t.Context()
		r := watch(t, b)
		r.until(t, "a reset", func() bool { return r.resets > 0 })
		const n = 400
		for i := range n {
			must(t, b.PutRooms(ctx, []spaces.RoomPresence{room("a", i), room("b", i)}))
		}
		r.untilRooms(t, map[spaces.Slug]int{"a": n - 1, "b": n - 1})
		r.mu.Lock()
		defer r.mu.Unlock()
		last := map[spaces.Slug]int{"a": -1, "b": -1}
		for _, batch := range r.batches {
			for _, c := range batch {
				if c.Room.OnlineCount <= last[c.Slug] {
					t.Fatalf("%s: %d after %d", c.Slug, c.Room.OnlineCount, last[c.Slug])
				}
				last[c.Slug] = c.Room.OnlineCount
			}
		}
	})
}

func TestDroppedAndLinked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg bus.Config) {
		b, ctx := open(t, cfg), t.Context()
		r := watch(t, b)
		must(t, b.PutLinks(ctx, []spaces.Link{link("a"), link("b")}))
		must(t, b.PutRooms(ctx, []spaces.RoomPresence{room("a", 1), room("b", 2)}))
		r.untilRooms(t, map[spaces.Slug]int{"a": 1, "b": 2})
		must(t, b.DropRoom(ctx, "a"))
		must(t, b.DropLink(ctx, "a"))
		r.until(t, "room and link a are gone", func() bool { return len(r.city.Rooms) == 1 && len(r.city.Links) == 1 })

		state, err := b.ReadCity(ctx)
		must(t, err)
		if _, there := state.Rooms["a"]; there || len(state.Links) != 1 {
			t.Errorf("a late reader still sees it: %+v", state)
		}
		must(t, b.PutRooms(ctx, []spaces.RoomPresence{room("a", 3)}))
		r.untilRooms(t, map[spaces.Slug]int{"a": 3, "b": 2})
	})
}

func TestValuesExpireUnlessRenewed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg bus.Config) {
		cfg.RoomTTL, cfg.StatusTTL = time.Second, time.Second
		b, ctx := open(t, cfg), t.Context()
		r := watch(t, b)
		must(t, b.PutRooms(ctx, []spaces.RoomPresence{room("kept", 1), room("left", 1)}))
		must(t, b.PutCity(ctx, spaces.CityPresence{}))
		must(t, b.PutStatus(ctx, spaces.Status{Sync: spaces.SyncOK}))
		must(t, b.PutLinks(ctx, []spaces.Link{link("left")}))
		renew := time.NewTicker(300 * time.Millisecond)
		defer renew.Stop()
		deadline := time.Now().Add(patience)
		for gone := false; !gone; {
			if time.Now().After(deadline) {
				t.Fatal("the room nobody renews is still there")
			}
			<-renew.C
			must(t, b.PutRooms(ctx, []spaces.RoomPresence{room("kept", 1)}))
			r.mu.Lock()
			_, left := r.city.Rooms["left"]
			gone = !left && r.city.City == nil && r.city.Status == nil && len(r.batches) > 0
			r.mu.Unlock()
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if _, kept := r.city.Rooms["kept"]; !kept {
			t.Error("the renewed room expired")
		}
		if len(r.city.Links) != 1 {
			t.Error("a link expired; links have no lifetime")
		}
	})
}
