package aggregator_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"presence/aggregator"
	"presence/aggregator/matrix"
	"presence/aggregator/state"
	"presence/spaces"
	"presence/spaces/bus"
	"presence/spaces/store"
	"presence/synthetic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var verbose = flag.Bool("aggregator.log", false, "print the daemon's log")

const (
	roomTTL  = 5 * time.Minute
	throttle = 3 * time.Second
	grace    = 5 * time.Second
)

var discard = slog.New(slog.DiscardHandler)

var errAway = errors.New("away, says the test")

// world is a homeserver, a database and a bus, with one daemon between them
// that can be started, stopped and killed. It lives inside a synctest bubble.
type world struct {
	t     *testing.T
	hs    *synthetic.Server
	sql   *memory
	nats  *recorder
	self  string
	cfg   aggregator.Config
	life  *life // of the running daemon; nil when none runs
	agent string
}

// life is one run of the daemon. After its death nothing it still does has any
// effect, as if the process were gone.
type life struct {
	daemon *aggregator.Aggregator
	cancel context.CancelFunc
	done   chan error
	mu     sync.Mutex
	dead   bool
}

func (l *life) gone() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}

func newWorld(t *testing.T, quirks synthetic.Quirks) *world {
	t.Helper()
	hs := synthetic.New("hs", quirks)
	w := &world{t: t, hs: hs, sql: newMemory(), nats: newRecorder(), self: hs.AddUser("presence"), agent: hs.AddUser("agent")}
	w.cfg = aggregator.Config{
		Matrix:   matrix.Config{Homeserver: "http://hs", UserID: w.self, Password: "secret", Transport: hs.Transport()},
		State:    state.Config{Grace: grace, CountIdle: true, Agents: []state.Agent{{UserID: w.agent, Name: "Helper"}}},
		Throttle: throttle, RoomTTL: roomTTL, PublishUsers: true,
	}
	return w
}

// bubble runs a test in fake time with a world of its own.
func bubble(t *testing.T, quirks synthetic.Quirks, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, quirks)
		defer w.hs.Close()
		defer w.stop()
		test(t, w)
	})
}

func (w *world) start() {
	w.t.Helper()
	l := &life{done: make(chan error, 1)}
	log := discard
	if *verbose {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	daemon, err := aggregator.New(w.cfg, &memoryHandle{w.sql, l}, &recorderHandle{w.nats, l}, log, prometheus.NewRegistry())
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l.daemon, l.cancel = daemon, cancel
	go func() { l.done <- daemon.Run(ctx) }()
	w.life = l
}

// stop ends the daemon in an orderly way, kill does not let it say anything.
func (w *world) stop() { w.end(false) }
func (w *world) kill() { w.end(true) }

func (w *world) end(kill bool) {
	if w.life == nil {
		return
	}
	w.life.mu.Lock()
	w.life.dead = kill
	w.life.mu.Unlock()
	w.life.cancel()
	if err := <-w.life.done; err != nil && !kill {
		w.t.Errorf("the daemon ended with %v", err)
	}
	w.life = nil
}

// wait lets fake time pass.
func (w *world) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// link ties a new room to a slug and returns its Matrix id.
func (w *world) link(slug spaces.Slug, public bool) string {
	roomID := w.hs.CreateRoom("#city_" + string(slug) + ":hs")
	w.sql.link(spaces.Link{Slug: slug, RoomID: roomID, Public: public, Zone: "central"})
	return roomID
}

// person makes a user who is in the given rooms.
func (w *world) person(name string, rooms ...string) string {
	id := w.hs.AddUser(name)
	for _, roomID := range rooms {
		w.hs.Join(id, roomID)
	}
	return id
}

// room is what the bus holds about a slug; false when it expired or never was.
func (w *world) room(slug spaces.Slug) (spaces.RoomPresence, bool) { return w.nats.room(slug) }

// expect fails unless the room is published, fresh, with that many people and
// typers.
func (w *world) expect(slug spaces.Slug, online, typing int) {
	w.t.Helper()
	got, ok := w.room(slug)
	if !ok || got.Stale || got.OnlineCount != online || got.TypingCount != typing {
		w.t.Errorf("%s: published %v, %+v; want %d online, %d typing", slug, ok, got, online, typing)
	}
}

// memory is a database that is lost with the test. It keeps what the real
// store promises: rows and cursor in one step, and a refusal of rows that
// build upon others than the saved ones.
type memory struct {
	mu       sync.Mutex
	away     bool
	links    map[spaces.Slug]spaces.Link
	version  int64
	cursor   store.Cursor
	saved    bool
	members  map[store.SyncMember]bool
	people   map[string]json.RawMessage
	rooms    map[string]json.RawMessage
	sessions map[string]store.Session
	saves    int
}

func newMemory() *memory {
	m := &memory{links: map[spaces.Slug]spaces.Link{}, sessions: map[string]store.Session{}}
	m.forget()
	return m
}

func (m *memory) forget() {
	m.members, m.people, m.rooms = map[store.SyncMember]bool{}, map[string]json.RawMessage{}, map[string]json.RawMessage{}
}

func (m *memory) setAway(away bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = away
}

func (m *memory) link(l spaces.Link) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.links[l.Slug] = l
	m.version++
}

