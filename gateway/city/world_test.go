package city_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"presence/gateway/city"
	"presence/gateway/conn"
	"presence/gateway/wire"
	"presence/spaces"
	"presence/spaces/bus"
)

// soon bounds every wait of a test: long enough for a loaded machine, and
// reached only by a failure.
const soon = 60 * time.Second

// people is an Authenticator: the token is the viewer's name.
type people struct {
	mu      sync.Mutex
	viewers map[string]spaces.Viewer
	expires map[string]time.Time
	revoked map[string]bool // subjects
}

func newPeople() *people {
	return &people{
		viewers: map[string]spaces.Viewer{
			"guest":  {Subject: "guest:1", Guest: true},
			"member": {Subject: "member", MicroDAOs: []string{"dao"}},
			"admin":  {Subject: "admin", Roles: []string{spaces.RoleAdmin}},
		},
		expires: map[string]time.Time{},
		revoked: map[string]bool{},
	}
}

func (p *people) FromRequest(r *http.Request) (spaces.Viewer, time.Time, error) {
	name := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	p.mu.Lock()
	defer p.mu.Unlock()
	v, ok := p.viewers[name]
	if !ok {
		return spaces.Viewer{}, time.Time{}, &spaces.Error{Code: spaces.CodeUnauthenticated, Message: "no such token"}
	}
	return v, p.expires[name], nil
}

func (p *people) Anyone(r *http.Request) (spaces.Viewer, time.Time, error) {
	if r.Header.Get("Authorization") == "" {
		return spaces.Viewer{}, time.Time{}, nil
	}
	return p.FromRequest(r)
}

func (p *people) Current(v spaces.Viewer) (spaces.Viewer, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, known := range p.viewers {
		if known.Subject == v.Subject {
			return known, !p.revoked[v.Subject]
		}
	}
	return v, !p.revoked[v.Subject]
}

// revoke ends a subject's login.
func (p *people) revoke(subject string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.revoked[subject] = true
}

// set changes a viewer's rights.
func (p *people) set(name string, v *spaces.Viewer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.viewers[name] = *v
}

// world is one gateway's city, served over loopback.
type world struct {
	tb       testing.TB
	city     *city.City
	people   *people
	registry *prometheus.Registry
	url      string
	stop     func()
}

func newWorld(tb testing.TB, change func(*city.Config)) *world {
	tb.Helper()
	w := &world{tb: tb, people: newPeople(), registry: prometheus.NewRegistry()}
	cfg := city.Config{Auth: w.people, Tick: time.Millisecond}
	if change != nil {
		change(&cfg)
	}
	c, err := city.New(cfg, slog.New(slog.DiscardHandler), w.registry)
	if err != nil {
		tb.Fatal(err)
	}
	w.city = c
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws", c.ServeWebSocket)
	mux.HandleFunc("GET /sse", c.ServeSSE)
	server := httptest.NewUnstartedServer(mux)
	server.Config.ConnContext = conn.Tune
	server.Start()
	w.url = server.URL
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Error(err)
		}
		server.Close()
	})
	tb.Cleanup(w.stop)
	return w
}

// link is a public room, or a private one of a microDAO.
func link(slug, microDAO string) spaces.Link {
	l, err := spaces.Link{
		Slug: spaces.Slug(slug), RoomID: "!" + slug + ":test", Alias: "#city_" + slug + ":test",
		Public: microDAO == "", MicroDAO: microDAO,
	}.Normalize()
	if err != nil {
		panic(err)
	}
	return l
}

func room(slug string, online int) spaces.RoomPresence {
	return spaces.RoomPresence{
		Type: "room.presence", Slug: spaces.Slug(slug), RoomID: "!" + slug + ":test",
		OnlineCount: online, ActiveCount: online, MemberCount: 100, TypingUsers: []string{"@secret:test"},
		Agents: []spaces.Agent{}, Source: spaces.SourceMatrix, AsOf: 1000, Epoch: 1, Version: 1,
	}
}

func liveStatus() *spaces.Status {
	return &spaces.Status{Type: "city.status", Epoch: 1, Sync: spaces.SyncOK, AsOf: 1000, Presence: "supported", Source: spaces.SourceMatrix}
}

