//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"presence/gateway/access"
	"presence/gateway/auth"
	"presence/gateway/door"
	"presence/gateway/hub"
	"presence/spaces"
)

// serveSpace is the measured server of W2: the hub behind its native and its
// Socket.IO door, with the real token check. Spaces of fewer than crowd people
// tell everybody about everybody at full rate.
func serveSpace(ctx context.Context, crowd int, in io.Reader, out io.Writer) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	identity, err := auth.New(auth.Config{Secret: []byte(os.Getenv("JWT_SECRET")), Log: log}, nobody{}, time.Now)
	if err != nil {
		return err
	}
	h, err := hub.New(hub.Config{Access: openDoor{}, Crowd: crowd, Gateway: "bench", Log: log, Registry: prometheus.NewRegistry()})
	if err != nil {
		return err
	}
	native, err := door.NewNative(door.NativeConfig{Hub: h, Auth: identity, Log: log, Registry: prometheus.NewRegistry()})
	if err != nil {
		return err
	}
	doors, err := door.New(door.Config{Hub: h, Identity: identity, Access: openDoor{}, Log: log, Registry: prometheus.NewRegistry()})
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /ws/space", native)
	mux.HandleFunc("/socket.io/", doors.ServeSocketIO)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	for _, run := range []func(context.Context) error{h.Run, native.Run, doors.Run} {
		group.Go(func() error { return run(ctx) })
	}
	group.Go(func() error { return ignoreClosed(srv.Serve(l)) })
	group.Go(func() error {
		defer srv.Close()
		defer stop()
		if _, err := fmt.Fprintf(out, "ready %d\n", l.Addr().(*net.TCPAddr).Port); err != nil {
			return err
		}
		_, err := io.Copy(io.Discard, in) // until the parent ends
		return err
	})
	return group.Wait()
}

// openDoor lets everybody into the lobby, whatever its size.
type openDoor struct{}

func (openDoor) Check(_ context.Context, v spaces.Viewer, k spaces.Key, _ spaces.Action, _ bool) (spaces.Standing, error) {
	return spaces.Standing{Viewer: v, Space: access.Lobby(k, spaces.DefaultSettings(k.Type)), Now: time.Now()}, nil
}
