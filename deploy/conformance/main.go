// Conformance serves the gateway's transport the way the official protocol
// suites expect it, so that they can be run against it: see README.md.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"presence/gateway/conn/engineio"
	"presence/gateway/conn/socketio"
)

// stopTime is how long a stop waits for requests under way.
const stopTime = 5 * time.Second

// settings are the flags; the defaults are what the suites expect.
type settings struct {
	listen                                    string
	pingInterval, pingTimeout, connectTimeout time.Duration
	maxPayload                                int
}

func main() {
	var s settings
	flag.StringVar(&s.listen, "listen", "127.0.0.1:3000", "address")
	flag.DurationVar(&s.pingInterval, "ping-interval", 300*time.Millisecond, "time between pings")
	flag.DurationVar(&s.pingTimeout, "ping-timeout", 200*time.Millisecond, "time for the answer to a ping")
	flag.DurationVar(&s.connectTimeout, "connect-timeout", time.Second, "time for CONNECT")
	flag.IntVar(&s.maxPayload, "max-payload", 1_000_000, "bytes of one message or POST")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, s settings) error {
	cfg := engineio.Config{PingInterval: s.pingInterval, PingTimeout: s.pingTimeout, MaxPayload: s.maxPayload}
	engine, err := engineio.New(cfg, func(session *engineio.Session, _ *http.Request) engineio.Receiver { return echo{session} })
	if err != nil {
		return err
	}
	cfg.ConnectTimeout = s.connectTimeout
	io, err := socketio.New(cfg, map[string]socketio.Connect{"/": greet, "/custom": greet})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/engine.io/", engine)
	mux.Handle("/socket.io/", io)

	var listener net.ListenConfig
	l, err := listener.Listen(ctx, "tcp", s.listen)
	if err != nil {
		return err
	}
	fmt.Println("listening on http://" + l.Addr().String())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return engine.Run(ctx) })
	group.Go(func() error { return io.Run(ctx) })
	group.Go(func() error { return serve(ctx, l, mux) })
	return group.Wait()
}

func serve(ctx context.Context, l net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		stopped <- server.Shutdown(ctx)
	}()
	if err := server.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return <-stopped
}

// echo says back what it hears.
type echo struct{ session *engineio.Session }

func (e echo) Receive(_ context.Context, m engineio.Message) { e.session.Send(m) }
func (e echo) Closed(context.Context, string)                {}

// greeter tells a client what it authenticated with, and says back what it
// hears: an event to "message", an ack to "message-with-ack".
type greeter struct{ socket *socketio.Socket }

func greet(_ context.Context, s *socketio.Socket, auth json.RawMessage, _ *http.Request) (socketio.Client, error) {
	if auth == nil {
		auth = json.RawMessage("{}")
	}
	s.Emit("auth", auth)
	return greeter{s}, nil
}

func (g greeter) Event(_ context.Context, e socketio.Event) {
	if e.Ack != nil {
		e.Ack(e.Data)
		return
	}
	g.socket.Send(e.Name+"-back", e.Data)
}

func (g greeter) Disconnected(context.Context, string) {}
