package bus_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"presence/deploy/testnats"
	"presence/spaces"
	"presence/spaces/bus"
)

// reign is one term of a candidate under test.
type reign struct {
	epoch uint64
	ctx   context.Context
	leave chan error // what lead returns when it leaves of its own accord
}

// candidate runs Lead; every term it wins is sent to reigns.
type candidate struct {
	reigns chan reign
	stop   context.CancelFunc
	done   chan error
}

func campaign(t *testing.T, b *bus.Bus) *candidate {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := &candidate{reigns: make(chan reign, 8), stop: cancel, done: make(chan error, 1)}
	go func() {
		c.done <- b.Lead(ctx, func(ctx context.Context, epoch uint64) error {
			r := reign{epoch, ctx, make(chan error, 1)}
			c.reigns <- r
			select {
			case <-ctx.Done():
				return ctx.Err()
			case err := <-r.leave:
				return err
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err, open := <-c.done; open && err != nil {
			t.Errorf("Lead: %v", err)
		}
	})
	return c
}

func (c *candidate) next(t *testing.T) reign {
	t.Helper()
	select {
	case r := <-c.reigns:
		return r
	case <-time.After(patience):
		t.Fatal("never led")
		return reign{}
	}
}

// ends waits for the end of the term; a nil cause accepts any.
func (r reign) ends(t *testing.T, cause error) {
	t.Helper()
	select {
	case <-r.ctx.Done():
		if got := context.Cause(r.ctx); cause != nil && !errors.Is(got, cause) {
			t.Errorf("the term ended because of %v, want %v", got, cause)
		}
	case <-time.After(patience):
		t.Fatal("the term never ended")
	}
}

func TestOneLeadsAndAnotherTakesOver(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	cfg := bus.Config{URL: n.URL(), LeaseTTL: time.Second}
	first, second := campaign(t, open(t, cfg)), campaign(t, open(t, cfg))
	var leader, standby *candidate
	var term reign
	select {
	case term = <-first.reigns:
		leader, standby = first, second
	case term = <-second.reigns:
		leader, standby = second, first
	}
	// Long enough for the lease to expire if it were not renewed.
	select {
	case r := <-standby.reigns:
		t.Fatalf("two lead at once: epochs %d and %d", term.epoch, r.epoch)
	case <-time.After(2 * cfg.LeaseTTL):
	}
	leader.stop()
	term.ends(t, context.Canceled)
	if next := standby.next(t); next.epoch <= term.epoch {
		t.Errorf("epoch %d after %d", next.epoch, term.epoch)
	}
}

func TestALeaderThatFailsSaysSo(t *testing.T) {
	t.Parallel()
	b := open(t, bus.Config{Dir: t.TempDir(), LeaseTTL: time.Second})
	c := campaign(t, b)
	failure := errors.New("the homeserver refuses the token")
	c.next(t).leave <- failure
	select {
	case err := <-c.done:
		if !errors.Is(err, failure) {
			t.Errorf("Lead returned %v", err)
		}
		close(c.done)
	case <-time.After(patience):
		t.Fatal("Lead did not return")
	}
	campaign(t, b).next(t) // the lease was given back
}

// A leader that NATS cannot hear stops by itself before anybody else may lead,
// and nothing it says later reaches the stream.
func TestADeposedLeaderIsRefused(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	cfg := bus.Config{URL: n.URL(), LeaseTTL: time.Second}
	old := open(t, cfg)
	first := campaign(t, old).next(t)
	must(t, old.PutRooms(t.Context(), []spaces.RoomPresence{at(first.epoch, room("a", 1))}))

	// The old leader's lease is taken from under it, as after a long pause of its process.
	_, js := outsider(t, n)
	kv, err := js.KeyValue(t.Context(), "CITY_PRESENCE_LEASE")
	must(t, err)
	must(t, kv.Purge(t.Context(), "aggregator"))
	fresh := open(t, cfg)
	second := campaign(t, fresh).next(t)
	if second.epoch <= first.epoch {
		t.Errorf("epoch %d after %d", second.epoch, first.epoch)
	}
	must(t, fresh.PutRooms(t.Context(), []spaces.RoomPresence{at(second.epoch, room("a", 2))}))
	if err := old.PutRooms(t.Context(), []spaces.RoomPresence{at(first.epoch, room("a", 3))}); !errors.Is(err, bus.ErrDeposed) {
		t.Errorf("the deposed leader's publish returned %v", err)
	}
	if err := old.DropRoom(t.Context(), "a"); !errors.Is(err, bus.ErrDeposed) {
		t.Errorf("the deposed leader's removal returned %v", err)
	}
	first.ends(t, nil)
	state, err := fresh.ReadCity(t.Context())
	must(t, err)
	if got := state.Rooms["a"].OnlineCount; got != 2 {
		t.Errorf("the room has %d people, want the new leader's 2", got)
	}
}

func at(epoch uint64, r spaces.RoomPresence) spaces.RoomPresence {
	r.Epoch = epoch
	return r
}

func TestTheLeaseIsLostWithNATS(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	b := open(t, bus.Config{URL: n.URL(), LeaseTTL: time.Second})
	c := campaign(t, b)
	first := c.next(t)
	n.Stop()
	first.ends(t, bus.ErrLeaseLost)
	wipeStore(t, n) // the bucket and the epochs in the stream are gone as well
	n.Start()
	if second := c.next(t); second.epoch <= first.epoch {
		t.Errorf("epoch %d after %d", second.epoch, first.epoch)
	}
}

func TestALostBucketEndsTheTerm(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	c := campaign(t, open(t, bus.Config{URL: n.URL(), LeaseTTL: time.Second}))
	first := c.next(t)
	_, js := outsider(t, n)
	must(t, js.DeleteKeyValue(t.Context(), "CITY_PRESENCE_LEASE"))
	first.ends(t, bus.ErrLeaseLost)
	if second := c.next(t); second.epoch <= first.epoch {
		t.Errorf("epoch %d after %d", second.epoch, first.epoch)
	}
}

// The leader's stream vanishes, or is emptied, while it leads: it puts its
// fence back, restores everything and goes on leading.
func TestTheLeaderRestoresItsStream(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	b := open(t, bus.Config{URL: n.URL()})
	term := campaign(t, b).next(t)
	_, js := outsider(t, n)
	fill(t, b, 1)
	r := watch(t, b)
	r.untilRooms(t, map[spaces.Slug]int{"a": 1, "b": 1})

	must(t, js.DeleteStream(t.Context(), "CITY_PRESENCE"))
	must(t, b.PutRooms(t.Context(), []spaces.RoomPresence{room("a", 2)}))
	r.untilRooms(t, map[spaces.Slug]int{"a": 2, "b": 1})

	s, err := js.Stream(t.Context(), "CITY_PRESENCE")
	must(t, err)
	must(t, s.Purge(t.Context()))
	must(t, b.PutRooms(t.Context(), []spaces.RoomPresence{room("a", 3)}))
	state, err := b.ReadCity(t.Context())
	must(t, err)
	if len(state.Rooms) != 2 || len(state.Links) != 2 || state.Status == nil {
		t.Errorf("not restored: %+v", state)
	}
	r.neverLess(t, 2)
	if term.ctx.Err() != nil {
		t.Error("the term ended")
	}
}

// The built-in server belongs to one process: whoever held the lease before
// crashed, and nobody waits for it to expire.
func TestACrashedRunsLeaseIsTakenAtOnce(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	campaign(t, open(t, bus.Config{URL: n.URL(), LeaseTTL: time.Hour})).next(t)
	n.Stop() // as a crash leaves it: the lease is in the store
	c := campaign(t, open(t, bus.Config{Dir: n.Dir(), LeaseTTL: time.Hour}))
	c.next(t)
}

func TestANewTermShowsTheCityAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg bus.Config) {
		b, ctx := open(t, cfg), t.Context()
		must(t, b.PutRooms(ctx, []spaces.RoomPresence{at(5, room("a", 1)), at(5, room("b", 1))}))
		r := watch(t, b)
		r.untilRooms(t, map[spaces.Slug]int{"a": 1, "b": 1})
		campaign(t, b).next(t)
		r.until(t, "a new picture", func() bool { return r.resets == 2 && len(r.city.Rooms) == 2 })
	})
}

func TestOlderEpochsAreIgnored(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg bus.Config) {
		b, ctx := open(t, cfg), t.Context()
		must(t, b.PutRooms(ctx, []spaces.RoomPresence{at(5, room("a", 1)), at(5, room("b", 1))}))
		r := watch(t, b)
		r.untilRooms(t, map[spaces.Slug]int{"a": 1, "b": 1})
		must(t, b.PutStatus(ctx, spaces.Status{Epoch: 6, Sync: spaces.SyncOK}))
		must(t, b.PutRooms(ctx, []spaces.RoomPresence{at(5, room("a", 9)), at(6, room("b", 2))}))
		r.untilRooms(t, map[spaces.Slug]int{"a": 1, "b": 2})
	})
}
