package door_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"presence/gateway/door"
	"presence/gateway/hub"
	"presence/gateway/wire"
	"presence/spaces"
)

// nativeSoon bounds every wait: long enough for a loaded machine, and reached
// only by a failure.
const nativeSoon = 60 * time.Second

// townsfolk is an Authenticator and an Access: the token is the name, and
// everybody may do everything until told otherwise.
type townsfolk struct {
	mu      sync.Mutex
	revoked map[string]bool
	banned  map[string]string // subject -> reason
	expires map[string]time.Time
	seats   int
	private map[spaces.Key]bool
}

func newTownsfolk() *townsfolk {
	return &townsfolk{revoked: map[string]bool{}, banned: map[string]string{}, expires: map[string]time.Time{}, seats: 1000, private: map[spaces.Key]bool{}}
}

func (p *townsfolk) change(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

func (p *townsfolk) FromRequest(r *http.Request) (spaces.Viewer, time.Time, error) {
	name := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if name == "" {
		return spaces.Viewer{}, time.Time{}, &spaces.Error{Code: spaces.CodeUnauthenticated, Message: "no token"}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	v := spaces.Viewer{Subject: "hive:" + name, Name: name, Login: "login-" + name}
	if guest, is := strings.CutPrefix(name, "guest-"); is {
		v = spaces.Viewer{Subject: "guest:" + guest, Name: "Guest " + guest, Guest: true}
	}
	return v, p.expires[name], nil
}

func (p *townsfolk) Current(v spaces.Viewer) (spaces.Viewer, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return v, !p.revoked[v.Login]
}

func (p *townsfolk) Check(_ context.Context, v spaces.Viewer, k spaces.Key, a spaces.Action, nsfw bool) (spaces.Standing, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := spaces.Standing{Viewer: v, NSFWShown: nsfw, Now: time.Now(), Space: spaces.Space{
		Key: k, Kind: spaces.KindLobby, Title: "The lobby", Public: !p.private[k], Settings: spaces.DefaultSettings(k.Type),
	}}
	s.Space.Settings.MaxUsers = p.seats
	if reason, is := p.banned[v.Subject]; is {
		s.Ban = &spaces.Ban{Reason: reason}
	}
	return s, spaces.Decide(s, a)
}

// town is one gateway with the native door.
type town struct {
	t        testing.TB
	people   *townsfolk
	hub      *hub.Hub
	registry *prometheus.Registry
	url      string
	stop     func()
}

func newTown(t testing.TB, change func(*hub.Config, *door.NativeConfig)) *town {
	t.Helper()
	w := &town{t: t, people: newTownsfolk(), registry: prometheus.NewRegistry()}
	log := slog.New(slog.DiscardHandler)
	hubConfig := hub.Config{Access: w.people, Current: w.people.Current, Gateway: "here", Log: log, Registry: w.registry, Review: time.Second}
	doorConfig := door.NativeConfig{Auth: w.people, Log: log, Registry: w.registry}
	if change != nil {
		change(&hubConfig, &doorConfig)
	}
	var err error
	if w.hub, err = hub.New(hubConfig); err != nil {
		t.Fatal(err)
	}
	doorConfig.Hub = w.hub
	native, err := door.NewNative(doorConfig)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(native)
	w.url = server.URL
	ctx, cancel := context.WithCancel(context.Background())
	hubEnded, doorEnded := make(chan error, 1), make(chan error, 1)
	go func() { hubEnded <- w.hub.Run(ctx) }()
	go func() { doorEnded <- native.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-doorEnded, <-hubEnded); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	t.Cleanup(w.stop)
	return w
}

// resident is one native client.
type resident struct {
	t       testing.TB
	ws      *websocket.Conn
	session string
	ref     uint16
	poses   map[uint16]spaces.Pose // newest, by ref
	said    []notice               // texts not yet asked for
}

// notice is any text message of the server.
type notice struct {
	Type     string          `json:"type"`
	ID       json.RawMessage `json:"id"`
	Session  string          `json:"session"`
	Subject  string          `json:"subject"`
	Space    string          `json:"space"`
	Reason   string          `json:"reason"`
	Ref      uint16          `json:"ref"`
	Self     selfNotice      `json:"self"`
	Member   memberNotice    `json:"member"`
	Members  []memberNotice  `json:"members"`
	Sessions []string        `json:"sessions"`
	From     string          `json:"from"`
	Kind     string          `json:"kind"`
	Name     string          `json:"name"`
	Data     json.RawMessage `json:"data"`
	Emote    string          `json:"emote"`
	Op       string          `json:"op"`
	Code     string          `json:"code"`
	Field    string          `json:"field"`
	Message  json.RawMessage `json:"message"`
	Position int             `json:"position"`
	Length   int             `json:"length"`
	Seats    int             `json:"seats"`
	ChatSeq  int64           `json:"chat_seq"`
	TickMS   int             `json:"tick_ms"`
	Now      int64           `json:"now"`
	Event    struct {
		Seq     int64          `json:"seq"`
		Message spaces.Message `json:"message"`
	} `json:"event"`
	raw string
}

type selfNotice struct {
	Session string `json:"session"`
	Ref     uint16 `json:"ref"`
}

type memberNotice struct {
	Session string          `json:"session"`
	Ref     uint16          `json:"ref"`
	Subject string          `json:"subject"`
	Account string          `json:"account"`
	Guest   bool            `json:"guest"`
	Avatar  json.RawMessage `json:"avatar"`
	Voice   bool            `json:"voice"`
	Pose    *struct {
		P [3]float64 `json:"p"`
	} `json:"pose"`
}

func (w *town) dial(who string) (*resident, error) {
	ctx, cancel := context.WithTimeout(context.Background(), nativeSoon)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, w.url+"/ws/space", &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + who}}, Subprotocols: []string{wire.SubprotocolSpace},
	})
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(-1)
	return &resident{t: w.t, ws: ws, poses: map[uint16]spaces.Pose{}}, nil
}

