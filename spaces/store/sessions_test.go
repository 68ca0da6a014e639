package store_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"presence/deploy/testpg"
	"presence/migrations"
	"presence/spaces"
	"presence/spaces/store"
)

var (
	midday = time.UnixMilli(1_800_000_000_000).UTC()
	hall   = spaces.Key{Type: spaces.TypeCity, ID: "hall", Subspace: spaces.MainSubspace}
	annex  = spaces.Key{Type: spaces.TypeCity, ID: "hall", Subspace: "annex"}
)

// client is a session of a person: "alice" or "alice#2".
func client(person, socket string, key spaces.Key) spaces.Session {
	return spaces.Session{
		ID: socket, Gateway: "g1", Key: key, Subject: "hive:" + person, Account: person, Name: person,
		Door: spaces.DoorNative, ConnectedAt: midday,
	}
}

func guest(id string, key spaces.Key) spaces.Session {
	return spaces.Session{ID: id, Gateway: "g1", Key: key, Subject: "guest:" + id, Name: "Guest", Guest: true, Door: spaces.DoorRaw, ConnectedAt: midday}
}

func enter(t testing.TB, s *store.Store, n spaces.Session, seats int, at time.Time, position, length int) store.Seating {
	t.Helper()
	got, err := s.Enter(t.Context(), n, seats, at)
	ok(t, err)
	if got.Position != position || got.Length != length {
		t.Fatalf("%s is at %d of %d, want %d of %d", n.ID, got.Position, got.Length, position, length)
	}
	return got
}

func leave(t testing.TB, s *store.Store, n spaces.Session, lost bool, seats int, at time.Time, admitted ...string) {
	t.Helper()
	got, err := s.Leave(t.Context(), n, lost, seats, at)
	ok(t, err)
	wantIDs(t, "admitted by "+n.ID, got, admitted...)
}

func wantIDs(t testing.TB, what string, got []spaces.Session, want ...string) {
	t.Helper()
	ids := make([]string, len(got))
	for i, n := range got {
		ids[i] = n.ID
	}
	if !slices.Equal(ids, want) {
		t.Fatalf("%s: %v, want %v", what, ids, want)
	}
}

func wantInside(t testing.TB, s *store.Store, key spaces.Key, want ...string) {
	t.Helper()
	got, err := s.SessionsIn(t.Context(), key)
	ok(t, err)
	wantIDs(t, "inside", got, want...)
}

func TestSeatsAndLine(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		a, b, c, d := client("a", "s-a", hall), guest("s-b", hall), client("c", "s-c", hall), client("d", "s-d", hall)
		a.Avatar, a.Voice = json.RawMessage(`{"name":"\u0000"}`), true
		enter(t, s, a, 2, midday, 0, 0)
		enter(t, s, b, 2, midday, 0, 0)
		enter(t, s, b, 2, midday, 0, 0) // again
		enter(t, s, c, 2, midday, 1, 1)
		enter(t, s, d, 2, midday, 2, 2)
		enter(t, s, c, 2, midday, 1, 2) // again
		enter(t, s, client("e", "s-e", annex), 2, midday, 0, 0)
		wantInside(t, s, hall, "s-a", "s-b", "s-e")
		inside, err := s.SessionsIn(t.Context(), hall)
		ok(t, err)
		if fmt.Sprint(inside[0]) != fmt.Sprint(a) || fmt.Sprint(inside[1]) != fmt.Sprint(b) {
			t.Fatalf("sessions %+v\nwant %+v %+v", inside, a, b)
		}

		leave(t, s, a, false, 2, midday, "s-c")
		leave(t, s, a, false, 2, midday)
		places, admitted, err := s.Line(t.Context(), hall, []string{"s-c", "s-d", "s-x"}, 2, midday)
		ok(t, err)
		if len(places) != 2 || places["s-c"].Position != 0 || places["s-d"].Position != 1 || places["s-d"].Length != 1 || len(admitted) != 0 {
			t.Fatalf("places %+v, admitted %v", places, admitted)
		}
		_, admitted, err = s.Line(t.Context(), hall, []string{"s-d"}, 3, midday) // one seat more
		ok(t, err)
		wantIDs(t, "admitted", admitted, "s-d")
		leave(t, s, c, false, 3, midday)
		leave(t, s, d, false, 3, midday)
		wantInside(t, s, hall, "s-b", "s-e")
		_, err = s.Enter(t.Context(), a, 0, midday)
		wantCode(t, err, spaces.CodeInvalid, "seats")
		_, err = s.Enter(t.Context(), spaces.Session{ID: "x", Key: hall}, 1, midday)
		wantCode(t, err, spaces.CodeInvalid, "session")
	})
}

