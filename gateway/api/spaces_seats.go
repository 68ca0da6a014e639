package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"presence/gateway/auth"
	"presence/spaces"
	"presence/spaces/store"
)

// doorREST is a seat without a socket. It lives for a minute from its last
// touch, so that a page that is gone leaves nobody behind.
const doorREST spaces.Door = "rest"

// maxAvatar is the limit of avatar_data, as on sockets.
const maxAvatar = 2 << 10

type postSessionInput struct {
	Body postSessionBody
}

type postSessionBody struct {
	SocketID  string          `json:"socket_id" minLength:"1" maxLength:"255" doc:"The client's own name for the session; nobody else can reach it by this name"`
	Account   string          `json:"user_account,omitempty" nullable:"true" doc:"Not believed: the credential says who it is"`
	SpaceType string          `json:"space_type"`
	SpaceID   string          `json:"space_id"`
	Subspace  string          `json:"subspace,omitempty" maxLength:"64" nullable:"true"`
	Position  json.RawMessage `json:"position,omitempty" doc:"An object with x, y and z in metres"`
	Avatar    json.RawMessage `json:"avatar_data,omitempty" doc:"An object of at most 2 KB"`
	Voice     bool            `json:"voice_enabled,omitempty" nullable:"true"`
	NSFW      bool            `json:"nsfw,omitempty"`
}

type sessionOutput struct {
	Status int
	Body   sessionAnswer
}

type sessionAnswer struct {
	Success   bool         `json:"success"`
	Session   *sessionRow  `json:"session,omitempty"`
	Queued    bool         `json:"queued,omitempty"`
	Message   string       `json:"message,omitempty"`
	QueueInfo *queueEntry  `json:"queue_info,omitempty"`
	Capacity  capacityBody `json:"capacity"`
	IsPremium bool         `json:"is_premium" doc:"Always false: seats are not sold"`
	Token     string       `json:"token,omitempty" doc:"Whoever holds it may touch and end the session"`
	Node      string       `json:"node"`
}

// sessionRow is a session as the first server's table has it.
type sessionRow struct {
	SocketID    string     `json:"socket_id"`
	Account     *string    `json:"user_account"`
	SpaceType   string     `json:"space_type"`
	SpaceID     string     `json:"space_id"`
	Subspace    string     `json:"subspace"`
	Avatar      jsonObject `json:"avatar_data"`
	Voice       bool       `json:"voice_enabled"`
	ConnectedAt time.Time  `json:"connected_at"`
	ExpiresAt   time.Time  `json:"expires_at" doc:"When it ends unless it is touched by PUT"`
}

type putSessionInput struct {
	SocketID string `path:"socket_id" maxLength:"255"`
	Body     *struct {
		Position json.RawMessage `json:"position,omitempty"`
		Voice    *bool           `json:"voice_enabled,omitempty"`
	} `required:"false"`
}

type socketInput struct {
	SocketID string `path:"socket_id" maxLength:"255"`
}

type removedOutput struct {
	Body removedBody
}

type removedBody struct {
	Success bool   `json:"success"`
	Removed bool   `json:"removed"`
	Node    string `json:"node"`
}

// restLife is how long a seat without a socket is kept.
const restLife = time.Minute