func (m *memory) unlink(slug spaces.Slug) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.links, slug)
	m.version++
}

func (m *memory) list() []spaces.Link {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(maps.Values(m.links), func(a, b spaces.Link) int {
		if a.Slug < b.Slug {
			return -1
		}
		return 1
	})
}

// memoryHandle is the database as one run of the daemon reaches it.
type memoryHandle struct {
	*memory
	life *life
}

func (h *memoryHandle) lock() error {
	h.mu.Lock()
	if h.away || h.life.gone() {
		h.mu.Unlock()
		return errAway
	}
	return nil
}

func (h *memoryHandle) LinksVersion(context.Context) (int64, error) {
	if err := h.lock(); err != nil {
		return 0, err
	}
	defer h.mu.Unlock()
	return h.version, nil
}

func (h *memoryHandle) Links(context.Context) ([]spaces.Link, error) {
	if err := h.lock(); err != nil {
		return nil, err
	}
	h.mu.Unlock()
	return h.list(), nil
}

func (h *memoryHandle) SetLinkRoom(_ context.Context, slug spaces.Slug, roomID string) error {
	if err := h.lock(); err != nil {
		return err
	}
	defer h.mu.Unlock()
	l, ok := h.links[slug]
	if !ok {
		return &spaces.Error{Code: spaces.CodeNotFound}
	}
	l.RoomID = roomID
	h.links[slug] = l
	h.version++
	return nil
}

func (h *memoryHandle) SaveSync(_ context.Context, _ string, rows store.SyncRows) error {
	if err := h.lock(); err != nil {
		return err
	}
	defer h.mu.Unlock()
	if c := rows.Cursor; h.saved && !rows.Reset && c.Since != "" && c.Since != h.cursor.NextBatch && c.NextBatch != h.cursor.NextBatch {
		return &spaces.Error{Code: spaces.CodeConflict, Message: "rows of another leader"}
	}
	if rows.Reset {
		h.forget()
	}
	h.cursor, h.saved = rows.Cursor, true
	h.cursor.Since = ""
	h.saves++
	for _, one := range rows.Gone {
		delete(h.members, one)
	}
	for _, one := range rows.Members {
		h.members[one] = true
	}
	upsert(h.people, rows.People)
	upsert(h.rooms, rows.Rooms)
	return nil
}

func upsert(table, rows map[string]json.RawMessage) {
	for key, body := range rows {
		if body == nil || string(body) == "null" {
			delete(table, key)
		} else {
			table[key] = body
		}
	}
}

func (h *memoryHandle) LoadSync(context.Context, string) (store.SyncRows, bool, error) {
	if err := h.lock(); err != nil {
		return store.SyncRows{}, false, err
	}
	defer h.mu.Unlock()
	return store.SyncRows{
		Cursor: h.cursor, Members: slices.Collect(maps.Keys(h.members)), People: maps.Clone(h.people), Rooms: maps.Clone(h.rooms),
	}, h.saved, nil
}

func (h *memoryHandle) SaveSession(_ context.Context, account string, s store.Session) error {
	if err := h.lock(); err != nil {
		return err
	}
	defer h.mu.Unlock()
	h.sessions[account] = s
	return nil
}

func (h *memoryHandle) Session(_ context.Context, account string) (store.Session, bool, error) {
	if err := h.lock(); err != nil {
		return store.Session{}, false, err
	}
	defer h.mu.Unlock()
	s, ok := h.sessions[account]
	return s, ok, nil
}

// recorder is a bus that remembers, with lifetimes.
type recorder struct {
	lease  chan struct{} // held by the leader
	mu     sync.Mutex
	away   bool
	epoch  uint64
	rooms  map[spaces.Slug]spaces.RoomPresence
	put    map[spaces.Slug]time.Time
	links  map[spaces.Slug]spaces.Link
	users  map[string]spaces.UserPresence
	city   *spaces.CityPresence
	status *spaces.Status
	sent   int // room messages

	inside  map[string]spaces.Session
	watcher bus.SessionWatcher // of the leader; nil when none leads
}

