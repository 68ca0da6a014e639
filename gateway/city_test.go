package gateway_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"presence/gateway"
	"presence/gateway/api"
	"presence/gateway/auth"
	"presence/gateway/city"
	"presence/gateway/ui"
	"presence/migrations"
	"presence/spaces"
	"presence/spaces/bus"
	"presence/spaces/store"
)

// patience is how long a test waits for what should take milliseconds.
const patience = 60 * time.Second

// whole is the gateway with nothing replaced: NATS, SQLite, tokens, the feed.
type whole struct {
	t     *testing.T
	base  string
	auth  *auth.Auth
	store *store.Store
	log   *logBuffer
	stop  func()
}

// newWhole runs a city with one public and one private room.
func newWhole(t *testing.T) *whole {
	t.Helper()
	written := &logBuffer{}
	log := slog.New(slog.NewTextHandler(written, nil))
	registry := prometheus.NewRegistry()
	db := must(migrations.Open(t.Context(), "", t.TempDir(), log))(t)
	t.Cleanup(func() { _ = db.Close() })
	nats := must(bus.Open(t.Context(), bus.Config{Dir: t.TempDir(), Log: log, Registry: registry}))(t)
	t.Cleanup(nats.Close)
	w := &whole{t: t, store: store.New(db), log: written}
	w.auth = must(auth.New(auth.Config{Secret: []byte("a secret for tests"), Log: log}, w.store, time.Now))(t)
	feed := must(city.New(city.Config{Auth: w.auth}, log, registry))(t)
	rest := api.New(api.Config{City: feed, Identity: w.auth, Links: w.store, BusReady: nats.Ready, Log: log})
	listening := make(chan net.Addr, 1)
	web := must(gateway.New(gateway.Config{
		Listen: "127.0.0.1:0", Listening: func(a net.Addr) { listening <- a }, Log: log, Registry: registry,
	}, gateway.Parts{
		API: rest, City: feed, UI: must(ui.New(ui.Dist(), nil, nil))(t), BusReady: nats.Ready,
		Checks: []gateway.Check{
			{Name: "nats", Check: func(context.Context) error { return nats.Ready() }},
			{Name: "database", Check: w.store.Ping},
			{Name: "members", Check: w.auth.Ready},
			{Name: "city", Check: func(context.Context) error { return feed.Ready() }},
		},
	}))(t)
	published := make(chan struct{})
	w.stop = start(t,
		func(ctx context.Context) error {
			return nats.Lead(ctx, func(ctx context.Context, epoch uint64) error { return publish(ctx, nats, epoch, published) })
		},
		w.auth.Run, feed.Run,
		func(ctx context.Context) error { <-published; return nats.WatchCity(ctx, feed) },
		web.Run)
	w.base = "http://" + (<-listening).String()
	w.eventually("ready", func() bool { return w.get("/readyz", "", nil) == http.StatusOK })
	return w
}

// must turns a failed constructor into a failed test.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// start runs parts in this order and stops them in the reverse one, as main
// does.
func start(t *testing.T, parts ...func(context.Context) error) (stop func()) {
	t.Helper()
	var stops []func()
	for _, run := range parts {
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		ended := make(chan error, 1)
		go func() { ended <- run(ctx) }()
		stops = append(stops, func() {
			cancel()
			if err := <-ended; err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		})
	}
	stop = sync.OnceFunc(func() {
		for i := range stops {
			stops[len(stops)-1-i]()
		}
	})
	t.Cleanup(stop)
	return stop
}

// publish is an aggregator with nothing to follow.
func publish(ctx context.Context, b *bus.Bus, epoch uint64, done chan<- struct{}) error {
	now := time.Now().UnixMilli()
	links := []spaces.Link{
		{Slug: "general", ID: "room_city_general", RoomID: "!general:x", Name: "General", Zone: "central", Public: true},
		{Slug: "council", ID: "room_city_council", RoomID: "!council:x", Name: "Council", Zone: "central", MicroDAO: "dao"},
	}
	var rooms []spaces.RoomPresence
	for i, l := range links {
		rooms = append(rooms, spaces.RoomPresence{
			Slug: l.Slug, RoomID: l.RoomID, OnlineCount: 3 - i, ActiveCount: 3 - i, Source: spaces.SourceMatrix, AsOf: now, Epoch: epoch, Version: 1,
		})
	}
	for _, err := range []error{
		b.PutLinks(ctx, links),
		b.PutRooms(ctx, rooms),
		b.PutCity(ctx, spaces.CityPresence{Totals: spaces.Totals{OnlineCount: 3, RoomsOnline: 1}, AsOf: now, Epoch: epoch}),
		b.PutStatus(ctx, spaces.Status{Epoch: epoch, Sync: spaces.SyncOK, AsOf: now, Presence: "supported", Rooms: 2, Users: 3}),
	} {
		if err != nil {
			return err
		}
	}
	close(done)
	<-ctx.Done()
	return nil
}

func (w *whole) get(path, token string, into any) int {
	w.t.Helper()
	r := must(http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.base+path, http.NoBody))(w.t)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp := must((&http.Transport{DisableKeepAlives: true}).RoundTrip(r))(w.t)
	defer func() { _ = resp.Body.Close() }()
	if into != nil {
		if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
			w.t.Fatal(err)
		}
	}
	return resp.StatusCode
}

