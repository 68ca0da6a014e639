package bus_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"presence/deploy/testnats"
	"presence/spaces"
	"presence/spaces/bus"
)

// guard is a SessionWatcher that keeps the picture a gateway would have.
type guard struct {
	mu       sync.Mutex
	inside   map[string]spaces.Session
	gateways []string
	gone     []string // gateways, in the order they were told
	resets   int
	blind    bool
	needed   []string // sessions that must be in every picture from now on
	missed   []string // those that were not
	changed  chan struct{}
}

func guardSessions(t testing.TB, b *bus.Bus) *guard {
	t.Helper()
	g := &guard{changed: make(chan struct{})}
	watching(t, b, g)
	return g
}

func watching(t testing.TB, b *bus.Bus, w bus.SessionWatcher) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.WatchSessions(ctx, w) }()
	t.Cleanup(func() {
		cancel()
		must(t, <-done)
	})
}

func (g *guard) SessionsReset(all []spaces.Session, gateways []string) {
	g.update(func() {
		g.inside = map[string]spaces.Session{}
		for _, n := range all {
			g.inside[n.ID] = n
		}
		g.gateways, g.blind = gateways, false
		g.resets++
	})
}

func (g *guard) SessionsChanged(entered, left []spaces.Session) {
	g.update(func() {
		for _, n := range entered {
			g.inside[n.ID] = n
		}
		for _, n := range left {
			delete(g.inside, n.ID)
		}
	})
}

func (g *guard) GatewayGone(id string)   { g.update(func() { g.gone = append(g.gone, id) }) }
func (g *guard) SessionsBlind(time.Time) { g.update(func() { g.blind = true }) }

func (g *guard) update(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
	for _, id := range g.needed {
		if _, there := g.inside[id]; !there {
			g.missed = append(g.missed, id)
		}
	}
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *guard) until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		g.mu.Lock()
		met, changed := ok(), g.changed
		g.mu.Unlock()
		if met {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			g.mu.Lock()
			defer g.mu.Unlock()
			t.Fatalf("never saw: %s (resets %d, blind %v, inside %v, gone %v)", what, g.resets, g.blind, g.ids(), g.gone)
		}
	}
}

func (g *guard) ids() []string { return slices.Sorted(maps.Keys(g.inside)) }

func (g *guard) untilInside(t testing.TB, want ...string) {
	t.Helper()
	want = slices.Sorted(slices.Values(want))
	g.until(t, fmt.Sprintf("inside %v, not blind", want), func() bool { return !g.blind && slices.Equal(g.ids(), want) })
}

func (g *guard) require(ids ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.needed = ids
}

func (g *guard) noneMissed(t testing.TB) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.missed) > 0 {
		t.Errorf("pictures without sessions that were always inside: %v", g.missed)
	}
}

// post is a running gateway.
type post struct {
	*bus.Gateway
	stop   func()
	direct chan string
	orders chan bus.Control
}

func (p *post) Direct(from string, payload []byte) { p.direct <- from + ":" + string(payload) }
func (p *post) Control(_ string, c bus.Control)    { p.orders <- c }

func gateway(t testing.TB, b *bus.Bus, id string) *post {
	t.Helper()
	g, err := b.Gateway(t.Context(), id)
	must(t, err)
	p := &post{Gateway: g, direct: make(chan string, 64), orders: make(chan bus.Control, 64)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx, p) }()
	p.stop = sync.OnceFunc(func() {
		cancel()
		must(t, <-done)
	})
	t.Cleanup(p.stop)
	return p
}

func lobby(id string) spaces.Session {
	return spaces.Session{
		ID: id, Key: spaces.Key{Type: spaces.TypeGlobal, ID: spaces.Lobby, Subspace: spaces.MainSubspace},
		Subject: "hive:" + id, Account: id, Name: id, Door: spaces.DoorNative, ConnectedAt: time.UnixMilli(1700000000000).UTC(),
	}
}

func (p *post) enter(t testing.TB, ids ...string) {
	t.Helper()
	for _, id := range ids {
		must(t, p.PutSession(lobby(id)))
	}
}

// steady keeps gateways alive in tests that are not about their death, however
// loaded the machine is.
const steady = 10 * time.Minute

