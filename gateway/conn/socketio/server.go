package socketio

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"presence/gateway/conn/engineio"
)

// Connect decides whether a client may enter a namespace and returns the
// application's end of it. auth is the JSON object the client sent, or nil; r
// is the request that opened the session, without its body. What is emitted
// meanwhile reaches the client after it was told that it is connected.
//
// An error refuses the client: a *spaces.Error is shown to it (message, and
// code, field and fix as data), anything else only as an internal error.
type Connect func(ctx context.Context, s *Socket, auth json.RawMessage, r *http.Request) (Client, error)

// Client is the application's end of one socket. For all sockets of a session
// together, its methods and Connect are called one at a time, in the order of
// what the client sent; while one of them runs, the client waits.
type Client interface {
	// Event takes one event. It may keep all of it. ctx ends with the session.
	Event(ctx context.Context, e Event)
	// Disconnected is called once, last. reason is a word for metrics. ctx does
	// not end with the session or with Run.
	Disconnected(ctx context.Context, reason string)
}

// Data is the arguments of an event or of an ack. Where a binary belongs, Args
// hold {"_placeholder":true,"num":n} for Binary[n].
type Data struct {
	Args   []json.RawMessage
	Binary [][]byte
}

// Event is what a client emitted.
type Event struct {
	Name string
	Data
	// AckID is the number of the client's callback, for who encodes the answer
	// itself (43<AckID>[...]); nil when it has none.
	AckID json.RawMessage
	// Ack answers the callback; nil when there is none. Only the first call
	// counts. It may be called from any goroutine, later too.
	Ack func(Data)
}

// Server is the http.Handler of one Socket.IO endpoint, at whatever path it is
// mounted ("/socket.io/" is what clients expect).
type Server struct {
	engine     *engineio.Server
	namespaces map[string]Connect
	log        *slog.Logger
}

// connectTimeout is the default: a stock client says CONNECT at once.
const connectTimeout = 10 * time.Second

// New checks the settings. Nothing is started. ConnectTimeout is 10 s and Name
// "socketio" when they are zero.
func New(cfg engineio.Config, namespaces map[string]Connect) (*Server, error) {
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	if cfg.Name == "" {
		cfg.Name = "socketio"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{namespaces: maps.Clone(namespaces), log: cfg.Log}
	engine, err := engineio.New(cfg, s.open)
	s.engine = engine
	return s, err
}

func (s *Server) open(e *engineio.Session, r *http.Request) engineio.Receiver {
	return &session{server: s, engine: e, request: r, sockets: map[string]*Socket{}}
}

// Run keeps the sockets until ctx ends, then tells every client and waits for
// the last goroutine.
func (s *Server) Run(ctx context.Context) error { return s.engine.Run(ctx) }

// ServeHTTP is the endpoint.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }
