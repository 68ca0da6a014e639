package door

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"presence/gateway/conn"
	"presence/gateway/hub"
	"presence/gateway/wire"
	"presence/spaces"
)

// NativeConfig is what a [Native] needs to know.
type NativeConfig struct {
	Hub     *hub.Hub
	Chat    Chat // nil: no chat
	Auth    Authenticator
	Origins conn.Origins // web origins besides our own whose pages may connect

	MaxSockets int // as in [conn.Config]

	Log      *slog.Logger
	Registry prometheus.Registerer
}

// Authenticator proves who opens a socket of our own.
type Authenticator interface {
	// FromRequest demands a good credential and returns when it ends; the error
	// is a [spaces.Error].
	FromRequest(r *http.Request) (spaces.Viewer, time.Time, error)
	// Current is the viewer with the rights they have now, and false once their
	// login is revoked.
	Current(v spaces.Viewer) (spaces.Viewer, bool)
}

// Native is the door at /ws/space for presence.space.v1, which
// docs/space.asyncapi.yaml describes. Its fields never change after New.
type Native struct {
	cfg    NativeConfig
	keeper *conn.Keeper
}

// What a native client may send: poses thirty times a second, and a page that
// comes back to a long chat in a few messages.
const (
	nativeMessagesPerSecond = 120
	nativeBytesPerSecond    = 256 << 10
)

// NewNative builds the door and starts nothing.
func NewNative(cfg NativeConfig) (*Native, error) {
	n := &Native{cfg: cfg}
	var err error
	n.keeper, err = conn.New(conn.Config{
		Name: "space", Formats: []string{wire.Native{}.String()}, Origins: cfg.Origins, Binary: true,
		MaxMessage: wire.MaxNative, MessagesPerSecond: nativeMessagesPerSecond, BytesPerSecond: nativeBytesPerSecond,
		MaxSockets: cfg.MaxSockets, Log: cfg.Log, Registry: cfg.Registry,
	}, nativeHandler{n})
	return n, err
}

// Run keeps the sockets until ctx ends, then says goodbye to all of them.
func (n *Native) Run(ctx context.Context) error { return n.keeper.Run(ctx) }

// ServeHTTP is GET /ws/space. A credential is demanded; a guest's will do.
// Refusals come before the upgrade and are problems. The handler returns as soon
// as the socket is handed to Run.
func (n *Native) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := n.keeper.CheckOrigin(r); err != nil {
		wire.WriteProblem(w, err)
		return
	}
	ours := []string{wire.SubprotocolSpace}
	if conn.Negotiate(r, ours) == "" {
		wire.WriteProblem(w, &spaces.Error{
			Code: spaces.CodeInvalid, Field: "header.Sec-WebSocket-Protocol", Message: "offer the subprotocol " + wire.SubprotocolSpace,
			Fix: `As in new WebSocket(url, ["` + wire.SubprotocolSpace + `", "` + wire.BearerPrefix + `<token>"])`,
		})
		return
	}
	viewer, expires, err := n.cfg.Auth.FromRequest(r)
	if err != nil {
		wire.WriteProblem(w, err)
		return
	}
	client := &nativeClient{
		door: n, viewer: viewer, id: rand.Text(),
		refused: pace{most: 1, every: time.Second},
	}
	terms := conn.Terms{Subprotocols: ours, Format: wire.Native{}.String(), Expires: expires, Seat: client}
	if err := n.keeper.Upgrade(w, r, terms); err != nil && !errors.Is(err, http.ErrServerClosed) {
		n.cfg.Log.DebugContext(r.Context(), "a request could not become a socket", "err", err)
	}
}

// nativeHandler is the door as conn.Handler.
type nativeHandler struct{ *Native }

// Join greets the client.
func (n nativeHandler) Join(s *conn.Socket) {
	c := s.Seat.(*nativeClient)
	c.socket = s
	s.Write(wire.Native{}.Hello(c.id, c.viewer, time.Now()))
}

// Receive handles one message.
func (n nativeHandler) Receive(ctx context.Context, s *conn.Socket, m conn.Message) {
	c := s.Seat.(*nativeClient)
	if m.Binary {
		if err := c.move(m.Bytes); err != nil {
			c.refuse(wire.NativeRequest{Op: "pose"}, err)
		}
		return
	}
	request, err := wire.DecodeNative(m.Bytes)
	if err != nil {
		c.refuse(request, err)
		return
	}
	body, err := c.do(ctx, request.Body)
	if err != nil {
		c.refuse(request, err)
		return
	}
	c.answer(wire.Ack{Request: request.ID, Body: body})
}

// Review ends a socket whose login was revoked.
func (n nativeHandler) Review(s *conn.Socket) {
	if _, holds := n.cfg.Auth.Current(s.Seat.(*nativeClient).viewer); !holds {
		s.Close(wire.CloseRevoked)
	}
}

// Leave ends the stay with the socket.
func (n nativeHandler) Leave(s *conn.Socket) {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	c := s.Seat.(*nativeClient)
	if c.member == nil {
		return
	}
	end := c.member.Leave
	if s.Broken() {
		end = c.member.Lose
	}
	if err := end(ctx); err != nil {
		n.cfg.Log.Warn("a stay did not end in order; its seat runs out by itself", "err", err)
	}
}
