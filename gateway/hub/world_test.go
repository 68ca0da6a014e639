package hub_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"presence/gateway/hub"
	"presence/gateway/wire"
	"presence/spaces"
)

// soon bounds every wait: long enough for a loaded machine, and reached only by
// a failure.
const soon = 60 * time.Second

var lobby = spaces.Key{Type: spaces.TypeGlobal, ID: spaces.Lobby, Subspace: spaces.MainSubspace}

// rules is an Access: everybody may enter until told otherwise.
type rules struct {
	mu      sync.Mutex
	banned  map[string]string // subject -> reason
	revoked map[string]bool   // login
	failing error             // nobody can answer
	seats   int
	asked   int
}

func newRules() *rules {
	return &rules{banned: map[string]string{}, revoked: map[string]bool{}, seats: 5000}
}

func (r *rules) change(do func(r *rules)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do(r)
}

func (r *rules) Check(_ context.Context, v spaces.Viewer, k spaces.Key, a spaces.Action, nsfw bool) (spaces.Standing, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.failing != nil {
		return spaces.Standing{}, r.failing
	}
	s := spaces.Standing{Viewer: v, NSFWShown: nsfw, Now: time.Now(), Space: spaces.Space{Key: k, Public: true, Settings: spaces.DefaultSettings(k.Type)}}
	s.Space.Settings.MaxUsers = r.seats
	if reason, is := r.banned[v.Subject]; is {
		s.Ban = &spaces.Ban{Reason: reason}
	}
	return s, spaces.Decide(s, a)
}

func (r *rules) Current(v spaces.Viewer) (spaces.Viewer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return v, !r.revoked[v.Login]
}

// world is one hub.
type world struct {
	t        testing.TB
	rules    *rules
	hub      *hub.Hub
	registry *prometheus.Registry
	stop     func()
}

func newWorld(t testing.TB, change func(*hub.Config)) *world {
	t.Helper()
	w := &world{t: t, rules: newRules(), registry: prometheus.NewRegistry()}
	cfg := hub.Config{
		Access: w.rules, Current: w.rules.Current, Gateway: "here", Review: time.Second,
		Log: slog.New(slog.DiscardHandler), Registry: w.registry,
	}
	if change != nil {
		change(&cfg)
	}
	h, err := hub.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.hub = h
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(w.stop)
	return w
}

// client is one client without a network: it takes frames at once, unless it is
// stuck.
type client struct {
	t      testing.TB
	id     string
	member *hub.Member

	mu      sync.Mutex
	changed *sync.Cond
	stuck   bool
	panics  bool
	texts   []notice
	poses   map[uint16]spaces.Pose
	when    map[uint16]time.Time // poses came
	bytes   int
	most    int // bytes of the largest write
	writes  int
	closed  *wire.Close
	quiet   bool // keeps nothing but joined
	ref     uint16
}

// notice is any text message of the native protocol.
type notice struct {
	Type     string `json:"type"`
	Space    string `json:"space"`
	Role     string `json:"role"`
	Reason   string `json:"reason"`
	Session  string `json:"session"`
	Self     struct{ Ref uint16 }
	Member   seen            `json:"member"`
	Members  []seen          `json:"members"`
	Sessions []string        `json:"sessions"`
	From     string          `json:"from"`
	Kind     string          `json:"kind"`
	Name     string          `json:"name"`
	Data     json.RawMessage `json:"data"`
	Emote    string          `json:"emote"`
	Position int             `json:"position"`
	Length   int             `json:"length"`
	ChatSeq  int64           `json:"chat_seq"`
	Event    struct {
		Seq     int64          `json:"seq"`
		Message spaces.Message `json:"message"`
	} `json:"event"`
}

type seen struct {
	Session string `json:"session"`
	Ref     uint16 `json:"ref"`
	Voice   bool   `json:"voice"`
	Avatar  json.RawMessage
	Pose    *struct{ P [3]float64 }
}

func newClient(t testing.TB, id string) *client {
	c := &client{t: t, id: id, poses: map[uint16]spaces.Pose{}, when: map[uint16]time.Time{}}
	c.changed = sync.NewCond(&c.mu)
	return c
}

