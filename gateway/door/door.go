package door

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"presence/gateway/conn"
	"presence/gateway/conn/engineio"
	"presence/gateway/conn/socketio"
	"presence/gateway/hub"
	"presence/gateway/wire"
	"presence/spaces"
)

// Config is what [Doors] need to know.
type Config struct {
	Hub      *hub.Hub
	Chat     Chat
	Identity Identity
	Access   Access
	Origins  conn.Origins     // web origins besides our own whose pages may connect
	Now      func() time.Time // by which tokens end and clients are slowed down; [time.Now] when nil

	Log      *slog.Logger
	Registry prometheus.Registerer
}

// Identity proves who opens a socket.
type Identity interface {
	// FromHandshake finds the credential in what the client sent after
	// connecting (nil: nothing), or else in its request. A client without any is
	// a guest; a bad one is a [spaces.Error]. Expires is when the right ends;
	// zero: never.
	FromHandshake(ctx context.Context, r *http.Request, auth json.RawMessage) (v spaces.Viewer, expires time.Time, err error)
	// Current is the viewer with the rights they have now, and false once their
	// login is revoked.
	Current(v spaces.Viewer) (spaces.Viewer, bool)
}

// Access answers what a viewer may do in a space.
type Access interface {
	Check(ctx context.Context, v spaces.Viewer, k spaces.Key, a spaces.Action, nsfw bool) (spaces.Standing, error)
}

// Chat is where people of every door write.
type Chat interface {
	Send(ctx context.Context, v spaces.Viewer, k spaces.Key, d spaces.Draft) (spaces.Message, error)
	Edit(ctx context.Context, v spaces.Viewer, k spaces.Key, id int64, content string) (spaces.Message, error)
	Delete(ctx context.Context, v spaces.Viewer, k spaces.Key, id int64) (spaces.Message, error)
	React(ctx context.Context, v spaces.Viewer, k spaces.Key, id int64, reaction string, on bool) (spaces.Message, error)
	History(ctx context.Context, v spaces.Viewer, k spaces.Key, q spaces.HistoryQuery) (spaces.History, error)
	Since(ctx context.Context, v spaces.Viewer, k spaces.Key, seq int64, limit int) (spaces.ChatSince, error)
	MarkRead(ctx context.Context, v spaces.Viewer, k spaces.Key, id int64) (spaces.Subscription, error)
}

// Doors are all but the native one. The table of visitors is guarded by mu, the
// entities of networked-aframe have a mutex of their own, and everything else
// is fixed by New.
type Doors struct {
	cfg      Config
	io       *socketio.Server
	keeper   *conn.Keeper
	entities *entities

	mu       sync.Mutex
	visitors map[*visitor]struct{} // of Socket.IO; the keeper looks after its own
}

// What a client of these doors may send. A scene that arrives in a crowd greets
// everybody it finds, each in a message of its own.
const (
	messagesPerSecond = 2000
	bytesPerSecond    = 1 << 20
	maxPayload        = 2 * wire.MaxDLUX // one POST of polling may carry several messages
	maxQueue          = 256 << 10        // answers that wait for a client which asks and does not read
)

// New builds the doors and starts nothing.
func New(cfg Config) (*Doors, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	d := &Doors{cfg: cfg, entities: newEntities(), visitors: map[*visitor]struct{}{}}
	var err error
	d.io, err = socketio.New(engineio.Config{
		Name: "socketio", MaxPayload: maxPayload, MaxQueue: maxQueue, Origins: cfg.Origins, Log: cfg.Log, Registry: cfg.Registry,
	}, map[string]socketio.Connect{"/": d.connect})
	if err != nil {
		return nil, err
	}
	d.keeper, err = conn.New(conn.Config{
		Name: "door", Formats: []string{wire.DLUX{Raw: true}.String(), wire.NAF{}.String()}, Origins: cfg.Origins,
		MaxMessage: wire.MaxDLUX, MessagesPerSecond: messagesPerSecond, BytesPerSecond: bytesPerSecond,
		Log: cfg.Log, Registry: cfg.Registry,
	}, &plain{d})
	return d, err
}

// Run keeps the clients until ctx ends, then says goodbye to all of them.
func (d *Doors) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return d.io.Run(ctx) })
	group.Go(func() error { return d.keeper.Run(ctx) })
	group.Go(func() error { d.watch(ctx); return nil })
	return group.Wait()
}

// ServeSocketIO is the door at /socket.io/: Socket.IO for clients that name an
// Engine.IO version, the wallet script's objects for a WebSocket without one.
func (d *Doors) ServeSocketIO(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Query().Has("EIO"):
		d.io.ServeHTTP(w, r)
	case isUpgrade(r):
		d.serveSocket(w, r, wire.DLUX{Raw: true}.String(), newRawClient)
	default:
		wire.WriteProblem(w, &spaces.Error{
			Code: spaces.CodeInvalid, Field: "query.EIO", Message: "this is a Socket.IO endpoint, and the request names no protocol version",
			Fix: "Use a Socket.IO client of version 3 or later, or open a WebSocket and send JSON objects with a type",
		})
	}
}

// ServeNAF is the door for networked-aframe's uws adapter.
func (d *Doors) ServeNAF(w http.ResponseWriter, r *http.Request) {
	if !isUpgrade(r) {
		wire.WriteProblem(w, &spaces.Error{
			Code: spaces.CodeInvalid, Field: "header.Upgrade", Message: "this is a WebSocket for networked-aframe",
			Fix: "Give this address to networked-scene as serverURL, with adapter: uws",
		})
		return
	}
	d.serveSocket(w, r, wire.NAF{}.String(), newUWSClient)
}

func isUpgrade(r *http.Request) bool { return strings.EqualFold(r.Header.Get("Upgrade"), "websocket") }

// serveSocket proves who comes and hands the WebSocket to the keeper.
func (d *Doors) serveSocket(w http.ResponseWriter, r *http.Request, format string, client func(*visitor) plainClient) {
	if err := d.keeper.CheckOrigin(r); err != nil {
		wire.WriteProblem(w, err)
		return
	}
	v, err := d.visitor(r.Context(), r, nil)
	if err != nil {
		wire.WriteProblem(w, err)
		return
	}
	terms := conn.Terms{Format: format, Expires: v.expires, Seat: client(v)}
	if err := d.keeper.Upgrade(w, r, terms); err != nil && !errors.Is(err, http.ErrServerClosed) {
		d.cfg.Log.DebugContext(r.Context(), "a WebSocket was not opened", "format", format, "error", err)
	}
}