// Nobody who comes later gets a seat while somebody waits, also when seats
// become free unnoticed.
func TestLineIsFair(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		a, b, c := client("a", "s-a", hall), client("b", "s-b", hall), client("c", "s-c", hall)
		enter(t, s, a, 1, midday, 0, 0)
		enter(t, s, b, 1, midday, 1, 1)
		b.Gateway = "g2"
		ok(t, s.DropGateway(t.Context(), "g1", midday)) // frees the seat, and b is away as well
		got := enter(t, s, c, 1, midday.Add(time.Second), 1, 1)
		if len(got.Admitted) != 0 {
			t.Fatalf("admitted %v", got.Admitted)
		}
		enter(t, s, b, 1, midday.Add(2*time.Second), 0, 1) // back, on another gateway
		leave(t, s, b, false, 1, midday.Add(3*time.Second), "s-c")
		wantInside(t, s, hall, "s-c")
	})
}

// Somebody whose socket breaks in line keeps their place for half a minute, not
// longer, whichever socket they come back with.
func TestPlaceIsKept(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		a, b, c := client("a", "s-a", hall), client("b", "s-b", hall), client("c", "s-c", hall)
		enter(t, s, a, 1, midday, 0, 0)
		enter(t, s, b, 1, midday, 1, 1)
		enter(t, s, c, 1, midday, 2, 2)
		leave(t, s, b, true, 1, midday)
		enter(t, s, client("b", "s-b2", hall), 1, midday.Add(20*time.Second), 1, 2)
		// A new socket before the old one is known to be broken.
		enter(t, s, client("b", "s-b3", hall), 1, midday.Add(21*time.Second), 3, 3)
		leave(t, s, client("b", "s-b2", hall), true, 1, midday.Add(22*time.Second))
		enter(t, s, client("b", "s-b3", hall), 1, midday.Add(23*time.Second), 1, 2)
		// Away for too long: the end of the line.
		leave(t, s, client("b", "s-b3", hall), true, 1, midday.Add(24*time.Second))
		ok(t, second(s.Touch(t.Context(), []store.Seen{{ID: "s-a"}}, midday.Add(50*time.Second))))
		_, _, err := s.Line(t.Context(), hall, []string{"s-c"}, 1, midday.Add(50*time.Second))
		ok(t, err)
		enter(t, s, client("b", "s-b4", hall), 1, midday.Add(55*time.Second), 2, 2)
		// Leaving of one's own accord keeps nothing.
		leave(t, s, c, false, 1, midday.Add(56*time.Second))
		enter(t, s, c, 1, midday.Add(57*time.Second), 2, 2)
	})
}

func second[A any](_ A, err error) error { return err }

// A seat is held for who is first but away, and for who lost the last seat to a
// broken socket; then it goes to the next.
func TestSeatIsHeld(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		a, b, c := client("a", "s-a", hall), client("b", "s-b", hall), client("c", "s-c", hall)
		enter(t, s, a, 1, midday, 0, 0)
		enter(t, s, b, 1, midday, 1, 1)
		enter(t, s, c, 1, midday, 2, 2)
		leave(t, s, b, true, 1, midday)
		leave(t, s, a, false, 1, midday.Add(time.Second)) // held for b
		enter(t, s, client("b", "s-b2", hall), 1, midday.Add(10*time.Second), 0, 1)
		leave(t, s, client("b", "s-b2", hall), true, 1, midday.Add(11*time.Second)) // still held for b
		enter(t, s, client("b", "s-b3", hall), 1, midday.Add(20*time.Second), 0, 1)
		leave(t, s, client("b", "s-b3", hall), true, 1, midday.Add(21*time.Second))
		places, admitted, err := s.Line(t.Context(), hall, []string{"s-c"}, 1, midday.Add(30*time.Second))
		ok(t, err)
		if places["s-c"].Position != 1 || len(admitted) != 0 {
			t.Fatalf("places %v, admitted %v", places, admitted)
		}
		_, admitted, err = s.Line(t.Context(), hall, []string{"s-c"}, 1, midday.Add(37*time.Second))
		ok(t, err)
		wantIDs(t, "admitted", admitted, "s-c")
	})
}