func (a *API) registerSeats(h huma.API) {
	const path = "/api/presence/sessions"
	register(a, h, huma.Operation{
		OperationID: "createSession", Method: http.MethodPost, Path: path, Tags: seatTags,
		Summary: "Take a seat without a socket",
		Description: "For clients of the first data service. The seat lives for a minute unless it is touched. 202 means that every seat is taken and the session waits in line. " +
			"A request without a credential is a new guest, to whom the answer's token belongs.",
		Security: openToAll, Middlewares: huma.Middlewares{keepRequest},
	}, a.createSession)
	register(a, h, huma.Operation{
		OperationID: "touchSession", Method: http.MethodPut, Path: path + "/{socket_id}", Tags: seatTags,
		Summary:  "Keep one's own seat for another minute",
		Security: tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.touchSession)
	register(a, h, huma.Operation{
		OperationID: "endSession", Method: http.MethodDelete, Path: path + "/{socket_id}", Tags: seatTags, DefaultStatus: http.StatusOK,
		Summary:  "Leave one's own seat",
		Security: tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.endSession)
}

// sessionID is the real id of a session that REST made. Its maker is part of
// it, so nobody reaches another's whatever name they send.
func sessionID(subject, socketID string) string {
	sum := sha256.Sum256([]byte(subject + "\n" + socketID))
	return "rest-" + hex.EncodeToString(sum[:16])
}

func (a *API) createSession(ctx context.Context, in *postSessionInput) (*sessionOutput, error) {
	b := &in.Body
	key, err := spaces.ParseKey(b.SpaceType, b.SpaceID, b.Subspace)
	if err != nil {
		return nil, err
	}
	if len(b.Avatar) > maxAvatar {
		return nil, spaces.Invalid("body.avatar_data", "must be an object of at most %d bytes", maxAvatar)
	}
	v, expires, err := a.spaces.Joins.FromJoin(requestOf(ctx), "", key)
	if err != nil {
		return nil, err
	}
	standing, err := a.spaces.Access.Check(ctx, v, key, spaces.ActEnter, b.NSFW)
	if err != nil {
		return nil, err
	}
	token, err := a.spaces.Joins.Join(v, expires, auth.AudienceAPI, standing.Space.Key, spaces.ActEnter)
	if err != nil {
		return nil, err
	}
	session := spaces.Session{
		ID: sessionID(v.Subject, b.SocketID), Gateway: a.spaces.Node, Key: standing.Space.Key, Subject: v.Subject, Account: spaces.Account(v),
		Name: v.Name, Guest: v.Guest, Network: v.GuestNetwork(), Door: doorREST, Avatar: b.Avatar, Voice: b.Voice, ConnectedAt: a.spaces.Now(),
	}
	answer, err := a.seat(ctx, session, b.SocketID, standing.Space.Settings.MaxUsers, position(b.Position))
	if err != nil {
		return nil, err
	}
	answer.Body.Token = token.Token
	return answer, nil
}

// seat takes or keeps a seat, and says so.
func (a *API) seat(ctx context.Context, session spaces.Session, name string, seats int, at *spaces.Vec) (*sessionOutput, error) {
	now := a.spaces.Now()
	seating, err := a.spaces.Rooms.Enter(ctx, session, seats, now)
	if err != nil {
		return nil, err
	}
	crowd, err := a.spaces.Rooms.Crowd(ctx, session.Key, now)
	if err != nil {
		return nil, err
	}
	out := &sessionOutput{Status: http.StatusOK, Body: sessionAnswer{Capacity: newCapacity(seats, crowd.People), Node: a.spaces.Node}}
	if seating.Position > 0 {
		out.Status = http.StatusAccepted
		out.Body.Queued, out.Body.QueueInfo = true, newQueueEntry(session, seating.Position)
		out.Body.Message = fmt.Sprintf("every seat is taken; you are number %d in line", seating.Position)
		return out, nil
	}
	if at != nil {
		if _, err := a.spaces.Rooms.Touch(ctx, []store.Seen{{ID: session.ID, Position: at}}, now); err != nil {
			return nil, err
		}
	}
	out.Body.Success, out.Body.Session = true, newSessionRow(session, name, now)
	return out, nil
}

func newSessionRow(s spaces.Session, name string, now time.Time) *sessionRow {
	row := &sessionRow{
		SocketID: name, SpaceType: string(s.Key.Type), SpaceID: s.Key.ID, Subspace: s.Key.Subspace, Avatar: jsonObject(s.Avatar), Voice: s.Voice,
		ConnectedAt: jsonTime(s.ConnectedAt), ExpiresAt: jsonTime(now.Add(restLife)),
	}
	if s.Account != "" {
		row.Account = &s.Account
	}
	return row
}

// position reads {x,y,z}; anything else is no place.
func position(text json.RawMessage) *spaces.Vec {
	var at *spaces.Vec
	if len(text) > maxAvatar || json.Unmarshal(text, &at) != nil || at == nil || !(spaces.Pose{Position: *at, Rotation: spaces.Quat{W: 1}}).Sane() {
		return nil
	}
	return at
}

// own finds the asker's own session by the name they gave it.
func (a *API) own(ctx context.Context, name string) (store.Whereabouts, error) {
	v := askerOf(ctx).viewer
	where, found, err := a.spaces.Rooms.Whereabouts(ctx, sessionID(v.Subject, name))
	if err != nil {
		return where, err
	}
	if !found {
		return where, &spaces.Error{Code: spaces.CodeNotFound, Field: "path.socket_id", Message: "you have no such session", Fix: "Take a seat by POST /api/presence/sessions"}
	}
	return where, nil
}

func (a *API) touchSession(ctx context.Context, in *putSessionInput) (*sessionOutput, error) {
	where, err := a.own(ctx, in.SocketID)
	if err != nil {
		return nil, err
	}
	// The right may be gone by now: a banned visitor keeps no seat.
	standing, err := a.spaces.Access.Check(ctx, askerOf(ctx).viewer, where.Session.Key, spaces.ActEnter, true)
	if err != nil {
		return nil, err
	}
	session := where.Session
	session.Gateway = a.spaces.Node
	var at *spaces.Vec
	if in.Body != nil {
		at = position(in.Body.Position)
		if in.Body.Voice != nil {
			session.Voice = *in.Body.Voice
		}
	}
	return a.seat(ctx, session, in.SocketID, standing.Space.Settings.MaxUsers, at)
}

func (a *API) endSession(ctx context.Context, in *socketInput) (*removedOutput, error) {
	where, err := a.own(ctx, in.SocketID)
	if err != nil {
		return nil, err
	}
	if err := a.leave(ctx, where.Session); err != nil {
		return nil, err
	}
	return &removedOutput{Body: removedBody{Success: true, Removed: true, Node: a.spaces.Node}}, nil
}

// leave gives a seat or a place in line back; whoever gets it learns of it from
// their own gateway.
func (a *API) leave(ctx context.Context, session spaces.Session) error {
	seats := spaces.DefaultSeats
	if space, err := a.spaces.Access.Space(ctx, session.Key); err == nil {
		seats = space.Settings.MaxUsers
	}
	_, err := a.spaces.Rooms.Leave(ctx, session, false, seats, a.spaces.Now())
	return err
}
