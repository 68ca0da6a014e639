package api

import (
	"context"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"presence/gateway/wire"
)

type updateOutput struct {
	Body update
}

// update is the snapshot of the web application's contract, byte for byte what
// its event stream sends.
type update struct{ text []byte }

// MarshalJSON writes the bytes as they are.
func (u update) MarshalJSON() ([]byte, error) { return u.text, nil }

// Schema describes what package wire encodes; a test holds the two together.
func (update) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[PresenceUpdate](), true, "PresenceUpdate")
}

// PresenceUpdate describes the snapshot to the document.
type PresenceUpdate struct {
	Type      string        `json:"type" enum:"presence_update"`
	Timestamp time.Time     `json:"timestamp" doc:"UTC, to the millisecond"`
	City      UpdateCity    `json:"city"`
	Rooms     []UpdateRoom  `json:"rooms" nullable:"false" doc:"Rooms whose count is known"`
	Agents    []UpdateAgent `json:"agents" nullable:"false" doc:"Each agent once, in the first of its rooms by slug; the rooms list all of theirs"`
	State     string        `json:"state" enum:"live,stale,unknown"`
	AsOf      int64         `json:"as_of" doc:"ms"`
}

// UpdateCity describes the totals; null means unknown.
type UpdateCity struct {
	OnlineTotal  *int `json:"online_total" doc:"Distinct people in public rooms"`
	RoomsOnline  *int `json:"rooms_online" doc:"Public rooms with somebody in them"`
	AgentsOnline *int `json:"agents_online" doc:"Those of agents who are not offline"`
	RoomsUnseen  *int `json:"rooms_unseen" doc:"Public rooms that are in none of these numbers, because we are not in them; 0: the numbers are whole"`
}

// UpdateRoom describes one room.
type UpdateRoom struct {
	RoomID       string        `json:"room_id" doc:"The id of the room list, not the slug"`
	MatrixRoomID string        `json:"matrix_room_id"`
	Online       int           `json:"online"`
	Typing       int           `json:"typing"`
	Agents       []UpdateAgent `json:"agents" nullable:"false"`
	Slug         string        `json:"slug"`
	Stale        bool          `json:"stale"`
	Source       string        `json:"source" enum:"matrix,inferred,mixed"`
	VRCount      int           `json:"vr_count" doc:"Of online: people in the room's space, in VR"`
}

// UpdateAgent describes one agent.
type UpdateAgent struct {
	AgentID     string  `json:"agent_id"`
	DisplayName string  `json:"display_name"`
	Kind        string  `json:"kind"`
	Status      string  `json:"status" enum:"online,busy,offline"`
	RoomID      string  `json:"room_id"`
	Color       *string `json:"color"`
	NodeID      *string `json:"node_id"`
	District    *string `json:"district"`
	Model       *string `json:"model"`
	Role        *string `json:"role"`
	AvatarURL   *string `json:"avatar_url"`
}

func (a *API) registerPresence(h huma.API) {
	get(a, h, huma.Operation{
		OperationID: "getPresence", Path: "/api/presence/summary", Tags: []string{"city"},
		Summary: "Who is where, in numbers",
		Description: "The same message as each event of /api/presence/stream. 503 until the city was seen for the first time; " +
			"numbers that nobody can confirm any more are marked stale, and become null when they are too old.",
		Security: openToAll, Middlewares: huma.Middlewares{a.anyone},
	}, a.getPresence, "/api/presence/snapshot", "/presence/summary", "/presence/snapshot")
}

func (a *API) getPresence(ctx context.Context, _ *struct{}) (*updateOutput, error) {
	view, err := a.look(ctx)
	if err == nil && view.AsOf == 0 { // nobody has seen the city yet: nulls would pass for an answer
		err = initializing()
	}
	if err != nil {
		return nil, err
	}
	return &updateOutput{Body: update{wire.EncodeUpdate(view, time.Now())}}, nil
}
