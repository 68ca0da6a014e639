package hub_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"presence/deploy/testnats"
	"presence/gateway/hub"
	"presence/gateway/wire"
	"presence/migrations"
	"presence/spaces"
	"presence/spaces/bus"
	"presence/spaces/store"
)

// deadAfter is how long a gateway is silent before the others take it for dead:
// not so short that one on a loaded machine would be.
const deadAfter = 6 * time.Second

// gateway is a world on the bus.
type gateway struct {
	*world

	bus  *bus.Bus
	kill func() // the process is gone: nothing is said any more
}

// newGateway starts a hub that others hear of.
func newGateway(t *testing.T, n *testnats.Server, name string, seats *store.Store, change ...func(*hub.Config)) *gateway {
	t.Helper()
	b, err := bus.Open(t.Context(), bus.Config{URL: n.URL(), Name: name, GatewayTTL: deadAfter, Log: slog.New(slog.DiscardHandler)})
	ok(t, err)
	line, err := b.Gateway(t.Context(), name)
	ok(t, err)
	g := &gateway{bus: b}
	g.world = newWorld(t, func(c *hub.Config) {
		c.Gateway, c.Bus = name, line
		if seats != nil {
			c.Seats = seats
		}
		for _, do := range change {
			do(c)
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	group := new(errgroup.Group)
	group.Go(func() error { return line.Run(ctx, g.hub) })
	group.Go(func() error { return b.WatchSessions(ctx, g.hub) })
	stopHub := g.world.stop
	g.stop = sync.OnceFunc(func() {
		stopHub()
		cancel()
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
		b.Close()
	})
	g.kill = sync.OnceFunc(func() {
		b.Close() // before anything can be said
		g.stop()
	})
	t.Cleanup(g.stop)
	return g
}

// TestTwoGatewaysOneSpace: people on two gateways are in one space, hear each
// thing once, and the end of one gateway is the end of its own people only.
func TestTwoGatewaysOneSpace(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	here, there := newGateway(t, n, "here", nil), newGateway(t, n, "there", nil)
	alice, anna := here.enter("alice"), here.enter("anna")
	alice.move(at(1, 1))
	bob := newClient(t, "bob")
	there.enterAs(bob, lobby)

	refs := map[string]uint16{} // as bob knows them
	for len(refs) < 2 {
		n := bob.until("somebody", func(n notice) bool { return n.Type == "joined" || n.Type == "member.joined" })
		for _, m := range append(n.Members, n.Member) {
			if m.Session != "" && m.Session != "bob" {
				refs[m.Session] = m.Ref
			}
		}
	}
	bobHere := alice.until("bob", func(n notice) bool { return n.Type == "member.joined" && n.Member.Session == "bob" }).Member.Ref
	bob.sees(refs["alice"], at(1, 1)) // who has stood still since before bob came
	for i := range 10 {
		bob.move(at(2, float64(i)/2))
		alice.sees(bobHere, at(2, float64(i)/2))
		alice.move(at(3, float64(i)/2))
		bob.sees(refs["alice"], at(3, float64(i)/2))
	}

	ok(t, alice.member.Emote("wave"))
	ok(t, alice.member.Send(wire.EntityCustom, "once", json.RawMessage(`1`)))
	ok(t, alice.member.Typing(true))
	if n := bob.text("emote"); n.From != "alice" || n.Emote != "wave" {
		t.Errorf("an emote arrives as %+v", n)
	}
	if n := bob.text("custom"); n.From != "alice" || n.Name != "once" || string(n.Data) != "1" {
		t.Errorf("a message arrives as %+v", n)
	}
	if n := bob.text("typing"); len(n.Sessions) != 1 || n.Sessions[0] != "alice" {
		t.Errorf("typing arrives as %+v", n)
	}
	ok(t, bob.member.Signal("alice", wire.SignalAnswer, json.RawMessage(`{"sdp":"y"}`)))
	if n := alice.text("signal"); n.From != "bob" || n.Kind != wire.SignalAnswer || string(n.Data) != `{"sdp":"y"}` {
		t.Errorf("an answer arrives as %+v", n)
	}
	ok(t, bob.member.SendTo("anna", wire.EntityCustom, "alone", json.RawMessage(`2`)))
	anna.until("alone", func(n notice) bool { return n.Type == "custom" && n.Name == "alone" })
	voice := true
	ok(t, bob.member.Change(nil, &voice))
	if n := alice.text("member.changed"); n.Member.Session != "bob" || !n.Member.Voice {
		t.Errorf("a changed member arrives as %+v", n)
	}
	if alice.heard(func(n notice) bool { return n.Name == "once" || n.Name == "alone" }) {
		t.Error("alice hears an echo of her own, or what was meant for anna")
	}

	ok(t, there.hub.Expel(t.Context(), lobby, "hive:anna", "enough"))
	if n := anna.text("left"); n.Reason != "enough" {
		t.Errorf("expelled from the other gateway, anna reads %+v", n)
	}
	bob.until("anna leaving", func(n notice) bool { return n.Type == "member.left" && n.Session == "anna" })

	there.kill()
	alice.until("bob leaving", func(n notice) bool { return n.Type == "member.left" && n.Session == "bob" })
	carol := here.enter("carol")
	carol.move(at(7, 7))
	alice.sees(carol.ref, at(7, 7))
}

// TestWithoutNATS: while NATS is away local people go on, and those of other
// gateways are back when it is.
func TestWithoutNATS(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	here, there := newGateway(t, n, "here", nil), newGateway(t, n, "there", nil)
	alice, bob := here.enter("alice"), there.enter("bob")
	alice.until("bob", func(n notice) bool { return n.Type == "member.joined" && n.Member.Session == "bob" })
	n.Stop()
	carol := here.enter("carol")
	carol.move(at(1, 1))
	alice.sees(carol.ref, at(1, 1))
	n.Start()
	carolThere := bob.until("carol", func(n notice) bool { return n.Type == "member.joined" && n.Member.Session == "carol" }).Member.Ref
	bob.sees(carolThere, at(1, 1))
}

// TestLine: a full space has a line, over all gateways, which tells everybody
// where they stand and lets them in by itself, in order.
func TestLine(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	seats := openStore(t)
	here, there := newGateway(t, n, "here", seats), newGateway(t, n, "there", seats)
	for _, g := range []*gateway{here, there} {
		g.rules.change(func(r *rules) { r.seats = 2 })
	}
	first, second := here.enter("first"), there.enter("second")
	var waiting []*client
	for i, g := range []*gateway{here, there, here} {
		c := newClient(t, fmt.Sprintf("waiting-%d", i+1))
		g.enterAs(c, lobby)
		if n := c.text("waiting"); n.Position != i+1 {
			t.Fatalf("%s waits at %+v", c.id, n)
		}
		wantCode(t, c.member.Emote("wave"), spaces.CodeConflict)
		waiting = append(waiting, c)
	}
	ok(t, second.member.Leave(t.Context()))
	waiting[0].text("joined")
	waiting[1].until("moving up", func(n notice) bool { return n.Type == "waiting" && n.Position == 1 })
	waiting[2].until("moving up", func(n notice) bool { return n.Type == "waiting" && n.Position == 2 })

	ok(t, waiting[1].member.Leave(t.Context()))
	waiting[1].text("left")
	waiting[2].until("moving up", func(n notice) bool { return n.Type == "waiting" && n.Position == 1 })
	ok(t, first.member.Leave(t.Context()))
	if n := waiting[2].text("joined"); len(n.Members) != 2 {
		t.Errorf("two seats, and inside are %+v", n.Members)
	}
	inside, err := seats.SessionsIn(t.Context(), lobby)
	ok(t, err)
	if len(inside) != 2 {
		t.Errorf("the store knows %+v", inside)
	}
	here.stop()
	there.stop()
	inside, err = seats.SessionsIn(t.Context(), lobby)
	ok(t, err)
	if len(inside) != 0 {
		t.Errorf("after the end the store knows %+v", inside)
	}
}

func openStore(t *testing.T) *store.Store {
	t.Helper()
	db, err := migrations.Open(t.Context(), "", t.TempDir(), slog.New(slog.DiscardHandler))
	ok(t, err)
	t.Cleanup(func() { ok(t, db.Close()) })
	return store.New(db)
}

// TestStoreAway: while the store does not answer nobody new comes in and is told
// so; who is inside stays, moves, and can leave.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	seats := &brokenSeats{Store: openStore(t)}
	w := newWorld(t, func(c *hub.Config) { c.Seats = seats })
	alice, bob := w.enter("alice"), w.enter("bob")
	seats.set(true)
	_, err := w.hub.Enter(t.Context(), w.arrival(newClient(t, "carol"), lobby))
	wantCode(t, err, spaces.CodeUnavailable)
	alice.move(at(1, 1))
	bob.sees(alice.ref, at(1, 1))
	wantCode(t, alice.member.Leave(t.Context()), spaces.CodeUnavailable)
	bob.text("member.left")
	seats.set(false)
	carol := w.enter("carol")
	bob.move(at(2, 2))
	carol.sees(bob.ref, at(2, 2))
}

type brokenSeats struct {
	*store.Store

	mu   sync.Mutex
	away bool
}

func (b *brokenSeats) set(away bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = away
}

var errAway = errors.New("the database is away")

func (b *brokenSeats) err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away {
		return errAway
	}
	return nil
}

func (b *brokenSeats) Enter(ctx context.Context, s spaces.Session, seats int, now time.Time) (store.Seating, error) {
	if err := b.err(); err != nil {
		return store.Seating{}, err
	}
	return b.Store.Enter(ctx, s, seats, now)
}

func (b *brokenSeats) Leave(ctx context.Context, s spaces.Session, lost bool, seats int, now time.Time) ([]spaces.Session, error) {
	if err := b.err(); err != nil {
		return nil, err
	}
	return b.Store.Leave(ctx, s, lost, seats, now)
}

// TestArrivalElsewhere: the first that is heard of somebody on another gateway
// says where they came in; clients of the first server place avatars by it.
func TestArrivalElsewhere(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	here, there := newGateway(t, n, "here", nil), newGateway(t, n, "there", nil)
	alice, bob := here.enter("alice"), newClient(t, "bob")
	arrival := there.arrival(bob, lobby)
	arrival.Pose = at(4, 5)
	var err error
	bob.member, err = there.hub.Enter(t.Context(), arrival)
	ok(t, err)
	came := alice.until("bob", func(n notice) bool { return n.Type == "member.joined" && n.Member.Session == "bob" })
	if p := came.Member.Pose; p == nil || p.P != [3]float64{4, 1.6, 5} {
		t.Errorf("bob comes in at %v", p)
	}
}