// arrive connects without entering a space.
func (w *town) arrive(who string) *resident {
	w.t.Helper()
	c, err := w.dial(who)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.ws.CloseNow() })
	c.session = c.until("hello").Session
	return c
}

const lobby = "global:lobby:main"

// enter connects and enters the lobby.
func (w *town) enter(who string) *resident {
	w.t.Helper()
	c := w.arrive(who)
	c.join(lobby)
	return c
}

func (c *resident) join(space string) notice {
	c.t.Helper()
	c.say(fmt.Sprintf(`{"type":"join","space":%q}`, space))
	joined := c.until("joined")
	c.ref = joined.Self.Ref
	return joined
}

func (c *resident) say(text string) {
	c.t.Helper()
	c.write(websocket.MessageText, []byte(text))
}

func (c *resident) write(kind websocket.MessageType, b []byte) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), nativeSoon)
	defer cancel()
	if err := c.ws.Write(ctx, kind, b); err != nil {
		c.t.Fatal(err)
	}
}

func (c *resident) move(x, z float64) {
	c.t.Helper()
	c.write(websocket.MessageBinary, wire.AppendClientPose(nil, at(x, z)))
}

func at(x, z float64) *spaces.Pose {
	return &spaces.Pose{Position: spaces.Vec{X: x, Y: 1.6, Z: z}, Rotation: spaces.Quat{W: 1}}
}

// read takes one message: poses are noted, texts kept.
func (c *resident) read() error {
	ctx, cancel := context.WithTimeout(context.Background(), nativeSoon)
	defer cancel()
	kind, b, err := c.ws.Read(ctx)
	if err != nil {
		return err
	}
	if kind == websocket.MessageBinary {
		_, records, err := wire.DecodePoses(b)
		for _, r := range records {
			c.poses[r.Ref] = r.Pose
		}
		return err
	}
	n := notice{raw: string(b)}
	if err := json.Unmarshal(b, &n); err != nil {
		return fmt.Errorf("%s: %w", b, err)
	}
	c.said = append(c.said, n)
	return nil
}

// until returns the next text of a type, and forgets those before it.
func (c *resident) until(kind string) notice {
	c.t.Helper()
	return c.first(func(n notice) bool { return n.Type == kind })
}

func (c *resident) first(fits func(notice) bool) notice {
	c.t.Helper()
	for {
		for len(c.said) > 0 {
			n := c.said[0]
			c.said = c.said[1:]
			if fits(n) {
				return n
			}
		}
		if err := c.read(); err != nil {
			c.t.Fatalf("%s waits in vain: %v", c.session, err)
		}
	}
}

// sees reads until somebody is at a place.
func (c *resident) sees(ref uint16, x, z float64) {
	c.t.Helper()
	want := at(x, z).Position
	for c.poses[ref].Position.Distance(want) > 0.02 {
		if err := c.read(); err != nil {
			c.t.Fatalf("%d was last seen at %+v: %v", ref, c.poses[ref].Position, err)
		}
	}
}

// closed reads until the server ends the socket.
func (c *resident) closed() (code int, reason string) {
	c.t.Helper()
	for {
		err := c.read()
		var e websocket.CloseError
		if errors.As(err, &e) {
			return int(e.Code), e.Reason
		}
		if err != nil {
			c.t.Fatalf("not closed by a close frame: %v", err)
		}
	}
}
