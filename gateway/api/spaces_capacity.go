package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"presence/spaces"
	"presence/spaces/store"
)

type capacityInput struct {
	SpaceInput
	Subspace string `query:"subspace" maxLength:"64" default:"main" doc:"Each subspace has seats of its own"`
}

type capacityOutput struct {
	Body capacityAnswer
}

type capacityAnswer struct {
	Success  bool          `json:"success"`
	Space    capacitySpace `json:"space"`
	Capacity capacityBody  `json:"capacity" doc:"That of the space"`
	Node     string        `json:"node"`
}

type capacitySpace struct {
	SpaceType string       `json:"space_type"`
	SpaceID   string       `json:"space_id"`
	Subspace  string       `json:"subspace"`
	Capacity  capacityBody `json:"capacity"`
	Users     userCounts   `json:"users"`
	Viral     viralMetrics `json:"viral_metrics"`
}

type userCounts struct {
	Total   int `json:"total"`
	Premium int `json:"premium" doc:"Always 0: seats are not sold"`
	Regular int `json:"regular" doc:"People with a proven account"`
	Guests  int `json:"guests"`
}

// viralMetrics are what the first data service's page reads. Nobody brings
// seats along here.
type viralMetrics struct {
	PremiumHosting int `json:"premium_users_hosting"`
	ExtraSlots     int `json:"additional_guest_slots"`
	BaseLimit      int `json:"base_limit"`
	Enhanced       int `json:"enhanced_capacity"`
}

type queueOutput struct {
	Body queueAnswer
}

type queueAnswer struct {
	Success bool      `json:"success"`
	Queue   queueInfo `json:"queue_info"`
	Node    string    `json:"node"`
}

type queueInfo struct {
	Current  currentQueue    `json:"current_queue"`
	Today    *map[string]int `json:"today_admissions" nullable:"true" doc:"Always null: admissions are not counted by day"`
	Priority string          `json:"priority_system"`
}

type currentQueue struct {
	Waiting int `json:"total_waiting"`
	Hive    int `json:"hive_waiting"`
	Guests  int `json:"guest_waiting"`

	AverageWait *int `json:"avg_wait_minutes" nullable:"true" doc:"Always null: nobody knows when others leave"`
}

// firstCome is the rule of the line, for people.
const firstCome = "first come, first served"

func (a *API) registerCapacity(h huma.API) {
	get(a, h, huma.Operation{
		OperationID: "getCapacity", Path: spacePath + "/capacity", Tags: seatTags,
		Summary:  "Seats of a space, taken and free",
		Security: openToAll, Middlewares: huma.Middlewares{a.anyone},
	}, a.getCapacity, presencePath+"/capacity")
	get(a, h, huma.Operation{
		OperationID: "getQueue", Path: spacePath + "/queue", Tags: seatTags,
		Summary:  "Who waits for a seat, in numbers",
		Security: openToAll, Middlewares: huma.Middlewares{a.anyone},
	}, a.getQueue, presencePath+"/queue")
}

// crowd counts who is in a subspace that the asker may know.
func (a *API) crowd(ctx context.Context, in *capacityInput) (spaces.Space, store.Crowd, error) {
	key, err := in.key(in.Subspace)
	if err != nil {
		return spaces.Space{}, store.Crowd{}, err
	}
	s, err := a.spaces.Access.Check(ctx, askerOf(ctx).viewer, key, spaces.ActSee, true)
	if err != nil {
		return spaces.Space{}, store.Crowd{}, err
	}
	c, err := a.spaces.Rooms.Crowd(ctx, s.Space.Key, a.spaces.Now())
	return s.Space, c, err
}

func (a *API) getCapacity(ctx context.Context, in *capacityInput) (*capacityOutput, error) {
	s, c, err := a.crowd(ctx, in)
	if err != nil {
		return nil, err
	}
	seats := s.Settings.MaxUsers
	capacity := newCapacity(seats, c.People)
	return &capacityOutput{Body: capacityAnswer{
		Success: true, Capacity: capacity, Node: a.spaces.Node,
		Space: capacitySpace{
			SpaceType: string(s.Key.Type), SpaceID: s.Key.ID, Subspace: s.Key.Subspace, Capacity: capacity,
			Users: userCounts{Total: c.People, Regular: c.People - c.Guests, Guests: c.Guests},
			Viral: viralMetrics{BaseLimit: seats, Enhanced: seats},
		},
	}}, nil
}

func (a *API) getQueue(ctx context.Context, in *capacityInput) (*queueOutput, error) {
	_, c, err := a.crowd(ctx, in)
	if err != nil {
		return nil, err
	}
	return &queueOutput{Body: queueAnswer{Success: true, Node: a.spaces.Node, Queue: queueInfo{
		Current: currentQueue{Waiting: c.Waiting, Hive: c.WaitingHive, Guests: c.WaitingGuests}, Priority: firstCome,
	}}}, nil
}
