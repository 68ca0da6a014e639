package main

import (
	"context"
	"net"
	"slices"
	"time"

	"presence/gateway"
	"presence/gateway/api"
	"presence/gateway/auth"
	"presence/gateway/city"
	"presence/gateway/ui"
)

// gatewayParts builds what browsers talk to. The feed starts before the web
// server and ends after it, so that no request meets a feed that is not there.
func (h *house) gatewayParts(ctx context.Context) ([]part, error) {
	s, log := h.env.settings, h.env.log
	secret, err := s.jwtSecret()
	if err != nil {
		return nil, err
	}
	peers, err := h.openPeers(ctx)
	if err != nil {
		return nil, err
	}
	identity, err := auth.New(auth.Config{
		Secret: secret, Admins: s.Admins, QueryToken: s.QueryToken, Log: log,
		PublicURL: s.publicURL(), HiveNodes: s.HiveNodes, MatrixServers: s.openIDServers(), Tell: tellRevoked(peers),
	}, h.store, time.Now)
	if err != nil {
		return nil, err
	}
	feed, err := city.New(city.Config{Auth: identity, Origins: s.Origins}, log, h.registry)
	if err != nil {
		return nil, err
	}
	shared, err := h.openSpaces(peers, identity)
	if err != nil {
		return nil, err
	}
	spaces, err := h.rest(shared, identity)
	if err != nil {
		return nil, err
	}
	rest := api.New(api.Config{
		City: feed, Identity: identity, Links: h.store, Spaces: spaces, Chat: shared.chat,
		InternalKey: string(s.InternalKey), BusReady: h.bus.Ready, Log: log,
	})
	page, err := ui.New(ui.Dist(), s.Origins, s.Media)
	if err != nil {
		return nil, err
	}
	h.check("members", identity.Ready)
	h.check("city", func(context.Context) error { return feed.Ready() })
	web, err := h.webServer(gateway.Parts{
		API: rest, City: feed, Doors: shared.doors, Native: shared.native, UI: page, BusReady: h.bus.Ready, Checks: h.checks,
	}, "/city", feed.Ready)
	if err != nil {
		return nil, err
	}
	city := []part{
		{"members", identity.Run},
		{"city feed", feed.Run},
		{"city watch", func(ctx context.Context) error { return h.bus.WatchCity(ctx, feed) }},
	}
	return slices.Concat(city, shared.parts(h.bus), web), nil
}

// webServer puts what it is given on the network, and says where at path once
// ready has no more objection.
func (h *house) webServer(parts gateway.Parts, path string, ready func() error) ([]part, error) {
	s := h.env.settings
	listening := make(chan net.Addr, 1)
	web, err := gateway.New(gateway.Config{
		Listen: s.Listen, MetricsListen: s.Metrics, Origins: s.Origins, TrustedProxies: s.Proxies,
		Listening: func(a net.Addr) { listening <- a }, Log: h.env.log, Registry: h.registry,
	}, parts)
	if err != nil {
		return nil, err
	}
	return []part{
		{"web server", web.Run},
		{"announcement", func(ctx context.Context) error { return h.announce(ctx, listening, path, ready) }},
	}, nil
}

// announce tells the person at the terminal where to look, once a browser that
// goes there finds the city and not an excuse.
func (h *house) announce(ctx context.Context, listening <-chan net.Addr, path string, ready func() error) error {
	var address net.Addr
	select {
	case address = <-listening:
	case <-ctx.Done():
		return nil
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for ready() != nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
	if err := h.env.say("ready: http://%s%s\n", address, path); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