func (w *whole) eventually(what string, holds func() bool) {
	w.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			w.t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

func (w *whole) rooms(token string) string {
	w.t.Helper()
	var rooms []struct {
		Slug   string
		Online *int `json:"members_online"`
	}
	w.get("/api/city/rooms?sort=life", token, &rooms)
	var slugs []string
	for _, r := range rooms {
		slugs = append(slugs, r.Slug)
		if r.Online == nil {
			w.t.Errorf("%s: the count is unknown", r.Slug)
		}
	}
	return strings.Join(slugs, " ")
}

// socket opens the feed as a browser does: the token is a subprotocol.
func (w *whole) socket(token string) *websocket.Conn {
	w.t.Helper()
	ws, _, err := websocket.Dial(w.t.Context(), w.base+"/ws/city/presence", &websocket.DialOptions{
		Subprotocols: []string{"presence.city.v1", "bearer." + token},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = ws.CloseNow() })
	return ws
}

func (w *whole) read(ws *websocket.Conn) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	_, data, err := ws.Read(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}

// TestMembershipOpensAndClosesRooms: what the store says about a member decides
// over REST and over a socket that is already open.
func TestMembershipOpensAndClosesRooms(t *testing.T) {
	t.Parallel()
	w := newWhole(t)
	alice := must(w.auth.Mint(auth.Grant{Subject: "alice"}))(t).Token
	guest := must(w.auth.Guest(""))(t).Token
	if got := w.rooms(""); got != "general" {
		t.Errorf("nobody sees %q", got)
	}
	if got := w.rooms(guest); got != "general" {
		t.Errorf("a guest sees %q", got)
	}
	if err := w.store.AddMember(t.Context(), "dao", "alice"); err != nil {
		t.Fatal(err)
	}
	w.eventually("alice sees the council", func() bool { return w.rooms(alice) == "general council" })

	ws := w.socket(alice)
	if first := w.read(ws); !strings.Contains(first, `"council"`) || !strings.Contains(first, `"snapshot"`) {
		t.Errorf("got %s, want a snapshot with the council", first)
	}
	if first := w.read(w.socket(guest)); strings.Contains(first, "council") {
		t.Errorf("a guest's snapshot holds the council: %s", first)
	}
	if err := w.store.RemoveMember(t.Context(), "dao", "alice"); err != nil {
		t.Fatal(err)
	}
	if next := w.read(ws); !strings.Contains(next, `"room.removed"`) || !strings.Contains(next, `"council"`) {
		t.Errorf("got %s, want the council to vanish", next)
	}
	if got := w.rooms(alice); got != "general" {
		t.Errorf("alice still sees %q", got)
	}
}

// TestStreamAndSummaryAgree: the event stream's first event is what the summary
// answers.
func TestStreamAndSummaryAgree(t *testing.T) {
	t.Parallel()
	w := newWhole(t)
	var summary api.PresenceUpdate
	w.get("/presence/summary", "", &summary)
	stream := request(t, http.MethodGet, w.base+"/api/presence/stream")
	lines := bufio.NewScanner(stream.Body)
	for lines.Scan() {
		data, found := strings.CutPrefix(lines.Text(), "data: ")
		if !found {
			continue
		}
		var event api.PresenceUpdate
		if err := json.Unmarshal([]byte(data), &event); err != nil {
			t.Fatal(err)
		}
		if len(event.Rooms) != 1 || len(summary.Rooms) != 1 || event.Rooms[0].RoomID != summary.Rooms[0].RoomID || *event.City.OnlineTotal != 3 {
			t.Errorf("the stream says %+v, the summary %+v", event, summary)
		}
		return
	}
	t.Fatalf("no event: %v", lines.Err())
}

// TestStopSaysGoodbye: sockets hear that we are going away, streams end, and
// nothing has to be cut off.
func TestStopSaysGoodbye(t *testing.T) {
	t.Parallel()
	w := newWhole(t)
	ws := w.socket(must(w.auth.Guest(""))(t).Token)
	w.read(ws)
	stream := request(t, http.MethodGet, w.base+"/presence/stream")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, stream.Body)
	}()
	closed := make(chan websocket.StatusCode, 1)
	go func() {
		_, _, err := ws.Read(context.WithoutCancel(t.Context()))
		closed <- websocket.CloseStatus(err)
	}()
	w.stop()
	if log := w.log.String(); strings.Contains(log, "cut off") {
		t.Errorf("something held up the stop: %s", log)
	}
	<-ended
	if got := <-closed; got != websocket.StatusGoingAway {
		t.Errorf("the socket was closed with %d, want 1001", got)
	}
}

// TestRealPage: the page's own answers pass, its refusals have the one form.
func TestRealPage(t *testing.T) {
	t.Parallel()
	w := newWhole(t)
	if status := w.get("/", "", nil); status != http.StatusFound {
		t.Errorf("/: got %d, want the way to /city", status)
	}
	refused(t, request(t, http.MethodPost, w.base+"/city"), http.StatusMethodNotAllowed, spaces.CodeInvalid)
	refused(t, request(t, http.MethodGet, w.base+"/assets/none.js"), http.StatusNotFound, spaces.CodeNotFound)
}
