package chat_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"presence/deploy/testnats"
	"presence/deploy/testpg"
	"presence/gateway/access"
	"presence/gateway/chat"
	"presence/migrations"
	"presence/spaces"
	"presence/spaces/bus"
	"presence/spaces/store"
)

func TestMain(m *testing.M) {
	if asGateway() {
		return
	}
	goleak.VerifyTestMain(m,
		// The same two that package bus has to ignore.
		goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server.(*fileStore).flushStreamStateLoop"),
		goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server/ats.Register.func1"))
}

// patience bounds every wait: far above what is ever needed, so that a slow
// machine is not a failure.
const patience = 60 * time.Second

var (
	lobby = spaces.Key{Type: spaces.TypeGlobal, ID: spaces.Lobby, Subspace: spaces.MainSubspace}
	alice = spaces.Viewer{Subject: "hive:alice", Name: "Alice"}
	bob   = spaces.Viewer{Subject: "hive:bob", Name: "Bob"}
	guest = spaces.Viewer{Subject: "guest:0a1b", Name: "Guest-0a1b", Guest: true}
	admin = spaces.Viewer{Subject: "hive:root", Roles: []string{spaces.RoleAdmin}}
)

// world is a database and a NATS server on which gateways run.
type world struct {
	t        testing.TB
	dir, url string // of the database
	nats     *testnats.Server
}

// each runs test on both engines.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, &world{t: t, dir: t.TempDir(), nats: testnats.Start(t)})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, &world{t: t, url: testpg.Database(t), nats: testnats.Start(t)})
	})
}

// gateway is one process's chat.
type gateway struct {
	*chat.Service
	t     testing.TB
	store *store.Store
	stop  func() // also called when the test ends
}

func (w *world) gateway() *gateway {
	w.t.Helper()
	g, err := openGateway(w.t.Context(), w.url, w.dir, w.nats.URL())
	if err != nil {
		w.t.Fatal(err)
	}
	g.t = w.t
	w.t.Cleanup(g.stop)
	return g
}

func openGateway(ctx context.Context, url, dir, nats string) (*gateway, error) {
	log := slog.New(slog.DiscardHandler)
	db, err := migrations.Open(ctx, url, dir, log)
	if err != nil {
		return nil, err
	}
	b, err := bus.Open(ctx, bus.Config{URL: nats})
	if err != nil {
		return nil, err
	}
	s := store.New(db)
	service, err := chat.New(chat.Config{Store: s, Bus: b, Access: access.New(access.Config{Store: s, Now: time.Now, Log: log}), Log: log})
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() { defer close(done); _ = service.Run(running) }()
	return &gateway{Service: service, store: s, stop: sync.OnceFunc(func() {
		cancel()
		<-done
		b.Close()
		_ = db.Close()
	})}, nil
}

func (g *gateway) send(v spaces.Viewer, clientID, content string) spaces.Message {
	g.t.Helper()
	m, err := g.Send(g.t.Context(), v, lobby, spaces.Draft{ClientID: clientID, Content: content})
	ok(g.t, err)
	return m
}

// ear keeps what a follower was told.
type ear struct {
	t       testing.TB
	from    int64
	mu      sync.Mutex
	events  []spaces.ChatEvent
	changed chan struct{}
}

func (g *gateway) follow() *ear {
	g.t.Helper()
	return g.followed(lobby)
}

func (g *gateway) followed(key spaces.Key) *ear {
	g.t.Helper()
	e := &ear{t: g.t, changed: make(chan struct{})}
	seq, stop, err := g.Follow(key, e.hear)
	ok(g.t, err)
	g.t.Cleanup(stop)
	e.from = seq
	return e
}

func (e *ear) hear(events []spaces.ChatEvent) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events = append(e.events, events...)
	close(e.changed)
	e.changed = make(chan struct{})
}

// until waits until the ear has heard everything up to seq, and checks that it
// heard each event once and in order.
func (e *ear) until(seq int64) []spaces.ChatEvent {
	e.t.Helper()
	deadline := time.After(patience)
	for {
		e.mu.Lock()
		events, changed := slices.Clone(e.events), e.changed
		e.mu.Unlock()
		for i, event := range events {
			if event.Seq != e.from+int64(i)+1 {
				e.t.Fatalf("event %d after seq %d has seq %d", i, e.from, event.Seq)
			}
		}
		if e.from+int64(len(events)) >= seq {
			return events
		}
		select {
		case <-changed:
		case <-deadline:
			e.t.Fatalf("heard up to %d, want %d", e.from+int64(len(events)), seq)
		}
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code spaces.Code) {
	t.Helper()
	if got := spaces.ErrorCode(err); got != code {
		t.Fatalf("error code %q of %v, want %q", got, err, code)
	}
}

var distantFuture = time.Now().Add(time.Hour)

// until waits for a condition.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}