func TestPhantomsAreSwept(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		a, b, c := client("a", "s-a", hall), client("b", "s-b", hall), client("c", "s-c", hall)
		b.Gateway, c.Gateway = "g2", "g3"
		for _, n := range []spaces.Session{a, b, c} {
			enter(t, s, n, 3, midday, 0, 0)
		}
		enter(t, s, client("w", "s-w", hall), 3, midday, 1, 1)
		lost, err := s.Touch(t.Context(), []store.Seen{{ID: "s-a", Position: &spaces.Vec{X: 1.5}}, {ID: "s-x"}}, midday.Add(40*time.Second))
		ok(t, err)
		if !slices.Equal(lost, []string{"s-x"}) {
			t.Fatalf("lost %v", lost)
		}
		// Nobody vouches for the others: their seats are free for who asks, and
		// so is the place in line.
		enter(t, s, client("d", "s-d", hall), 3, midday.Add(70*time.Second), 0, 0)
		wantInside(t, s, hall, "s-a", "s-d")
		ok(t, s.DropOtherGateways(t.Context(), []string{"g2"}, midday.Add(75*time.Second)))
		wantInside(t, s, hall, "s-d") // too young to be judged
		ok(t, s.Reseat(t.Context(), a, midday.Add(76*time.Second)))
		wantInside(t, s, hall, "s-d", "s-a")
		swept, err := s.SweepSessions(t.Context(), midday.Add(5*time.Minute))
		ok(t, err)
		if swept != 2 {
			t.Fatalf("%d swept", swept)
		}
		wantInside(t, s, hall)
	})
}

// Many gateways at once: exactly as many inside as there are seats, the others
// in line, each in a place of their own.
func TestSeatsUnderContention(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		const people, seats = 40, 7
		places := make([]int, people)
		var all sync.WaitGroup
		for i := range people {
			all.Go(func() {
				got, err := s.Enter(t.Context(), guest("s-"+number(i), hall), seats, midday)
				if err != nil {
					t.Error(err)
				}
				places[i] = got.Position
			})
		}
		all.Wait()
		slices.Sort(places)
		for i, place := range places {
			if want := max(0, i-seats+1); place != want {
				t.Fatalf("places %v", places)
			}
		}
		var admitted atomic.Int64
		inside, err := s.SessionsIn(t.Context(), hall)
		ok(t, err)
		for _, n := range inside {
			all.Go(func() {
				next, err := s.Leave(t.Context(), n, false, seats, midday)
				if err != nil {
					t.Error(err)
				}
				admitted.Add(int64(len(next)))
			})
		}
		all.Wait()
		inside, err = s.SessionsIn(t.Context(), hall)
		ok(t, err)
		if len(inside) != seats || admitted.Load() != seats {
			t.Fatalf("%d inside, %d admitted; want %d", len(inside), admitted.Load(), seats)
		}
	})
}

// The statement operators know, verbatim.
func TestOperatorsCountSessions(t *testing.T) {
	t.Parallel()
	db, err := migrations.Open(t.Context(), testpg.Database(t), t.TempDir(), slog.New(slog.DiscardHandler))
	ok(t, err)
	t.Cleanup(func() { ok(t, db.Close()) })
	s := store.New(db)
	now := time.Now()
	enter(t, s, client("a", "s-a", hall), 9, now, 0, 0)
	enter(t, s, guest("s-b", annex), 9, now, 0, 0)
	old := client("c", "s-c", annex)
	ok(t, s.Reseat(t.Context(), old, now.Add(-time.Hour)))
	ok(t, second(s.Touch(t.Context(), []store.Seen{{ID: "s-a", Position: &spaces.Vec{X: 1, Y: 2, Z: 3}}}, now)))
	var spaceType, spaceID string
	var users int
	ok(t, db.QueryRow(t.Context(), `SELECT space_type, space_id, COUNT(*) AS users FROM presence_sessions WHERE last_activity > NOW() - INTERVAL '5 minutes' GROUP BY space_type, space_id;`).Scan(&spaceType, &spaceID, &users))
	if spaceType != "city" || spaceID != "hall" || users != 2 {
		t.Errorf("%s %s: %d users", spaceType, spaceID, users)
	}
	var x string
	ok(t, db.QueryRow(t.Context(), `SELECT position->>'x' FROM presence_sessions WHERE user_account = 'a'`).Scan(&x))
	if x != "1" {
		t.Errorf("position %q", x)
	}
	ok(t, db.QueryRow(t.Context(), `SELECT COUNT(*) FROM presence_sessions WHERE user_account IS NULL`).Scan(&users))
	if users != 1 {
		t.Errorf("%d guests", users)
	}
}