func newRecorder() *recorder {
	return &recorder{
		lease: make(chan struct{}, 1), rooms: map[spaces.Slug]spaces.RoomPresence{}, put: map[spaces.Slug]time.Time{},
		links: map[spaces.Slug]spaces.Link{}, users: map[string]spaces.UserPresence{}, inside: map[string]spaces.Session{},
	}
}

// visitor is a client of somebody in the space of a slug.
func visitor(id, subject string, slug spaces.Slug) spaces.Session {
	return spaces.Session{ID: id, Gateway: "g", Subject: subject, Key: spaces.Key{Type: spaces.TypeCity, ID: string(slug), Subspace: spaces.MainSubspace}}
}

// enter and leave are what a gateway says about its clients.
func (r *recorder) enter(n spaces.Session) {
	r.mu.Lock()
	r.inside[n.ID] = n
	w := r.watcher
	r.mu.Unlock()
	if w != nil {
		w.SessionsChanged([]spaces.Session{n}, nil)
	}
}

func (r *recorder) leave(id string) {
	r.mu.Lock()
	n := r.inside[id]
	delete(r.inside, id)
	w := r.watcher
	r.mu.Unlock()
	if w != nil {
		w.SessionsChanged(nil, []spaces.Session{n})
	}
}

func (r *recorder) watch(w bus.SessionWatcher) (inside []spaces.Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watcher = w
	return slices.Collect(maps.Values(r.inside))
}

func (r *recorder) setAway(away bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = away
}

func (r *recorder) room(slug spaces.Slug) (spaces.RoomPresence, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	room, ok := r.rooms[slug]
	return room, ok && time.Since(r.put[slug]) < roomTTL
}

func (r *recorder) state() (bus.CityState, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rooms := maps.Clone(r.rooms)
	maps.DeleteFunc(rooms, func(slug spaces.Slug, _ spaces.RoomPresence) bool { return time.Since(r.put[slug]) >= roomTTL })
	return bus.CityState{Links: maps.Clone(r.links), Rooms: rooms, City: r.city, Status: r.status}, r.sent
}

// user is the published status of a person.
func (r *recorder) user(userID string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.users[userID].Status
}

// recorderHandle is the bus as one run of the daemon reaches it.
type recorderHandle struct {
	*recorder
	life *life
}

func (h *recorderHandle) do(change func()) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.away || h.life.gone() {
		return errAway
	}
	change()
	return nil
}

func (h *recorderHandle) Lead(ctx context.Context, lead func(context.Context, uint64) error) error {
	select {
	case h.lease <- struct{}{}:
	case <-ctx.Done():
		return nil
	}
	defer func() { <-h.lease }()
	h.mu.Lock()
	h.epoch++
	epoch := h.epoch
	h.mu.Unlock()
	err := lead(ctx, epoch)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (h *recorderHandle) ReadCity(context.Context) (bus.CityState, error) {
	state, _ := h.state()
	return state, h.do(func() {})
}

func (h *recorderHandle) WatchSessions(ctx context.Context, w bus.SessionWatcher) error {
	w.SessionsReset(h.watch(w), nil)
	<-ctx.Done()
	h.watch(nil)
	return nil
}

func (h *recorderHandle) PutRooms(_ context.Context, rooms []spaces.RoomPresence) error {
	return h.do(func() {
		for _, r := range rooms {
			h.rooms[r.Slug], h.put[r.Slug] = r, time.Now()
			h.sent++
		}
	})
}

func (h *recorderHandle) DropRoom(_ context.Context, slug spaces.Slug) error {
	return h.do(func() { delete(h.rooms, slug) })
}

func (h *recorderHandle) PutLinks(_ context.Context, links []spaces.Link) error {
	return h.do(func() {
		for _, l := range links {
			h.links[l.Slug] = l
		}
	})
}

func (h *recorderHandle) DropLink(_ context.Context, slug spaces.Slug) error {
	return h.do(func() { delete(h.links, slug) })
}

func (h *recorderHandle) PutCity(_ context.Context, city spaces.CityPresence) error {
	return h.do(func() { h.city = &city })
}

func (h *recorderHandle) PutStatus(_ context.Context, status spaces.Status) error {
	return h.do(func() { h.status = &status })
}

func (h *recorderHandle) PutUsers(_ context.Context, users []spaces.UserPresence) error {
	return h.do(func() {
		for _, u := range users {
			h.users[u.UserID] = u
		}
	})
}

func (h *recorderHandle) DropUser(_ context.Context, userID string) error {
	return h.do(func() { delete(h.users, userID) })
}
