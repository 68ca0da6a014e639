package state_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"presence/aggregator/state"
	"presence/spaces"
)

const (
	cityUsers    = 10_000
	roomsPerUser = 5
)

// newBenchCity is a city in which 10,000 users are each in five rooms, so that
// with fewer rooms each has more members: what is measured must grow with
// neither.
func newBenchCity(b *testing.B, rooms int) (*state.Engine, time.Time) {
	b.Helper()
	now := time.UnixMilli(1_700_000_000_000)
	e := state.New(state.Config{Self: "@daemon:x", Grace: 5 * time.Second, OnlineLimit: 6 * time.Hour, Infer: true, CountIdle: true})
	links := make([]spaces.Link, rooms)
	facts := make([]state.RoomFacts, rooms)
	for i := range rooms {
		links[i] = link(fmt.Sprintf("room-%d", i), fmt.Sprintf("zone-%d", i%5), true)
		facts[i] = state.RoomFacts{RoomID: links[i].RoomID, Complete: true}
	}
	initial := state.Batch{At: now, Initial: true, Rooms: facts}
	for u := range cityUsers {
		for j := range roomsPerUser {
			f := &facts[(u+j*rooms/roomsPerUser)%rooms]
			f.Members = append(f.Members, state.MemberFact{UserID: benchUser(u), Membership: "join"})
		}
		initial.Presence = append(initial.Presence, state.PresenceFact{UserID: benchUser(u), Presence: "online"})
	}
	e.SetLinks(now, links)
	e.Apply(initial)
	e.TakeChanged()
	e.TakeRows()
	return e, now
}

// cpuTime is what the process has used: unlike wall time it means the same on a
// machine that others use too.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchUser(u int) string { return fmt.Sprintf("@user-%d:x", u) }

func benchRooms(b *testing.B, run func(b *testing.B, e *state.Engine, now time.Time, rooms int)) {
	b.Helper()
	for _, rooms := range []int{100, 1_000, 5_000} {
		b.Run(fmt.Sprintf("rooms=%d", rooms), func(b *testing.B) {
			e, now := newBenchCity(b, rooms)
			b.ReportAllocs()
			b.ResetTimer()
			before := cpuTime(b)
			run(b, e, now, rooms)
			b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// BenchmarkPresence is one presence change as a response of its own, with the
// five rooms, the city and the user it changes read back for publishing.
func BenchmarkPresence(b *testing.B) {
	benchRooms(b, func(b *testing.B, e *state.Engine, now time.Time, _ int) {
		words := []string{"unavailable", "online"}
		for i := 0; b.Loop(); i++ {
			now = now.Add(time.Millisecond)
			e.Apply(state.Batch{At: now, Presence: []state.PresenceFact{{UserID: benchUser(i % cityUsers), Presence: words[i/cityUsers%2]}}})
			readChanged(e)
		}
	})
}

// BenchmarkTyping is one person starting or stopping to type in one room.
func BenchmarkTyping(b *testing.B) {
	benchRooms(b, func(b *testing.B, e *state.Engine, now time.Time, rooms int) {
		none := []string{}
		for i := 0; b.Loop(); i++ {
			now = now.Add(time.Millisecond)
			list := &none
			if u := i / 2 % cityUsers; i%2 == 0 {
				list = &[]string{benchUser(u)}
			}
			room := roomID(fmt.Sprintf("room-%d", i/2%cityUsers%rooms))
			e.Apply(state.Batch{At: now, Rooms: []state.RoomFacts{{RoomID: room, Typing: list}}})
			readChanged(e)
		}
	})
}

// BenchmarkMembership is one person joining or leaving one room.
func BenchmarkMembership(b *testing.B) {
	benchRooms(b, func(b *testing.B, e *state.Engine, now time.Time, rooms int) {
		words := []string{"leave", "join"}
		for i := 0; b.Loop(); i++ {
			now = now.Add(time.Millisecond)
			u := i / 2 % cityUsers
			fact := state.MemberFact{UserID: benchUser(u), Membership: words[i%2]}
			room := roomID(fmt.Sprintf("room-%d", u%rooms))
			e.Apply(state.Batch{At: now, Rooms: []state.RoomFacts{{RoomID: room, Members: []state.MemberFact{fact}}}})
			readChanged(e)
		}
	})
}

// BenchmarkRepeatedTyping is the unchanged list that Dendrite repeats.
func BenchmarkRepeatedTyping(b *testing.B) {
	benchRooms(b, func(b *testing.B, e *state.Engine, now time.Time, _ int) {
		batch := state.Batch{At: now, Rooms: []state.RoomFacts{typing("room-7")}}
		for b.Loop() {
			e.Apply(batch)
		}
	})
}

func readChanged(e *state.Engine) {
	changed := e.TakeChanged()
	for _, slug := range changed.Rooms {
		e.Room(slug)
	}
	if changed.City {
		e.City()
	}
	for _, id := range changed.Users {
		e.User(id)
	}
	e.TakeRows()
}
