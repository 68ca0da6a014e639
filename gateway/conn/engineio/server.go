package engineio

import (
	"context"
	"net/http"
)

// Receiver is the application's end of one session. Its methods are called one
// at a time, in the order of what the client sent; while one of them runs, the
// client waits.
type Receiver interface {
	// Receive takes one message, whose bytes it may keep. ctx ends with the
	// session.
	Receive(ctx context.Context, m Message)
	// Closed is called once, last. reason is a word for metrics: see Reason. ctx
	// does not end with the session or with Run.
	Closed(ctx context.Context, reason string)
}

// Open makes the application's end of a new session. r is the request that
// opened it, without its body; it may be kept. What Open sends arrives after
// the handshake.
type Open func(s *Session, r *http.Request) Receiver

// Message is one Engine.IO message.
type Message struct {
	Data   []byte // UTF-8 unless Binary
	Binary bool
}

// Server is the http.Handler of one Engine.IO endpoint, at whatever path it is
// mounted.
type Server struct {
	cfg  Config
	open Open
}

// New checks the settings. Nothing is started.
func New(cfg Config, open Open) (*Server, error) {
	cfg.setDefaults()
	return &Server{cfg: cfg, open: open}, cfg.Origins.Check()
}

// Run keeps the sessions until ctx ends, then tells every client and waits for
// the last goroutine. Requests that come before Run wait for it.
func (s *Server) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// ServeHTTP answers handshakes, polls, posts and upgrades.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {}
