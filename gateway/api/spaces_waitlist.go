package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"presence/spaces"
)

type queueEntry struct {
	Position int           `json:"position"`
	UserType string        `json:"user_type" enum:"hive,guest,member"`
	Wait     estimatedWait `json:"estimated_wait"`
	Priority string        `json:"priority_message"`
}

// estimatedWait says what is known: nobody can tell when others leave.
type estimatedWait struct {
	Minutes *int   `json:"estimated_minutes" doc:"Always null: nobody knows when others leave"`
	Message string `json:"estimated_message"`
}

func newQueueEntry(s spaces.Session, position int) *queueEntry {
	return &queueEntry{Position: position, UserType: userType(s), Wait: newWait(position), Priority: firstCome}
}

func newWait(position int) estimatedWait {
	return estimatedWait{Message: "as soon as " + strconv.Itoa(position) + " of those inside have left"}
}

func userType(s spaces.Session) string {
	switch {
	case s.Guest:
		return "guest"
	case strings.HasPrefix(s.Subject, "hive:"):
		return "hive"
	default:
		return "member"
	}
}

type waitlistOutput struct {
	Body waitlistBody
}

type waitlistBody struct {
	Success  bool            `json:"success"`
	Entries  []waitlistEntry `json:"waitlist_entries" nullable:"false" doc:"Empty: not in line, or not any more"`
	Admitted bool            `json:"admitted" doc:"The session has its seat"`
	Node     string          `json:"node"`
}

type waitlistEntry struct {
	SocketID  string        `json:"socket_id"`
	SpaceType string        `json:"space_type"`
	SpaceID   string        `json:"space_id"`
	Subspace  string        `json:"subspace"`
	UserType  string        `json:"user_type" enum:"hive,guest,member"`
	Position  int           `json:"queue_position" doc:"1 is next"`
	Ahead     int           `json:"users_ahead"`
	Status    string        `json:"status" enum:"waiting"`
	Joined    time.Time     `json:"joined_queue_at"`
	Wait      estimatedWait `json:"estimated_wait"`
}

type leaveWaitlistOutput struct {
	Body leaveWaitlistBody
}

type leaveWaitlistBody struct {
	Success bool   `json:"success"`
	Removed int    `json:"removed_entries"`
	Message string `json:"message"`
	Node    string `json:"node"`
}

type userSpacesOutput struct {
	Body userSpacesBody
}

type userSpacesBody struct {
	Success bool        `json:"success"`
	Spaces  []userSpace `json:"spaces" nullable:"false"`
	IsGuest bool        `json:"is_guest"`
	Limit   guestLimit  `json:"guest_limit_info"`
	Node    string      `json:"node"`
}

type userSpace struct {
	SpaceType   string    `json:"space_type"`
	SpaceID     string    `json:"space_id"`
	Subspace    string    `json:"subspace"`
	ConnectedAt time.Time `json:"connected_at"`
}

type guestLimit struct {
	MaxSpaces     int `json:"max_spaces" doc:"A session is in one space at a time"`
	CurrentSpaces int `json:"current_spaces"`
}

func (a *API) registerWaitlist(h huma.API) {
	get(a, h, huma.Operation{
		OperationID: "getWaitlist", Path: "/api/presence/waitlist/{socket_id}/status", Tags: seatTags,
		Summary: "Where one's own session stands in line",
		Description: "Asking keeps the place, and the seat that it led to: either is lost after a minute of silence. " +
			"Whoever is admitted is in line no more, which is how clients of the first data service learn that they may come in.",
		Security: tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.getWaitlist)
	register(a, h, huma.Operation{
		OperationID: "leaveWaitlist", Method: http.MethodDelete, Path: "/api/presence/waitlist/{socket_id}/leave", Tags: seatTags, DefaultStatus: http.StatusOK,
		Summary:  "Give one's own place in line back",
		Security: tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.leaveWaitlist)
	get(a, h, huma.Operation{
		OperationID: "getUserSpaces", Path: "/api/presence/users/{socket_id}/spaces", Tags: seatTags,
		Summary:  "Where one's own session is",
		Security: tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.getUserSpaces)
}

func (a *API) getWaitlist(ctx context.Context, in *socketInput) (*waitlistOutput, error) {
	body := waitlistBody{Success: true, Entries: []waitlistEntry{}, Node: a.spaces.Node}
	where, err := a.own(ctx, in.SocketID)
	if spaces.ErrorCode(err) == spaces.CodeNotFound {
		return &waitlistOutput{Body: body}, nil
	}
	if err != nil {
		return nil, err
	}
	session := where.Session
	standing, err := a.spaces.Access.Check(ctx, askerOf(ctx).viewer, session.Key, spaces.ActEnter, true)
	if err != nil {
		return nil, err
	}
	places, _, err := a.spaces.Rooms.Line(ctx, session.Key, []string{session.ID}, standing.Space.Settings.MaxUsers, a.spaces.Now())
	if err != nil {
		return nil, err
	}
	place, found := places[session.ID]
	switch {
	case !found:
	case place.Position == 0:
		body.Admitted = true
	default:
		body.Entries = append(body.Entries, waitlistEntry{
			SocketID: in.SocketID, SpaceType: string(session.Key.Type), SpaceID: session.Key.ID, Subspace: session.Key.Subspace,
			UserType: userType(session), Position: place.Position, Ahead: place.Position - 1, Status: "waiting",
			Joined: jsonTime(session.ConnectedAt), Wait: newWait(place.Position),
		})
	}
	return &waitlistOutput{Body: body}, nil
}

func (a *API) leaveWaitlist(ctx context.Context, in *socketInput) (*leaveWaitlistOutput, error) {
	body := leaveWaitlistBody{Success: true, Message: "you are not in line", Node: a.spaces.Node}
	where, err := a.own(ctx, in.SocketID)
	switch {
	case spaces.ErrorCode(err) == spaces.CodeNotFound:
	case err != nil:
		return nil, err
	case where.Inside:
		body.Message = "you are inside, not in line"
	default:
		if err := a.leave(ctx, where.Session); err != nil {
			return nil, err
		}
		body.Removed, body.Message = 1, "you left the line"
	}
	return &leaveWaitlistOutput{Body: body}, nil
}

func (a *API) getUserSpaces(ctx context.Context, in *socketInput) (*userSpacesOutput, error) {
	body := userSpacesBody{Success: true, Spaces: []userSpace{}, IsGuest: askerOf(ctx).viewer.Guest, Limit: guestLimit{MaxSpaces: 1}, Node: a.spaces.Node}
	where, err := a.own(ctx, in.SocketID)
	if err != nil && spaces.ErrorCode(err) != spaces.CodeNotFound {
		return nil, err
	}
	if err == nil && where.Inside {
		k := where.Session.Key
		body.Spaces = append(body.Spaces, userSpace{string(k.Type), k.ID, k.Subspace, jsonTime(where.Session.ConnectedAt)})
		body.Limit.CurrentSpaces = 1
	}
	return &userSpacesOutput{Body: body}, nil
}
