package city_test

import (
	"fmt"
	"testing"
	"time"

	"presence/gateway/city"
	"presence/gateway/wire"
	"presence/spaces"
	"presence/spaces/bus"
)

const slowRooms = 200

// flood changes every room again and again, to first and the numbers after it,
// and each time waits until the reader has seen the last one. It returns how
// long that took at worst.
func (w *world) flood(reader *client, first, rounds int) (worst time.Duration) {
	w.tb.Helper()
	for round := first; round < first+rounds; round++ {
		changes := make([]bus.CityChange, slowRooms)
		for i := range changes {
			changes[i] = online(fmt.Sprintf("room-%03d", i), round)
		}
		start := time.Now()
		w.change(changes...)
		reader.until(func(f frame) bool { return f.Slug == "room-199" && f.Presence.Online == round })
		worst = max(worst, time.Since(start))
	}
	return worst
}

// TestStalledClient: a client that stops reading delays nobody, is closed within
// its bound, and learns why when it wakes up.
func TestStalledClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *city.Config) { c.WriteWait = 300 * time.Millisecond })
	w.city.CityReset(state(roomLinks(slowRooms)...))
	stalled, reader := w.connect("guest", wire.SubprotocolV2), w.connect("guest", wire.SubprotocolV2)
	reader.read() // the snapshot: from here on changes are told
	start := time.Now()
	for round := 2; w.metric("presence_city_closed_total", "slow") == 0; round += 10 {
		if worst := w.flood(reader, round, 10); worst > soon/2 {
			t.Fatalf("the reader waited %v for a change", worst)
		}
		if time.Since(start) > soon {
			t.Fatal("the stalled socket is not closed")
		}
	}
	stalled.mustClose(wire.CloseSlow)
}

// TestConflation: a client that falls behind misses old values, never the last
// ones, and never gets an older one after a newer.
func TestConflation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *city.Config) { c.WriteWait = time.Hour })
	w.city.CityReset(state(roomLinks(slowRooms)...))
	late, reader := w.connect("guest", wire.SubprotocolV2), w.connect("guest", wire.SubprotocolV2)
	reader.read() // the snapshot: from here on changes are told
	const rounds = 25
	w.flood(reader, 2, rounds)

	values, frames := map[spaces.Slug]int{}, 0
	var last uint64
	for done := 0; done < slowRooms; frames++ {
		f := late.read()
		if f.Seq <= last {
			t.Fatalf("after %d came %s", last, f.raw)
		}
		last = f.Seq
		if f.Type != "city.room" {
			continue
		}
		if f.Presence.Online <= values[f.Slug] {
			t.Fatalf("%s went from %d to %d", f.Slug, values[f.Slug], f.Presence.Online)
		}
		if values[f.Slug] = f.Presence.Online; f.Presence.Online == rounds+1 {
			done++
		}
	}
	if frames > rounds*slowRooms*9/10 {
		t.Errorf("the late client got %d frames; nothing was conflated", frames)
	}
	if w.metric("presence_city_conflated_total", "v2") == 0 {
		t.Error("nothing was counted as conflated")
	}
}

func roomLinks(n int) []spaces.Link {
	links := make([]spaces.Link, n)
	for i := range links {
		links[i] = link(fmt.Sprintf("room-%03d", i), "")
	}
	return links
}
