package bus_test

import (
	"fmt"
	"testing"
	"time"

	"presence/spaces"
	"presence/spaces/bus"
)

// One change from PutRooms to CityChanged, on the built-in server.
func BenchmarkPutToWatch(b *testing.B) {
	p := open(b, bus.Config{Dir: b.TempDir()})
	w := &first{reset: make(chan struct{}, 1), heard: make(chan int, 64)}
	stop := follow(b, p, w)
	defer stop()
	<-w.reset
	for i := 0; b.Loop(); i++ {
		must(b, p.PutRooms(b.Context(), []spaces.RoomPresence{room("a", i)}))
		for <-w.heard != i {
		}
	}
}

// Rooms acknowledged per second in calls of 1 and of 500.
func BenchmarkPutRooms(b *testing.B) {
	for _, n := range []int{1, 500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := open(b, bus.Config{Dir: b.TempDir()})
			rooms := make([]spaces.RoomPresence, n)
			for i := range rooms {
				rooms[i] = room(spaces.Slug(fmt.Sprintf("room-%d", i)), i)
			}
			start := time.Now()
			for b.Loop() {
				must(b, p.PutRooms(b.Context(), rooms))
			}
			b.ReportMetric(float64(b.N*n)/time.Since(start).Seconds(), "rooms/s")
		})
	}
}

// A gateway's start: the whole city of 1,000 rooms and links.
func BenchmarkSnapshot(b *testing.B) {
	p := open(b, bus.Config{Dir: b.TempDir()})
	for i := range 1000 {
		slug := spaces.Slug(fmt.Sprintf("room-%d", i))
		must(b, p.PutRooms(b.Context(), []spaces.RoomPresence{room(slug, i)}))
		must(b, p.PutLinks(b.Context(), []spaces.Link{link(slug)}))
	}
	for b.Loop() {
		state, err := p.ReadCity(b.Context())
		if err != nil || len(state.Rooms) != 1000 {
			b.Fatalf("%d rooms, %v", len(state.Rooms), err)
		}
	}
}

// first passes on what arrives and keeps nothing.
type first struct {
	reset chan struct{}
	heard chan int
}

func (f *first) CityReset(bus.CityState) { f.reset <- struct{}{} }
func (f *first) CityBlind(time.Time)     {}
func (f *first) CityChanged(changes []bus.CityChange) {
	for _, c := range changes {
		f.heard <- c.Room.OnlineCount
	}
}
