// Package testnats gives a test a NATS server of its own, which it can stop and
// start again.
//
// Only tests import it.
package testnats

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// patience bounds the start: long enough for a loaded machine, and reached only
// by a failure.
const patience = 60 * time.Second

// Server is a NATS server with JetStream on loopback. It keeps its port and its
// store over stops.
type Server struct {
	t       testing.TB
	options server.Options
	running *server.Server
}

// Start starts a server that stops when the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, options: server.Options{
		Host: "127.0.0.1", Port: reserve(t), JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
	}}
	s.Start()
	t.Cleanup(s.Stop)
	return s
}

// Start starts the server again after Stop.
func (s *Server) Start() {
	s.t.Helper()
	options := s.options // the server writes into what it is given
	running, err := server.NewServer(&options)
	if err != nil {
		s.t.Fatalf("the NATS server: %v", err)
	}
	running.Start()
	if !running.ReadyForConnections(patience) {
		s.t.Fatal("the NATS server does not start")
	}
	s.running = running
}

// Stop ends the server and every connection to it. Stopping twice is harmless.
func (s *Server) Stop() {
	s.running.Shutdown()
	s.running.WaitForShutdown()
}

// URL is where clients reach it, now and after every Start.
func (s *Server) URL() string { return fmt.Sprintf("nats://127.0.0.1:%d", s.options.Port) }

// Dir is the folder of its store.
func (s *Server) Dir() string { return s.options.StoreDir }
