package door_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"presence/gateway/access"
	"presence/gateway/auth"
	"presence/gateway/chat"
	"presence/gateway/door"
	"presence/gateway/hub"
	"presence/migrations"
	"presence/spaces"
	"presence/spaces/bus"
	"presence/spaces/store"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The same two that package bus has to ignore.
		goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server.(*fileStore).flushStreamStateLoop"),
		goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server/ats.Register.func1"))
}

// patience bounds every wait: far above what is ever needed, so that a slow
// machine is not a failure.
const patience = 60 * time.Second

// world is a gateway's spaces with everything real behind them: database, bus,
// rights, identity, chat, hub, and the doors on a web server.
type world struct {
	t        *testing.T
	store    *store.Store
	identity *auth.Auth
	chat     *chat.Service
	hub      *hub.Hub
	base     string       // http://127.0.0.1:port
	later    atomic.Int64 // by how much the doors' clock, which stands still, was put forward
}

// content is what there is to enter besides the lobby.
var content = []store.Post{
	{Author: "alice", Permlink: "gallery", Kind: spaces.KindArt, Title: "Gallery"},
	{Author: "alice", Permlink: "bob-gallery", Kind: spaces.KindArt, Title: "Could be read twice"},
	{Author: "alice-bob", Permlink: "gallery", Kind: spaces.KindArt, Title: "Could be read twice"},
	{Author: "alice", Permlink: "night", Kind: spaces.KindArt, Title: "Night", NSFW: true},
	{Author: "alice", Permlink: "gone", Kind: spaces.KindArt, Title: "Gone", Hidden: true},
}

func newWorld(t *testing.T) *world {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	db, err := migrations.Open(t.Context(), "", t.TempDir(), log)
	ok(t, err)
	t.Cleanup(func() { ok(t, db.Close()) })
	w := &world{t: t, store: store.New(db)}
	for _, p := range content {
		p.CreatedAt = time.Now()
		ok(t, w.store.PutPosts(t.Context(), []store.Post{p}))
	}

	b, err := bus.Open(t.Context(), bus.Config{Dir: t.TempDir(), Log: log})
	ok(t, err)
	t.Cleanup(b.Close)
	w.identity, err = auth.New(auth.Config{Secret: []byte("a secret of these tests alone, long enough"), PublicURL: "http://localhost", Log: log}, w.store, time.Now)
	ok(t, err)
	rights := access.New(access.Config{Store: w.store, Now: time.Now, Log: log})
	w.chat, err = chat.New(chat.Config{Store: w.store, Bus: b, Access: rights, Log: log})
	ok(t, err)
	w.hub, err = hub.New(hub.Config{
		Access: rights, Seats: w.store, Chat: w.chat, Current: w.identity.Current, Gateway: "test", Tick: 10 * time.Millisecond, Log: log,
	})
	ok(t, err)
	began := time.Now()
	doors, err := door.New(door.Config{
		Hub: w.hub, Chat: w.chat, Identity: w.identity, Access: rights, Origins: []string{"https://dlux.io"}, Log: log,
		Now: func() time.Time { return began.Add(time.Duration(w.later.Load())) },
	})
	ok(t, err)
	native, err := door.NewNative(door.NativeConfig{Hub: w.hub, Chat: w.chat, Auth: w.identity, Log: log})
	ok(t, err)
	w.run(w.chat.Run, w.hub.Run, doors.Run, native.Run)

	mux := http.NewServeMux()
	mux.HandleFunc("/socket.io/", doors.ServeSocketIO)
	mux.HandleFunc("/naf", doors.ServeNAF)
	mux.Handle("/ws/space", native)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	w.base = server.URL
	return w
}

// run keeps the parts running until the test ends, and stops the last first.
func (w *world) run(parts ...func(context.Context) error) {
	for _, part := range parts {
		ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
		var group errgroup.Group
		group.Go(func() error { return part(ctx) })
		w.t.Cleanup(func() {
			cancel()
			if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
				w.t.Error(err)
			}
		})
	}
}

// token is a credential of somebody proven, for a quarter of an hour.
func (w *world) token(subject string) string { return w.mint(subject, 15*time.Minute) }

// longToken is one for a day.
func (w *world) longToken(subject string) string { return w.mint(subject, 24*time.Hour) }

func (w *world) mint(subject string, life time.Duration) string {
	w.t.Helper()
	token, err := w.identity.Mint(auth.Grant{Subject: subject, Name: "The Real " + subject, TTL: life})
	ok(w.t, err)
	return token.Token
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
