package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"presence/gateway/api"
	"presence/gateway/auth"
	"presence/gateway/wire"
	"presence/migrations"
	"presence/spaces"
	"presence/spaces/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const internalKey = "key-of-the-services"

// world is an API over a city in the test's hands.
type world struct {
	t    *testing.T
	mux  *http.ServeMux
	auth *auth.Auth
	city *city
}

func newWorld(t *testing.T, edit ...func(*api.Config)) *world {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	db := openStore(t)
	who, err := auth.New(auth.Config{Secret: []byte("a secret for tests"), Log: log}, db, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, mux: http.NewServeMux(), auth: who, city: newCity()}
	cfg := api.Config{
		City: w.city, Identity: who, Links: w.city, Spaces: api.SpacesConfig{Rooms: db}, InternalKey: internalKey,
		BusReady: func() error { return nil }, Log: log,
	}
	for _, e := range edit {
		e(&cfg)
	}
	if err := api.New(cfg).Mount(w.mux); err != nil {
		t.Fatal(err)
	}
	return w
}

// do sends a request; header is name, value, name, value...
func (w *world) do(method, url string, header ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, url, http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	w.mux.ServeHTTP(recorder, r)
	return recorder
}

// get decodes the answer of a GET that must succeed.
func (w *world) get(url string, into any, header ...string) {
	w.t.Helper()
	answer := w.do(http.MethodGet, url, header...)
	if answer.Code != http.StatusOK {
		w.t.Fatalf("GET %s: %d %s", url, answer.Code, answer.Body)
	}
	decodeStrictly(w.t, answer.Body, into)
}

func decodeStrictly(t *testing.T, body io.Reader, into any) {
	t.Helper()
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatal(err)
	}
}

// refused checks that an answer has the one form and returns it.
func refused(t *testing.T, answer *httptest.ResponseRecorder, status int, code spaces.Code) wire.Problem {
	t.Helper()
	if answer.Code != status {
		t.Fatalf("got status %d %s, want %d", answer.Code, answer.Body, status)
	}
	if got := answer.Header().Get("Content-Type"); got != wire.ProblemType {
		t.Errorf("got content type %q, want %q", got, wire.ProblemType)
	}
	var p wire.Problem
	decodeStrictly(t, answer.Body, &p)
	if p.Status != status || p.Code != code || p.Detail == "" || p.Text != p.Detail || p.Title == "" || p.Errors == nil {
		t.Errorf("got problem %+v, want status %d and code %s", p, status, code)
	}
	return p
}

func (w *world) token(g auth.Grant) []string {
	w.t.Helper()
	token, err := w.auth.Mint(g)
	if err != nil {
		w.t.Fatal(err)
	}
	return []string{"Authorization", "Bearer " + token.Token}
}

// city is a [spaces.CityView] that filters by viewer, as the feed's table does.
type city struct {
	mu   sync.Mutex
	view spaces.CityView
	away error
}

func newCity() *city {
	return &city{view: spaces.CityView{
		Initialized: true, State: spaces.StateLive, AsOf: 1000,
		Status: spaces.Status{Sync: spaces.SyncOK, Presence: "supported", Users: 7, Source: spaces.SourceMatrix},
		City:   &spaces.CityPresence{Totals: spaces.Totals{OnlineCount: 5, RoomsOnline: 2, AgentCount: 1}},
		Rooms: []spaces.RoomView{
			room("cafe", "Café", "south", spaces.Rect{W: 1, H: 1}, nil),
			room("council", "Council", "north", spaces.Rect{X: 1, W: 1, H: 1}, count(1)),
			room("general", "General", "central", spaces.Rect{X: 2, W: 2, H: 2}, count(4)),
			room("lab", "a Lab", "north", spaces.Rect{X: 7, Y: 4, W: 1, H: 1}, count(0)),
		},
	}}
}

func room(slug spaces.Slug, name, zone string, at spaces.Rect, p *spaces.RoomPresence) spaces.RoomView {
	l := spaces.Link{
		Slug: slug, ID: "room_city_" + string(slug), RoomID: "!" + string(slug) + ":x", Alias: "#city_" + string(slug) + ":x",
		Name: name, Zone: zone, Map: at, Public: slug != "council", MicroDAO: "dao",
	}
	if p != nil {
		p.Slug, p.RoomID = slug, l.RoomID
	}
	return spaces.RoomView{Link: l, Place: at, Presence: p}
}

func count(n int) *spaces.RoomPresence {
	return &spaces.RoomPresence{
		OnlineCount: n, ActiveCount: n, TypingCount: n / 2, TypingUsers: []string{"@secret:x"}, AgentCount: 1, MemberCount: 9,
		Agents: []spaces.Agent{{UserID: "@bot:x", Name: "Bot", Status: "online"}}, Source: spaces.SourceMatrix, AsOf: 900,
	}
}

func (c *city) Snapshot(v spaces.Viewer) spaces.CityView {
	c.mu.Lock()
	defer c.mu.Unlock()
	view := c.view
	view.Rooms = nil
	for _, r := range c.view.Rooms {
		if v.CanSee(r.Link) {
			view.Rooms = append(view.Rooms, r)
		}
	}
	return view
}

func (c *city) Links(context.Context) ([]spaces.Link, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var links []spaces.Link
	for _, r := range c.view.Rooms {
		links = append(links, r.Link)
	}
	return links, c.away
}

func (c *city) edit(f func(*city)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(c)
}

var errAway = errors.New("pq: password authentication failed for user hunter2")

func names(t *testing.T, rooms []map[string]any) string {
	t.Helper()
	var slugs []string
	for _, r := range rooms {
		slugs = append(slugs, r["slug"].(string))
	}
	return strings.Join(slugs, " ")
}

func decode(t *testing.T, answer *httptest.ResponseRecorder, into any) {
	t.Helper()
	if err := json.Unmarshal(answer.Body.Bytes(), into); err != nil {
		t.Fatalf("%s: %v", answer.Body, err)
	}
}

// openStore is an empty database of the test's own.
func openStore(t *testing.T) *store.Store {
	t.Helper()
	db, err := migrations.Open(t.Context(), "", t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return store.New(db)
}