// state is a live city of the given links, each with one person.
func state(links ...spaces.Link) bus.CityState {
	s := bus.CityState{
		Links: map[spaces.Slug]spaces.Link{}, Rooms: map[spaces.Slug]spaces.RoomPresence{},
		City:   &spaces.CityPresence{Type: "city.presence", Totals: spaces.Totals{OnlineCount: 1}, Zones: []spaces.ZonePresence{}},
		Status: liveStatus(), StatusAt: time.Now(),
	}
	for _, l := range links {
		s.Links[l.Slug] = l
		s.Rooms[l.Slug] = room(string(l.Slug), 1)
	}
	return s
}

func online(slug string, n int) bus.CityChange {
	r := room(slug, n)
	return bus.CityChange{Slug: r.Slug, Room: &r}
}

func (w *world) change(changes ...bus.CityChange) { w.city.CityChanged(changes) }

// frame is any message of any format.
type frame struct {
	Type     string          `json:"type"`
	Event    string          `json:"event"`
	Seq      uint64          `json:"seq"`
	Slug     spaces.Slug     `json:"slug"`
	RoomSlug spaces.Slug     `json:"room_slug"`
	Room     *roomFrame      `json:"room"`
	Presence *presenceFrame  `json:"presence"`
	Rooms    []roomFrame     `json:"rooms"`
	Status   json.RawMessage `json:"status"`
	Totals   *spaces.Totals  `json:"totals"`
	Grid     struct{ W, H int }
	Code     string `json:"code"`
	Field    string `json:"field"`
	UserID   string `json:"user_id"`
	presenceFrame
	raw string
}

type roomFrame struct {
	Slug     spaces.Slug    `json:"slug"`
	RoomSlug spaces.Slug    `json:"room_slug"`
	Presence *presenceFrame `json:"presence"`
	presenceFrame
}

type presenceFrame struct {
	Online  int  `json:"online_count"`
	Typing  int  `json:"typing_count"`
	Stale   bool `json:"stale"`
	Unknown bool `json:"unknown"`
}

func (f frame) state() string {
	var s struct{ State string }
	_ = json.Unmarshal(f.Status, &s)
	return s.State
}

// client is one browser.
type client struct {
	tb testing.TB
	ws *websocket.Conn
}

func (w *world) dial(who, subprotocol string) (*client, *http.Response, error) {
	opts := &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + who}}}
	if subprotocol != "" {
		opts.Subprotocols = []string{subprotocol}
	}
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	ws, response, err := websocket.Dial(ctx, w.url+"/ws", opts)
	if err != nil {
		return nil, response, err
	}
	ws.SetReadLimit(16 << 20)
	w.tb.Cleanup(func() { _ = ws.CloseNow() })
	return &client{w.tb, ws}, response, nil
}

func (w *world) connect(who, subprotocol string) *client {
	w.tb.Helper()
	c, _, err := w.dial(who, subprotocol)
	if err != nil {
		w.tb.Fatal(err)
	}
	return c
}

func (c *client) text() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	_, b, err := c.ws.Read(ctx)
	return string(b), err
}

func (c *client) read() frame {
	c.tb.Helper()
	text, err := c.text()
	if err != nil {
		c.tb.Fatal(err)
	}
	return c.parse(text)
}

func (c *client) parse(text string) frame {
	c.tb.Helper()
	f := frame{raw: text}
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		c.tb.Fatalf("%q: %v", text, err)
	}
	return f
}

// until reads frames up to the first that fits, and returns it.
func (c *client) until(fits func(frame) bool) frame {
	c.tb.Helper()
	for {
		if f := c.read(); fits(f) {
			return f
		}
	}
}

func (c *client) say(kind websocket.MessageType, message string) {
	c.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	if err := c.ws.Write(ctx, kind, []byte(message)); err != nil {
		c.tb.Fatal(err)
	}
}

// closed reads until the server ends the socket and returns the code.
func (c *client) closed() (int, string) {
	c.tb.Helper()
	for {
		_, err := c.text()
		var e websocket.CloseError
		if errors.As(err, &e) {
			return int(e.Code), e.Reason
		}
		if err != nil {
			c.tb.Fatalf("not closed by a close frame: %v", err)
		}
	}
}

func (c *client) mustClose(want wire.Close) {
	c.tb.Helper()
	if code, reason := c.closed(); code != int(want.Code) || reason != want.Reason {
		c.tb.Fatalf("closed with %d %q, want %d %q", code, reason, want.Code, want.Reason)
	}
}

// metric is the value of a counter or gauge by name and label value.
func (w *world) metric(name, label string) float64 {
	w.tb.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		w.tb.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() != name || label != "" && (len(m.GetLabel()) == 0 || m.GetLabel()[0].GetValue() != label) {
				continue
			}
			return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return 0
}