func (c *client) Write(frames ...[]byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.panics {
		panic("a fault of ours")
	}
	if c.stuck {
		return false
	}
	c.writes++
	before := c.bytes
	defer func() { c.most = max(c.most, c.bytes-before) }()
	for _, f := range frames {
		c.bytes += len(f)
		for payload, binary := range wire.SplitFrames(f) {
			c.take(payload, binary)
		}
	}
	c.changed.Broadcast()
	return true
}

func (c *client) take(payload []byte, binary bool) {
	if binary {
		if c.quiet {
			return
		}
		_, records, err := wire.DecodePoses(payload)
		if err != nil {
			c.t.Errorf("%x: %v", payload, err)
		}
		for _, r := range records {
			c.poses[r.Ref], c.when[r.Ref] = r.Pose, time.Now()
		}
		return
	}
	if bytes.HasPrefix(payload, []byte(padding)) {
		return
	}
	if c.quiet && !bytes.HasPrefix(payload, []byte(`{"type":"joined"`)) {
		return
	}
	var n notice
	if err := json.Unmarshal(payload, &n); err != nil {
		c.t.Errorf("%s: %v", payload, err)
	}
	if n.Type == "joined" {
		c.ref = n.Self.Ref
	}
	c.texts = append(c.texts, n)
}

func (c *client) Close(why wire.Close) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed == nil {
		c.closed = &why
	}
	c.stuck = false // a socket that is over takes everything
	c.changed.Broadcast()
}

func (c *client) set(do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	do()
}

// wait waits until a condition about the client holds.
func (c *client) wait(what string, holds func() bool) {
	c.t.Helper()
	timer := time.AfterFunc(soon, c.changed.Broadcast)
	defer timer.Stop()
	until := time.Now().Add(soon)
	c.mu.Lock()
	defer c.mu.Unlock()
	for !holds() {
		if !time.Now().Before(until) {
			c.t.Fatalf("%s waits in vain: %s; the last texts are %+v", c.id, what, c.texts[max(0, len(c.texts)-3):])
		}
		c.changed.Wait()
	}
}

// until returns the next text that fits, and forgets those before it.
func (c *client) until(what string, fits func(notice) bool) (found notice) {
	c.t.Helper()
	c.wait(what, func() bool {
		i := slices.IndexFunc(c.texts, fits)
		if i < 0 {
			return false
		}
		found, c.texts = c.texts[i], c.texts[i+1:]
		return true
	})
	return found
}

func (c *client) text(kind string) notice {
	c.t.Helper()
	return c.until(kind, func(n notice) bool { return n.Type == kind })
}

// heard reports whether a text came that was not asked for yet.
func (c *client) heard(fits func(notice) bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.texts, fits)
}

func (c *client) sees(ref uint16, p *spaces.Pose) {
	c.t.Helper()
	c.wait(fmt.Sprintf("%d at %+v", ref, p.Position), func() bool {
		seen, is := c.poses[ref]
		return is && seen.Position.Distance(p.Position) < 0.02
	})
}

func at(x, z float64) *spaces.Pose {
	return &spaces.Pose{Position: spaces.Vec{X: x, Y: 1.6, Z: z}, Rotation: spaces.Quat{W: 1}}
}

func (w *world) arrival(c *client, key spaces.Key) hub.Arrival {
	return hub.Arrival{
		Key: key, Viewer: spaces.Viewer{Subject: "hive:" + c.id, Name: c.id, Login: "login-" + c.id},
		ID: c.id, Door: spaces.DoorNative, Encoder: wire.Native{}, Conn: c,
	}
}

func (w *world) enterAs(c *client, key spaces.Key) *hub.Member {
	w.t.Helper()
	m, err := w.hub.Enter(w.t.Context(), w.arrival(c, key))
	if err != nil {
		w.t.Fatal(err)
	}
	c.member = m
	return m
}

// enter lets somebody into the lobby.
func (w *world) enter(id string) *client {
	w.t.Helper()
	c := newClient(w.t, id)
	w.enterAs(c, lobby)
	c.text("joined")
	return c
}

func (c *client) move(p *spaces.Pose) {
	c.t.Helper()
	ok(c.t, c.member.Move(*p, nil, nil))
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
		t.Errorf("%v has the code %q, want %q", err, got, code)
	}
}

// metric is the sum of a counter or gauge.
func (w *world) metric(name string) (sum float64) {
	w.t.Helper()
	families, err := w.registry.Gather()
	ok(w.t, err)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum
}