func TestSessionsAreSeenEverywhere(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	one, two := open(t, bus.Config{URL: n.URL(), GatewayTTL: steady}), open(t, bus.Config{URL: n.URL(), GatewayTTL: steady})
	a, b := gateway(t, one, "a"), gateway(t, two, "b")
	seen := guardSessions(t, two)
	a.enter(t, "alice", "o.d/d id*>")
	b.enter(t, "bob")
	seen.untilInside(t, "alice", "o.d/d id*>", "bob")

	changed := lobby("alice")
	changed.Voice, changed.Avatar = true, json.RawMessage(`{"colour":"red"}`)
	must(t, a.PutSession(changed))
	changed.Gateway = "a"
	seen.until(t, "the change", func() bool { return seen.inside["alice"].Voice })
	if got := seen.inside["alice"]; fmt.Sprint(got) != fmt.Sprint(changed) {
		t.Errorf("got %+v\nwant %+v", got, changed)
	}
	a.DropSession("o.d/d id*>")
	a.DropSession("never there")
	seen.untilInside(t, "alice", "bob")
	guardSessions(t, one).untilInside(t, "alice", "bob")

	a.stop()
	seen.untilInside(t, "bob")
	seen.until(t, "the gateway is gone", func() bool { return slices.Equal(seen.gone, []string{"a"}) })
	late := guardSessions(t, one)
	late.untilInside(t, "bob")
	if !slices.Equal(late.gateways, []string{"b"}) {
		t.Errorf("gateways %v", late.gateways)
	}
}

func TestSessionsOnTheBuiltInServer(t *testing.T) {
	t.Parallel()
	b := open(t, bus.Config{Dir: t.TempDir()})
	seen := guardSessions(t, b)
	g := gateway(t, b, "only")
	g.enter(t, "alice")
	seen.untilInside(t, "alice")
	g.DropSession("alice")
	seen.untilInside(t)
	if _, err := b.Gateway(t.Context(), "another"); spaces.ErrorCode(err) != spaces.CodeConflict {
		t.Errorf("a second gateway: %v", err)
	}
}

// A process that dies says nothing: the others notice by its silence, drop what
// it had inside, and keep their own.
func TestASilentGatewayIsDead(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	near := open(t, bus.Config{URL: n.URL(), GatewayTTL: 2 * time.Second})
	strait := openStrait(t, strings.TrimPrefix(n.URL(), "nats://"))
	far := open(t, bus.Config{URL: "nats://" + strait.listener.Addr().String(), GatewayTTL: 2 * time.Second})
	stays := gateway(t, near, "stays")
	silent := gateway(t, far, "silent")
	stays.enter(t, "alice")
	silent.enter(t, "bob", "carol")
	seen := guardSessions(t, near)
	seen.untilInside(t, "alice", "bob", "carol")

	strait.freeze(true)
	seen.untilInside(t, "alice")
	seen.until(t, "the gateway is gone", func() bool { return slices.Contains(seen.gone, "silent") })
	fresh := guardSessions(t, near)
	fresh.untilInside(t, "alice")
	silent.DropSession("bob") // while nobody can hear it
	strait.freeze(false)
	seen.untilInside(t, "alice", "carol")
	fresh.untilInside(t, "alice", "carol")
}

// NATS goes away and comes back, with its store and without: nobody is shown
// leaving, and who did leave meanwhile is gone.
func TestSessionsOutliveNATS(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	one, two := open(t, bus.Config{URL: n.URL(), GatewayTTL: steady}), open(t, bus.Config{URL: n.URL(), GatewayTTL: steady})
	a, b := gateway(t, one, "a"), gateway(t, two, "b")
	seen := guardSessions(t, two)
	a.enter(t, "alice", "leaves")
	b.enter(t, "bob")
	seen.untilInside(t, "alice", "leaves", "bob")
	seen.require("alice", "bob")
	for round, wipe := range []bool{false, true} {
		n.Stop()
		seen.until(t, "blind", func() bool { return seen.blind })
		a.DropSession("leaves")
		late := fmt.Sprint("late-", round)
		a.enter(t, late)
		if wipe {
			wipeStore(t, n)
		}
		n.Start()
		seen.untilInside(t, "alice", "bob", late)
		a.DropSession(late)
		a.enter(t, "leaves")
		seen.untilInside(t, "alice", "bob", "leaves")
	}
	seen.noneMissed(t)
}

