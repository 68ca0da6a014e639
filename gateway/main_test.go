package gateway_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"presence/gateway"
	"presence/gateway/access"
	"presence/gateway/api"
	"presence/gateway/auth"
	"presence/gateway/turn"
	"presence/gateway/wire"
	"presence/migrations"
	"presence/spaces"
	"presence/spaces/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is the whole gateway on a real store, with a small city behind it.
type world struct {
	t     *testing.T
	gw    *gateway.Gateway
	auth  *auth.Auth
	store *store.Store
	city  *smallCity
	log   *logBuffer
	http  http.Handler
}

type options struct {
	gateway.Config
	checks []gateway.Check
}

func newWorld(t *testing.T, edit ...func(*options)) *world {
	t.Helper()
	w := &world{t: t, log: &logBuffer{}, city: &smallCity{}}
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	db, err := migrations.Open(t.Context(), "", t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w.store = store.New(db)
	if w.auth, err = auth.New(auth.Config{Secret: []byte("a secret for tests"), Log: log}, w.store, time.Now); err != nil {
		t.Fatal(err)
	}
	w.city.auth = w.auth
	noTurn, err := turn.New(turn.Config{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	rest := api.New(api.Config{
		Spaces: api.SpacesConfig{
			Access: access.New(access.Config{Store: w.store, Now: time.Now, Log: log}), Rooms: w.store, Joins: w.auth,
			Turn: noTurn, Node: "gw-1", Now: time.Now,
		},
		City: w.city, Identity: w.auth, Links: w.store, InternalKey: "key", BusReady: func() error { return nil }, Log: log,
	})
	o := options{
		Config: gateway.Config{Listen: "127.0.0.1:0", Origins: []string{"https://*.example.org"}, Log: log, Registry: prometheus.NewRegistry()},
		// Not the database: on a loaded machine it may take longer to answer than
		// a check may.
		checks: []gateway.Check{{Name: "database", Check: func(context.Context) error { return nil }}},
	}
	for _, e := range edit {
		e(&o)
	}
	w.gw, err = gateway.New(o.Config, gateway.Parts{
		API: rest, City: w.city, Doors: noDoors{}, Native: http.HandlerFunc(teapot), UI: page(), BusReady: func() error { return nil }, Checks: o.checks,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.http = w.gw.Handler()
	return w
}

// do sends a request past the network; header is name, value, name, value...
func (w *world) do(method, url string, header ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, url, http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	w.http.ServeHTTP(recorder, r)
	return recorder
}

// refused checks that an answer has the one form and returns it.
func refused(t *testing.T, answer *http.Response, status int, code spaces.Code) wire.Problem {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != status {
		t.Fatalf("got status %d %s, want %d", answer.StatusCode, body, status)
	}
	if got := answer.Header.Get("Content-Type"); got != wire.ProblemType {
		t.Errorf("got content type %q, want %q", got, wire.ProblemType)
	}
	var p wire.Problem
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if p.Status != status || p.Code != code || p.Detail == "" || p.Text != p.Detail || p.Title == "" || p.Errors == nil {
		t.Errorf("got problem %+v, want status %d and code %s", p, status, code)
	}
	return p
}

// run serves the gateway on a real port until the test or stop ends it.
func run(t *testing.T, edit ...func(*options)) (base string, stop func() error, w *world) {
	t.Helper()
	listening := make(chan string, 1)
	w = newWorld(t, append(edit, func(o *options) {
		o.Listening = func(a net.Addr) { listening <- a.String() }
	})...)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- w.gw.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	select {
	case address := <-listening:
		return "http://" + address, stop, w
	case err := <-ended:
		ended <- err
		t.Fatalf("Run ended: %v", err)
		return "", nil, nil
	}
}

func request(t *testing.T, method, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// smallCity is one public room, an echoing socket and an endless stream.
type smallCity struct {
	auth *auth.Auth
}

func (*smallCity) Snapshot(spaces.Viewer) spaces.CityView {
	return spaces.CityView{
		Initialized: true, State: spaces.StateLive, AsOf: 1,
		Status: spaces.Status{Rooms: 8, Users: 9}, // with private rooms and their people
		City:   &spaces.CityPresence{Totals: spaces.Totals{OnlineCount: 2}},
		Rooms:  []spaces.RoomView{{Link: spaces.Link{Slug: "general", Public: true}, Place: spaces.Rect{W: 1, H: 1}}},
	}
}

func (*smallCity) Subscribers() int { return 3 }

func (c *smallCity) ServeWebSocket(w http.ResponseWriter, r *http.Request) {
	if _, _, err := c.auth.FromRequest(r); err != nil {
		wire.WriteProblem(w, err)
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = ws.CloseNow() }()
	kind, data, err := ws.Read(r.Context())
	if err == nil {
		err = ws.Write(r.Context(), kind, data)
	}
	if err == nil {
		_ = ws.Close(websocket.StatusGoingAway, "")
	}
}

func (*smallCity) ServeSSE(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Query().Get("fault") {
	case "panic":
		panic("a fault of ours")
	case "late panic":
		_, _ = io.WriteString(w, "data: half")
		panic("a fault of ours")
	}
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(w, "data: {}\n\n")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// page is a web client with one page and one file.
func page() http.Handler {
	return http.FileServerFS(fstest.MapFS{
		"city/index.html": {Data: []byte("<title>City</title>")},
		"assets/a.js":     {Data: []byte("1")},
	})
}

// logBuffer keeps a log for a test to read.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// noDoors stands for the doors where it matters only that they are asked.
type noDoors struct{}

func (noDoors) ServeSocketIO(w http.ResponseWriter, r *http.Request) { teapot(w, r) }
func (noDoors) ServeNAF(w http.ResponseWriter, r *http.Request)      { teapot(w, r) }

func teapot(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }
