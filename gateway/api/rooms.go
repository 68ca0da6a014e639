package api

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"presence/spaces"
)

type roomsInput struct {
	Sort   string `query:"sort" enum:"name,life,zone" default:"name" doc:"name: by name; life: most people first; zone: by zone, then name"`
	Zone   string `query:"zone" maxLength:"64" pattern:"^[a-z0-9_-]*$" doc:"Only rooms of this zone"`
	Type   string `query:"room_type" maxLength:"120" doc:"Only rooms of this type"`
	Search string `query:"q" maxLength:"120" doc:"Only rooms whose name, slug or description holds this text"`
	Live   bool   `query:"live" doc:"Only rooms with somebody in them"`
	Limit  int    `query:"limit" minimum:"1" maximum:"10000" doc:"At most so many rooms; all when left out"`
	Offset int    `query:"offset" minimum:"0" doc:"Leave out so many rooms at the beginning"`
}

type roomsOutput struct {
	Body []roomBody `nullable:"false"`
}

// roomBody is a room as the city's web application lists it, and what the feed
// says about it.
type roomBody struct {
	ID            string                 `json:"id"`
	Slug          spaces.Slug            `json:"slug"`
	Name          string                 `json:"name"`
	Description   string                 `json:"description"`
	Zone          string                 `json:"zone"`
	RoomType      string                 `json:"room_type"`
	Icon          string                 `json:"icon"`
	Color         string                 `json:"color"`
	RoomID        string                 `json:"matrix_room_id"`
	Alias         string                 `json:"matrix_room_alias"`
	Public        bool                   `json:"is_public"`
	MembersOnline *int                   `json:"members_online" doc:"People here; null means unknown, never zero"`
	Map           spaces.Rect            `json:"map" doc:"Place on the city map in cells"`
	Presence      optional[presenceBody] `json:"presence" doc:"null means unknown"`
}

// presenceBody is what may be told about people in a room: counts, never ids.
type presenceBody struct {
	OnlineCount int           `json:"online_count"`
	ActiveCount int           `json:"active_count"`
	IdleCount   int           `json:"idle_count"`
	TypingCount int           `json:"typing_count"`
	AgentCount  int           `json:"agent_count"`
	Agents      []agentBody   `json:"agents" nullable:"false"`
	MemberCount int           `json:"member_count"`
	Source      spaces.Source `json:"source" enum:"matrix,inferred,mixed"`
	Stale       bool          `json:"stale" doc:"The last known numbers, from as_of"`
	AsOf        int64         `json:"as_of" doc:"ms"`
	LastEventTS int64         `json:"last_event_ts" doc:"ms"`
	VRCount     int           `json:"vr_count" doc:"Of online_count: people in the room's space, in VR"`
}

type agentBody struct {
	Name   string `json:"display_name"`
	Status string `json:"status" enum:"online,busy,offline"`
}

func (a *API) registerRooms(h huma.API) {
	get(a, h, huma.Operation{
		OperationID: "listRooms", Path: "/api/city/rooms", Tags: []string{"city"},
		Summary:     "The rooms of the city",
		Description: "Private rooms appear only to those who may see them.",
		Security:    openToAll, Middlewares: huma.Middlewares{a.anyone},
	}, a.listRooms, "/city/rooms")
}

func (a *API) listRooms(ctx context.Context, in *roomsInput) (*roomsOutput, error) {
	view, err := a.look(ctx)
	if err != nil {
		return nil, err
	}
	rooms := make([]roomBody, 0, len(view.Rooms))
	for _, r := range view.Rooms {
		if in.wants(r) {
			rooms = append(rooms, newRoom(r, view.State))
		}
	}
	slices.SortStableFunc(rooms, in.order())
	return &roomsOutput{Body: in.page(rooms)}, nil
}

// page is the part of the sorted rooms that was asked for.
func (in *roomsInput) page(rooms []roomBody) []roomBody {
	rooms = rooms[min(in.Offset, len(rooms)):]
	if in.Limit == 0 {
		return rooms
	}
	return rooms[:min(in.Limit, len(rooms))]
}

// look is the city as the asker may see it. Before the bus has told us of any
// room, an empty list would be a lie.
func (a *API) look(ctx context.Context) (spaces.CityView, error) {
	view := a.city.Snapshot(askerOf(ctx).viewer)
	if !view.Initialized {
		return view, initializing()
	}
	return view, nil
}

func initializing() error {
	return &spaces.Error{Code: spaces.CodeUnavailable, Message: "initializing: the city is not known yet", Fix: "Try again in a few seconds"}
}

func (in *roomsInput) wants(r spaces.RoomView) bool {
	if in.Zone != "" && r.Link.Zone != in.Zone || in.Type != "" && r.Link.RoomType != in.Type {
		return false
	}
	if in.Live && (r.Presence == nil || r.Presence.OnlineCount == 0) {
		return false
	}
	text := strings.ToLower(strings.Join([]string{r.Link.Name, string(r.Link.Slug), r.Link.Description}, "\n"))
	return strings.Contains(text, strings.ToLower(in.Search))
}

// order compares by the chosen key and then by name; rooms arrive by slug, so
// that equal names keep a fixed order.
func (in *roomsInput) order() func(x, y roomBody) int {
	byName := func(x, y roomBody) int { return cmp.Compare(strings.ToLower(x.Name), strings.ToLower(y.Name)) }
	switch in.Sort {
	case "life":
		return func(x, y roomBody) int { return cmp.Or(cmp.Compare(life(y), life(x)), byName(x, y)) }
	case "zone":
		return func(x, y roomBody) int { return cmp.Or(cmp.Compare(x.Zone, y.Zone), byName(x, y)) }
	default:
		return byName
	}
}

// life is the number of people, and less than none when that is unknown.
func life(r roomBody) int {
	if r.MembersOnline == nil {
		return -1
	}
	return *r.MembersOnline
}

// newRoom shows a room. state is the city's: when the city is stale, so is each
// of its rooms, whatever was published before the lights went out.
func newRoom(r spaces.RoomView, state string) roomBody {
	l := r.Link
	room := roomBody{
		ID: l.ID, Slug: l.Slug, Name: l.Name, Description: l.Description, Zone: l.Zone, RoomType: l.RoomType,
		Icon: l.Icon, Color: l.Color, RoomID: l.RoomID, Alias: l.Alias, Public: l.Public, Map: r.Place,
	}
	if p := r.Presence; p != nil {
		room.MembersOnline = &p.OnlineCount
		room.Presence.value = newPresence(*p, state != spaces.StateLive)
	}
	return room
}

func newPresence(p spaces.RoomPresence, stale bool) *presenceBody {
	agents := make([]agentBody, len(p.Agents))
	for i, agent := range p.Agents {
		agents[i] = agentBody{Name: agent.Name, Status: agent.Status}
	}
	return &presenceBody{
		OnlineCount: p.OnlineCount, ActiveCount: p.ActiveCount, IdleCount: p.IdleCount, TypingCount: p.TypingCount,
		AgentCount: p.AgentCount, Agents: agents, MemberCount: p.MemberCount,
		Source: p.Source, Stale: p.Stale || stale, AsOf: p.AsOf, LastEventTS: p.LastEventTS, VRCount: p.VRCount,
	}
}