// Whatever happens to the stream, in any order: every watcher's picture ends
// equal to what the gateways have inside, and who never left never leaves.
func TestAnyTroubleOfSessionsHeals(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	n := testnats.Start(t)
	_, js := outsider(t, n)
	cfg := bus.Config{URL: n.URL(), GatewayTTL: steady}
	gateways := []*post{gateway(t, open(t, cfg), "a"), gateway(t, open(t, cfg), "b")}
	seen := guardSessions(t, open(t, cfg))
	inside := map[string]bool{"stays-0": true, "stays-1": true}
	gateways[0].enter(t, "stays-0")
	gateways[1].enter(t, "stays-1")
	seen.untilInside(t, "stays-0", "stays-1")
	seen.require("stays-0", "stays-1")
	troubles := []func(){
		func() { n.Stop(); n.Start() },
		func() { n.Stop(); wipeStore(t, n); n.Start() },
		func() { _ = js.DeleteStream(t.Context(), "SPACE_SESSIONS") },
		func() {
			if s, err := js.Stream(t.Context(), "SPACE_SESSIONS"); err == nil {
				_ = s.Purge(t.Context())
			}
		},
		func() { replaceStream(t, js, "SPACE_SESSIONS") },
		func() {},
	}
	for range 10 {
		for range random.IntN(6) {
			id := fmt.Sprint("client-", random.IntN(6))
			g := gateways[int(id[len(id)-1])%2]
			if inside[id] = random.IntN(2) == 0; inside[id] {
				g.enter(t, id)
			} else {
				g.DropSession(id)
			}
		}
		troubles[random.IntN(len(troubles))]()
		maps.DeleteFunc(inside, func(_ string, in bool) bool { return !in })
		seen.untilInside(t, slices.Collect(maps.Keys(inside))...)
	}
	seen.noneMissed(t)
}

// slow is a guard that is held up when somebody enters.
type slow struct {
	*guard
	at   string
	held chan struct{} // closed when it is held up
	hold chan struct{} // until this closes
}

func (s *slow) SessionsChanged(entered, left []spaces.Session) {
	if slices.ContainsFunc(entered, func(n spaces.Session) bool { return n.ID == s.at }) {
		close(s.held)
		<-s.hold
	}
	s.guard.SessionsChanged(entered, left)
}

// A stream that is emptied leaves no gap for a watcher who has not received all
// of it: what it missed must come to light all the same.
func TestAPurgeLeavesNobodyBehind(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	_, js := outsider(t, n)
	cfg := bus.Config{URL: n.URL(), GatewayTTL: steady}
	a := gateway(t, open(t, cfg), "a")
	a.enter(t, "leaves", "stays")
	quick := guardSessions(t, open(t, cfg))
	late := &slow{guard: &guard{changed: make(chan struct{})}, at: "first", held: make(chan struct{}), hold: make(chan struct{})}
	watching(t, open(t, cfg), late)
	goOn := sync.OnceFunc(func() { close(late.hold) })
	t.Cleanup(goOn)
	quick.untilInside(t, "leaves", "stays")
	late.untilInside(t, "leaves", "stays")
	late.require("stays")

	a.enter(t, "first")
	<-late.held
	crowd := []string{"first", "stays"}
	for i := range 3 * 512 { // more than a watcher receives ahead
		crowd = append(crowd, fmt.Sprint("crowd-", i))
	}
	a.enter(t, crowd[2:]...)
	quick.untilInside(t, append(crowd, "leaves")...)
	a.DropSession("leaves")
	quick.untilInside(t, crowd...)
	s, err := js.Stream(t.Context(), "SPACE_SESSIONS")
	must(t, err)
	must(t, s.Purge(t.Context()))
	goOn()
	late.untilInside(t, crowd...)
	late.noneMissed(t)
}

func replaceStream(t *testing.T, js jetstream.JetStream, name string) {
	s, err := js.Stream(t.Context(), name)
	if err != nil {
		return
	}
	cfg := s.CachedInfo().Config
	_ = js.DeleteStream(t.Context(), name)
	_, _ = js.CreateStream(t.Context(), cfg) // somebody else may be faster
}

func TestUnusableSessionsAreRefused(t *testing.T) {
	t.Parallel()
	b := open(t, bus.Config{Dir: t.TempDir()})
	for _, id := range []string{"", "a.b", "*", "a b", string(make([]byte, 65))} {
		if _, err := b.Gateway(t.Context(), id); spaces.ErrorCode(err) != spaces.CodeInvalid {
			t.Errorf("gateway %q: %v", id, err)
		}
	}
	g := gateway(t, b, "a")
	big := lobby("big")
	big.Avatar, _ = json.Marshal(make([]byte, 10<<10))
	broken := lobby("broken")
	broken.Avatar = json.RawMessage("{")
	for code, n := range map[spaces.Code]spaces.Session{spaces.CodeTooLarge: big, spaces.CodeInvalid: broken} {
		if err := g.PutSession(n); spaces.ErrorCode(err) != code {
			t.Errorf("%s: %v, want %s", n.ID, err, code)
		}
	}
	if err := g.PutSession(spaces.Session{ID: "nobody"}); spaces.ErrorCode(err) != spaces.CodeInvalid {
		t.Errorf("a session of nobody: %v", err)
	}
}
