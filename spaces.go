package main

import (
	"context"
	"time"

	"github.com/nats-io/nuid"

	"presence/aggregator"
	"presence/aggregator/matrix"
	"presence/gateway/access"
	"presence/gateway/api"
	"presence/gateway/auth"
	"presence/gateway/chat"
	"presence/gateway/conn"
	"presence/gateway/door"
	"presence/gateway/hub"
	"presence/gateway/turn"
	"presence/spaces"
	"presence/spaces/bus"
)

// shared is what the shared spaces of this gateway are made of.
type shared struct {
	peers  *bus.Gateway
	access *access.Access
	chat   *chat.Service
	hub    *hub.Hub
	doors  *door.Doors
	native *door.Native

	identity *auth.Auth
	powers   *matrix.Client // nil: power levels give no roles here
}

// openPowers is how the homeserver is asked for power levels, with the session
// that the aggregator keeps, here or in another process. A gateway that was
// given no homeserver, or nothing to log in with, does without.
func (h *house) openPowers() (*matrix.Client, error) {
	cfg := h.env.settings.matrixConfig()
	if cfg.Homeserver == "" || cfg.AccessToken == "" && (cfg.Password == "" || cfg.UserID == "") {
		return nil, nil
	}
	return aggregator.NewClient(cfg, h.store)
}

// closePowers lets go of the connections to the homeserver at the end.
func (s *shared) closePowers(ctx context.Context) error {
	<-ctx.Done()
	if s.powers != nil {
		s.powers.Close()
	}
	return nil
}

// openPeers makes this process one of the gateways. Its name is unique to this
// run: what an earlier one left behind is another gateway's, and dead.
func (h *house) openPeers(ctx context.Context) (*bus.Gateway, error) {
	return h.bus.Gateway(ctx, "gateway-"+nuid.Next())
}

// tellRevoked passes on to the other gateways that a login is over. A message
// that is lost is made up for by what they read in the store.
func tellRevoked(peers *bus.Gateway) func(login string) {
	return func(login string) {
		_ = peers.SendControl(bus.Control{Kind: bus.ControlRevoked, Login: login})
	}
}

// orders are what other gateways tell this one: about people in spaces, and
// about logins that are over.
type orders struct {
	*hub.Hub
	identity *auth.Auth
	access   *access.Access
}

// Control carries out an order of another gateway. Whoever is put out must not
// walk in again on what is remembered here of before their ban.
func (o orders) Control(from string, c bus.Control) {
	if c.Kind == bus.ControlRevoked {
		o.identity.Revoked(c.Login)
	}
	if key, err := spaces.ParseKeyText(c.Space); err == nil {
		o.access.Forget(key)
	}
	o.Hub.Control(from, c)
}

// openSpaces builds the shared spaces. Nothing runs before its parts do.
func (h *house) openSpaces(peers *bus.Gateway, identity *auth.Auth) (*shared, error) {
	s := shared{peers: peers, identity: identity}
	var err error
	cfg := access.Config{Store: h.store, Kicker: &s, Admin: identity.Admin, Now: time.Now, Log: h.env.log}
	if s.powers, err = h.openPowers(); err != nil {
		return nil, err
	}
	if s.powers != nil {
		cfg.Powers = s.powers
	}
	s.access = access.New(cfg)
	s.chat, err = chat.New(chat.Config{
		Store: h.store, Bus: h.bus, Access: s.access, Retention: h.env.settings.chatRetention(),
		Log: h.env.log, Registry: h.registry,
	})
	if err != nil {
		return nil, err
	}
	s.hub, err = hub.New(hub.Config{
		Access: s.access, Seats: h.store, Bus: s.peers, Chat: s.chat, Current: identity.Current,
		Gateway: s.peers.ID(), Log: h.env.log, Registry: h.registry,
	})
	if err != nil {
		return nil, err
	}
	return &s, s.openDoors(h, identity)
}

// Kick ends what somebody has open in a space, on every gateway: what
// [access.Access] calls when a moderator says so.
func (s *shared) Kick(ctx context.Context, key spaces.Key, subject, reason string) error {
	return s.hub.Expel(ctx, key, subject, reason)
}

func (s *shared) openDoors(h *house, identity *auth.Auth) (err error) {
	origins := conn.Origins(h.env.settings.Origins)
	s.doors, err = door.New(door.Config{
		Hub: s.hub, Chat: s.chat, Identity: identity, Access: s.access, Origins: origins,
		Log: h.env.log, Registry: h.registry,
	})
	if err != nil {
		return err
	}
	s.native, err = door.NewNative(door.NativeConfig{
		Hub: s.hub, Chat: s.chat, Auth: identity, Origins: origins,
		Log: h.env.log, Registry: h.registry,
	})
	return err
}

// parts in the order they start: doors open last and close first, so that
// nobody is let into a space that is about to go.
func (s *shared) parts(b *bus.Bus) []part {
	return []part{
		{"power levels", s.closePowers},
		{"chat", s.chat.Run},
		{"peers", func(ctx context.Context) error { return s.peers.Run(ctx, orders{s.hub, s.identity, s.access}) }},
		{"sessions", func(ctx context.Context) error { return b.WatchSessions(ctx, s.hub) }},
		{"spaces", s.hub.Run},
		{"doors", s.doors.Run},
		{"native door", s.native.Run},
	}
}

// rest is what the REST paths about spaces need.
func (h *house) rest(s *shared, identity *auth.Auth) (api.SpacesConfig, error) {
	maker, err := turn.New(turn.Config{URIs: h.env.settings.TurnURIs, Secret: string(h.env.settings.TurnSecret), Now: time.Now})
	if err != nil {
		return api.SpacesConfig{}, err
	}
	return api.SpacesConfig{
		Access: s.access, Rooms: h.store, Joins: identity, Turn: maker,
		Node: s.peers.ID(), PublicURL: h.env.settings.PublicURL, Media: conn.Origins(h.env.settings.Media), Now: time.Now,
	}, nil
}
