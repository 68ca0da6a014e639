package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	headerTime = 10 * time.Second
	idleTime   = 2 * time.Minute
	// maxHeader holds the longest token we read with room to spare.
	maxHeader = 32 << 10
	// A stop first lets answers under way finish, then ends what is endless,
	// then breaks what is left.
	quietTime = time.Second
	drainTime = 5 * time.Second
)

// Run serves until ctx ends, then stops accepting, lets requests finish and
// returns. Upgraded sockets are not the web server's any more: the city's own
// Run, which ends after this one, tells them that we are going away.
func (g *Gateway) Run(ctx context.Context) error {
	web, err := listen(ctx, g.listen, "PRESENCE_LISTEN")
	if err != nil {
		return err
	}
	var local net.Listener
	if g.metricsListen != "" {
		if local, err = listen(ctx, g.metricsListen, "PRESENCE_METRICS_LISTEN"); err != nil {
			return errors.Join(err, web.Close())
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		server := g.newServer(g.handler)
		server.ConnContext, server.ConnState = g.arrived, g.connState
		return g.serve(ctx, web, server)
	})
	if local != nil {
		group.Go(func() error { return g.serve(ctx, local, g.newServer(g.metricsMux())) })
		g.log.InfoContext(ctx, "metrics", "url", "http://"+local.Addr().String()+"/metrics")
	}
	g.log.InfoContext(ctx, "listening", "url", "http://"+web.Addr().String())
	if g.listening != nil {
		g.listening(web.Addr())
	}
	return group.Wait()
}

func listen(ctx context.Context, address, setting string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s (choose another address with %s): %w", address, setting, err)
	}
	return l, nil
}

func (g *Gateway) newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(g.log.Handler(), slog.LevelDebug), // clients' TLS and protocol mistakes
	}
}

// serve runs one server on l until ctx ends and owns both.
func (g *Gateway) serve(ctx context.Context, l net.Listener, server *http.Server) error {
	// Requests outlive ctx for a moment, so that answers under way get through.
	requests, endRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer endRequests()
	server.BaseContext = func(net.Listener) context.Context { return requests }
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	g.readiness.stop()
	err := g.drain(context.WithoutCancel(ctx), server, endRequests)
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// drain closes the listener at once and waits for requests. Event streams see
// their context end after a quiet moment; whatever still hangs is cut off.
func (g *Gateway) drain(ctx context.Context, server *http.Server, endRequests context.CancelFunc) error {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	quiet := time.AfterFunc(quietTime, endRequests)
	defer quiet.Stop()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		g.log.WarnContext(ctx, "requests did not end in time and were cut off", "after", drainTime)
		err = server.Close()
	}
	if err != nil {
		return fmt.Errorf("stop the web server: %w", err)
	}
	return nil
}
