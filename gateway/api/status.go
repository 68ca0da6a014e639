package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"presence/spaces"
)

type statusOutput struct {
	Body statusBody
}

// statusBody is the answer of the first aggregator with what we know besides.
type statusBody struct {
	NATS    bool         `json:"nats_connected"`
	Syncing bool         `json:"sync_running" doc:"The aggregator sees the homeserver"`
	Rooms   []statusRoom `json:"rooms" nullable:"false" doc:"Rooms whose count is known"`
	Users   int          `json:"total_users_tracked" doc:"Distinct people in public rooms now; 0 also when that is unknown"`

	State    string           `json:"state" enum:"live,stale,unknown"`
	Sync     spaces.SyncState `json:"sync" enum:"starting,ok,degraded,lost"`
	AsOf     int64            `json:"as_of" doc:"ms; when the numbers were last confirmed, 0 when never"`
	Presence string           `json:"presence" enum:"supported,disabled,unknown"`
	Message  string           `json:"message" doc:"What an operator should know"`
}

type statusRoom struct {
	Slug        spaces.Slug `json:"slug"`
	RoomID      string      `json:"room_id" doc:"The Matrix room"`
	OnlineCount int         `json:"online_count"`
	TypingCount int         `json:"typing_count"`
	Stale       bool        `json:"stale"`
}

func (a *API) registerStatus(h huma.API) {
	get(a, h, huma.Operation{
		OperationID: "getStatus", Path: "/status", Tags: []string{"operating"},
		Summary:  "How well the city is seen",
		Security: openToAll, Middlewares: huma.Middlewares{a.anyone},
	}, a.getStatus)
}

// getStatus answers before the city is known as well: that is when it is
// asked.
func (a *API) getStatus(ctx context.Context, _ *struct{}) (*statusOutput, error) {
	view := a.city.Snapshot(askerOf(ctx).viewer)
	s := view.Status
	body := statusBody{
		NATS: a.busReady() == nil, Syncing: s.Sync == spaces.SyncOK && view.State == spaces.StateLive,
		Rooms: []statusRoom{},
		State: orDefault(view.State, spaces.StateUnknown), Sync: orDefault(s.Sync, spaces.SyncStarting),
		AsOf: view.AsOf, Presence: orDefault(s.Presence, "unknown"), Message: s.Message,
	}
	if view.City != nil { // the aggregator's own count has people of private rooms in it
		body.Users = view.City.OnlineCount
	}
	for _, r := range view.Rooms {
		if p := r.Presence; p != nil {
			body.Rooms = append(body.Rooms, statusRoom{
				Slug: r.Link.Slug, RoomID: r.Link.RoomID, OnlineCount: p.OnlineCount, TypingCount: p.TypingCount,
				Stale: p.Stale || view.State != spaces.StateLive,
			})
		}
	}
	return &statusOutput{Body: body}, nil
}

func orDefault[T ~string](value, otherwise T) T {
	if value == "" {
		return otherwise
	}
	return value
}
