package main

import (
	"context"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"presence/deploy/devcity/crowd"
	"presence/deploy/devcity/town"
)

// account is a resident's hands on the client API.
type account struct {
	client *mautrix.Client
	agent  bool
}

func (a account) Presence(ctx context.Context, state, status string) error {
	return a.client.SetPresence(ctx, mautrix.ReqPresence{Presence: event.Presence(state), StatusMsg: status})
}

func (a account) Typing(ctx context.Context, room string, typing bool, atMost time.Duration) error {
	_, err := a.client.UserTyping(ctx, id.RoomID(room), typing, atMost)
	return err
}

func (a account) Say(ctx context.Context, room, text string) (string, error) {
	send := a.client.SendText
	if a.agent {
		send = a.client.SendNotice
	}
	resp, err := send(ctx, id.RoomID(room), text)
	if err != nil {
		return "", err
	}
	return string(resp.EventID), nil
}

func (a account) Read(ctx context.Context, room, eventID string) error {
	return a.client.MarkRead(ctx, id.RoomID(room), id.EventID(eventID))
}

func (a account) Join(ctx context.Context, room string) error {
	_, err := a.client.JoinRoomByID(ctx, id.RoomID(room))
	return err
}

func (a account) Leave(ctx context.Context, room string) error {
	_, err := a.client.LeaveRoom(ctx, id.RoomID(room))
	return err
}

func (a account) Rooms(ctx context.Context) ([]string, error) {
	resp, err := a.client.JoinedRooms(ctx)
	if err != nil {
		return nil, err
	}
	rooms := make([]string, len(resp.JoinedRooms))
	for i, r := range resp.JoinedRooms {
		rooms[i] = string(r)
	}
	return rooms, nil
}

// residents hands everybody who is not a guest of the town to the crowd.
func residents(t *town.Town) []crowd.Resident {
	var all []crowd.Resident
	for _, p := range t.Plan.People {
		if p.Role == town.Guest {
			continue
		}
		r := crowd.Resident{
			Name: p.Login, Wakes: p.Wakes, Agent: p.Role == town.Agent,
			Account: account{t.Clients[p.Login], p.Role == town.Agent},
		}
		home := map[string]bool{}
		for _, room := range t.Plan.Homes(p) {
			home[room.Slug] = true
		}
		for _, slug := range p.Haunts {
			r.Haunts = append(r.Haunts, crowd.Place{Slug: slug, Room: string(t.Rooms[slug]), Home: home[slug]})
		}
		all = append(all, r)
	}
	return all
}
