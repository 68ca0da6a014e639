package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"presence/deploy/testpg"
	"presence/spaces"
	"presence/spaces/store"
)

// from is a guest of a network.
func from(network, id string) spaces.Session {
	n := guest(id, hall)
	n.Network = network
	return n
}

// refusedSeat wants an answer for the person concerned.
func refusedSeat(t testing.TB, s *store.Store, n spaces.Session, seats int, code spaces.Code, words ...string) {
	t.Helper()
	_, err := s.Enter(t.Context(), n, seats, midday)
	wantCode(t, err, code, words...)
}

// All sessions of one person sit on one seat, inside and in line.
func TestOnePersonOneSeat(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		enter(t, s, client("a", "a-1", hall), 2, midday, 0, 0)
		enter(t, s, client("a", "a-2", hall), 2, midday, 0, 0)
		enter(t, s, guest("b", hall), 2, midday, 0, 0)
		enter(t, s, client("c", "c-1", hall), 2, midday, 1, 1)
		enter(t, s, client("c", "c-2", hall), 2, midday, 2, 2)
		enter(t, s, client("d", "d-1", hall), 2, midday, 3, 3)
		enter(t, s, client("a", "a-3", hall), 2, midday, 0, 3) // past the line: the seat is taken already
		crowd, err := s.Crowd(t.Context(), hall, midday)
		ok(t, err)
		if crowd.People != 2 || crowd.Guests != 1 {
			t.Errorf("%+v, want two people, one of them a guest", crowd)
		}
		leave(t, s, client("a", "a-1", hall), false, 2, midday)
		leave(t, s, client("a", "a-2", hall), true, 2, midday)
		leave(t, s, client("a", "a-3", hall), false, 2, midday, "c-1", "c-2")
		leave(t, s, client("c", "c-1", hall), true, 2, midday) // no seat is held for who is inside still
		leave(t, s, client("c", "c-2", hall), false, 2, midday, "d-1")
		wantInside(t, s, hall, "b", "d-1")
	})
}

func TestSessionsOfOnePerson(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		for i := range 10 {
			enter(t, s, client("a", fmt.Sprint("a-", i), hall), 50, midday, 0, 0)
		}
		refusedSeat(t, s, client("a", "a-10", hall), 50, spaces.CodeConflict, "10 times")
		enter(t, s, client("a", "a-3", hall), 50, midday, 0, 0) // one of the ten, again
		enter(t, s, client("a", "b-0", annex), 50, midday, 0, 0)
		leave(t, s, client("a", "a-0", hall), false, 50, midday)
		enter(t, s, client("a", "a-10", hall), 50, midday, 0, 0)

		enter(t, s, client("x", "x", annex), 2, midday, 0, 0)
		for i := range 10 {
			n := client("w", fmt.Sprint("w-", i), annex)
			if got, err := s.Enter(t.Context(), n, 2, midday); err != nil || got.Position != i+1 {
				t.Fatalf("%s in line: %+v, %v", n.ID, got, err)
			}
		}
		refusedSeat(t, s, client("w", "w-10", annex), 2, spaces.CodeConflict, "10 times")
	})
}

// Guests of one network cannot fill a space, and nobody else is bounded by them.
func TestGuestsOfOneNetwork(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		for i := range 38 { // three quarters of 50
			enter(t, s, from("net", fmt.Sprint("g-", i)), 50, midday, 0, 0)
		}
		refusedSeat(t, s, from("net", "one more"), 50, spaces.CodeUnauthenticated, "from your address", ": 38")
		second := from("net", "g-0")
		second.ID = "g-0 again"
		enter(t, s, second, 50, midday, 0, 0) // the same guest
		enter(t, s, from("other", "other"), 50, midday, 0, 0)
		enter(t, s, from("", "unknown"), 50, midday, 0, 0)
		enter(t, s, client("a", "a", hall), 50, midday, 0, 0)
		for i := range 2 {
			enter(t, s, from("net", fmt.Sprint("late-", i)), 500, midday, 0, 0)
		}
		refusedSeat(t, s, from("net", "one more"), 500, spaces.CodeUnauthenticated, ": 40") // more seats, but no more guests of one address than 40
	})
}

func wantRefusedAfter(t *testing.T, s *store.Store, network string, seats, want int) {
	t.Helper()
	for i := range want {
		if _, err := s.Enter(t.Context(), from(network, fmt.Sprint(network, "-", i)), seats, midday); err != nil {
			t.Fatalf("guest %d from %s of %d seats: %v", i, network, seats, err)
		}
	}
	refusedSeat(t, s, from(network, "one more"), seats, spaces.CodeUnauthenticated, "address")
}

// The line counts as well: who fills it keeps others waiting.
func TestGuestsInLine(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		enter(t, s, client("a", "a", hall), 4, midday, 0, 0)
		enter(t, s, client("b", "b", hall), 4, midday, 0, 0)
		wantRefusedAfter(t, s, "net", 4, 3) // two inside, one in line
		lost := from("net", "net-2")
		leave(t, s, lost, true, 4, midday) // its connection broke
		lost.ID = "came back"
		enter(t, s, lost, 4, midday.Add(time.Second), 1, 1)
	})
}

// What comes from this machine may be anybody's.
func TestGuestsOfThisMachine(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		s = s.LimitGuests(2)
		wantRefusedAfter(t, s, "net", spaces.CrowdSeats, 2)
		for i := range 60 {
			enter(t, s, from(spaces.LocalNetwork, fmt.Sprint("l-", i)), spaces.CrowdSeats, midday, 0, 0)
		}
		refusedSeat(t, s, from(spaces.LocalNetwork, "one more"), 70, spaces.CodeUnauthenticated, ": 53")
	})
}

// Two gateways decide one after another.
func TestGuestsOverGateways(t *testing.T) {
	t.Parallel()
	url := testpg.Database(t)
	gateways := []*store.Store{open(t, url), open(t, url)}
	var inside atomic.Int64
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			_, err := gateways[i%2].Enter(t.Context(), from("net", fmt.Sprint("g-", i)), 8, midday)
			if err == nil {
				inside.Add(1)
			} else if spaces.ErrorCode(err) != spaces.CodeUnauthenticated {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if inside.Load() != 6 {
		t.Errorf("%d guests of one network got places, want 6 of 8", inside.Load())
	}
}
