package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"presence/aggregator"
	"presence/aggregator/links"
	"presence/gateway"
	"presence/spaces/bus"
	"presence/spaces/store"
)

// The parts a process can run.
const (
	partAggregator = "aggregator"
	partGateway    = "gateway"
)

// onlineLimit ends an "online" that nothing has confirmed for so long: people
// stay online for hours after some servers crash (matrix-org/synapse#1514).
const onlineLimit = 12 * time.Hour

// serveCmd runs the program.
type serveCmd struct {
	Parts []string `enum:"aggregator,gateway" default:"aggregator,gateway" help:"What this process runs: aggregator, gateway or both (the default)."`
}

// Run opens what the parts stand on, runs them until ctx ends, and closes it
// in the reverse order.
func (c *serveCmd) Run(ctx context.Context, e *env) error {
	if err := c.check(e.settings); err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return e.withStore(ctx, func(s *store.Store) error {
		b, err := e.openBus(ctx, bus.Config{Name: "presence", Registry: registry})
		if err != nil {
			return err
		}
		defer b.Close()
		house := &house{env: e, store: s, bus: b, registry: registry}
		parts, err := house.parts(ctx, c.Parts)
		if err != nil {
			return err
		}
		return runParts(ctx, e.log, parts)
	})
}

// check refuses combinations that would only fail later, and tells how to get
// out of them.
func (c *serveCmd) check(s *settings) error {
	if slices.Contains(c.Parts, partAggregator) && s.Homeserver == "" {
		return errors.New("MATRIX_HS_URL: must be set, because the aggregator needs a homeserver to follow.\nTry: make run, which brings a homeserver of its own; or --parts=gateway")
	}
	if len(c.Parts) < 2 && (s.NATS == "" || s.Database == "") {
		return errors.New("--parts: aggregator and gateway in two processes meet on NATS and PostgreSQL; set NATS_URL and DATABASE_URL")
	}
	if !slices.Contains(c.Parts, partGateway) {
		return nil
	}
	if n := len(s.InternalKey); n > 0 && n < minSecret && !s.onLoopback() {
		return fmt.Errorf("INTERNAL_API_KEY: must have at least %d bytes because PRESENCE_LISTEN=%s can be reached from other machines; make one with: openssl rand -hex 32", minSecret, s.Listen)
	}
	_, err := s.jwtSecret()
	return err
}

// house is what the parts share.
type house struct {
	env      *env
	store    *store.Store
	bus      *bus.Bus
	registry *prometheus.Registry
	checks   []gateway.Check // what /readyz asks
}

// parts builds the parts in the order they start.
func (h *house) parts(ctx context.Context, names []string) ([]part, error) {
	h.check("database", h.store.Ping)
	h.check("nats", func(context.Context) error { return h.bus.Ready() })
	var all []part
	for _, p := range []struct {
		name  string
		build func(context.Context) ([]part, error)
	}{
		{partAggregator, h.aggregatorParts},
		{partGateway, h.gatewayParts},
	} {
		if !slices.Contains(names, p.name) {
			continue
		}
		built, err := p.build(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, built...)
	}
	if slices.Contains(names, partGateway) {
		return all, nil
	}
	// An aggregator alone is watched by operators all the same.
	web, err := h.webServer(gateway.Parts{Checks: h.checks}, "/readyz", func() error { return nil })
	return append(all, web...), err
}

func (h *house) check(name string, ask func(context.Context) error) {
	h.checks = append(h.checks, gateway.Check{Name: name, Check: ask})
}

func (h *house) aggregatorParts(context.Context) ([]part, error) {
	s := h.env.settings
	poller, err := links.New(links.Config{
		File: s.LinksFile, URL: s.CityService, Key: string(s.InternalKey), Every: s.refresh(),
	}, h.store, h.env.log, h.registry)
	if err != nil {
		return nil, err
	}
	daemon, err := aggregator.New(aggregator.Config{
		Matrix:       s.matrixConfig(),
		State:        s.stateConfig(),
		SyncTimeout:  s.syncTimeout(),
		Throttle:     s.throttle(),
		PublishUsers: s.Users,
	}, h.store, h.bus, h.env.log, h.registry)
	if err != nil {
		return nil, err
	}
	h.check("homeserver", func(context.Context) error { return daemon.Health().Err() })
	return []part{{"links", poller.Run}, {"aggregator", daemon.Run}}, nil
}
