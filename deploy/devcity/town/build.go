package town

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"presence/deploy/dendrite"
)

// serverName is the name of every Dendrite that package dendrite starts.
const serverName = "localhost"

// atOnce is how many requests build the city at the same time. Dendrite makes
// some 40 joins a second however many ask.
const atOnce = 4

// Town is a city that exists on a homeserver.
type Town struct {
	Plan    Plan
	Rooms   map[string]id.RoomID       // by slug
	Clients map[string]*mautrix.Client // by localpart, logged in; not the daemon
}

// builder carries what every step of building needs.
type builder struct {
	server *dendrite.Server
	seed   string

	mu       sync.Mutex
	progress func(string) // called under mu
	town     *Town        // its maps are guarded by mu while a step runs
}

// Build makes every account, room and membership of the plan that is not there
// yet and logs everybody in. It takes a few seconds the first time. progress
// hears what is being made.
func Build(ctx context.Context, server *dendrite.Server, plan Plan, seed string, progress func(line string)) (*Town, error) {
	b := &builder{server: server, seed: seed, progress: progress, town: &Town{
		Plan: plan, Rooms: map[string]id.RoomID{}, Clients: map[string]*mautrix.Client{},
	}}
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"accounts", b.accounts}, {"rooms", b.rooms}, {"who goes where", b.moveIn},
	} {
		progress(step.name)
		if err := step.run(ctx); err != nil {
			return nil, fmt.Errorf("build the city: %w", err)
		}
	}
	return b.town, nil
}

func (b *builder) accounts(ctx context.Context) error {
	// The daemon logs in by itself; only its account is made here.
	_, err := b.server.Register(ctx, b.town.Plan.Daemon, Password(b.seed, b.town.Plan.Daemon))
	if err != nil && !errors.Is(err, dendrite.ErrNameTaken) {
		return err
	}
	return each(ctx, b.town.Plan.People, func(ctx context.Context, p Person) error {
		client, err := b.enter(ctx, p.Login, p.Name)
		if err != nil {
			return err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.town.Clients[p.Login] = client
		return nil
	})
}

func (b *builder) rooms(ctx context.Context) error {
	return each(ctx, b.town.Plan.Rooms, func(ctx context.Context, r Room) error {
		roomID, err := b.room(ctx, r)
		if err != nil {
			return fmt.Errorf("room %s: %w", r.Slug, err)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.town.Rooms[r.Slug] = roomID
		b.progress("room " + r.Alias(serverName))
		return nil
	})
}

// room finds a room by its alias or has its founder make it.
func (b *builder) room(ctx context.Context, r Room) (id.RoomID, error) {
	founder := b.town.Clients[r.Founder]
	known, err := founder.ResolveAlias(ctx, id.RoomAlias(r.Alias(serverName)))
	if err == nil {
		return known.RoomID, nil
	}
	if !errors.Is(err, mautrix.MNotFound) {
		return "", err
	}
	req := &mautrix.ReqCreateRoom{
		Name: r.Name, Topic: r.Topic, RoomAliasName: "city_" + r.Slug,
		Visibility: "public", Preset: "public_chat",
		CreationContent: map[string]any{"m.federate": false},
		InitialState: []*event.Event{{
			Type:    event.StateHistoryVisibility,
			Content: event.Content{Parsed: &event.HistoryVisibilityEventContent{HistoryVisibility: event.HistoryVisibilityShared}},
		}},
	}
	if r.MicroDAO != "" {
		req.Visibility, req.Preset = "private", "private_chat"
		req.Invite = []id.UserID{id.NewUserID(b.town.Plan.Daemon, serverName)}
	}
	made, err := founder.CreateRoom(ctx, req)
	if err != nil {
		return "", err
	}
	return made.RoomID, nil
}

// moveIn brings everybody into the rooms they never leave.
func (b *builder) moveIn(ctx context.Context) error {
	return each(ctx, b.town.Plan.People, func(ctx context.Context, p Person) error {
		client := b.town.Clients[p.Login]
		joined, err := client.JoinedRooms(ctx)
		if err != nil {
			return fmt.Errorf("rooms of %s: %w", p.Login, err)
		}
		for _, r := range b.town.Plan.Homes(p) {
			if slices.Contains(joined.JoinedRooms, b.town.Rooms[r.Slug]) {
				continue
			}
			if err := b.join(ctx, client, r); err != nil {
				return fmt.Errorf("%s moves into %s: %w", p.Login, r.Slug, err)
			}
		}
		return nil
	})
}

func (b *builder) join(ctx context.Context, client *mautrix.Client, r Room) error {
	roomID := b.town.Rooms[r.Slug]
	if r.MicroDAO != "" {
		_, err := b.town.Clients[r.Founder].InviteUser(ctx, roomID, &mautrix.ReqInviteUser{UserID: client.UserID})
		if err != nil {
			return err
		}
	}
	_, err := client.JoinRoomByID(ctx, roomID)
	return err
}

// each runs do for every item, a few at a time, and stops at the first failure.
func each[T any](ctx context.Context, items []T, do func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, item := range items {
		group.Go(func() error { return do(ctx, item) })
	}
	return group.Wait()
}
