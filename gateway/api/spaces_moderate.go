package api

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"presence/spaces"
)

// targetBody names somebody by what a moderator sees of them.
type targetBody struct {
	Subject  string `json:"subject,omitempty" maxLength:"300" doc:"hive:<account>, matrix:<user id>, guest:<id> or a user of the city"`
	SocketID string `json:"socket_id,omitempty" maxLength:"255" doc:"Instead: one of their sessions in this space"`
	Reason   string `json:"reason,omitempty" maxLength:"200" doc:"Shown to them"`
}

type kickInput struct {
	SpaceInput
	Body targetBody
}

type banInput struct {
	SpaceInput
	Body struct {
		targetBody
		Minutes int       `json:"minutes,omitempty" minimum:"1" maximum:"5256000" doc:"How long; for good when this and until are left out"`
		Until   time.Time `json:"until,omitzero"`
	}
}

type bansOutput struct {
	Body bansBody
}

type bansBody struct {
	Bans []banBody `json:"bans" nullable:"false"`
	Node string    `json:"node"`
}

type banBody struct {
	Subject   string     `json:"subject"`
	Account   string     `json:"user_account"`
	Reason    string     `json:"reason"`
	BannedBy  string     `json:"banned_by"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at" doc:"null: for good"`
	Newcomers *time.Time `json:"newcomers_until" doc:"Until when new guests from the same address are kept out as well; null: they are not"`
}

type bannedOutput struct {
	Body bannedBody
}

type bannedBody struct {
	Success   bool       `json:"success"`
	Node      string     `json:"node"`
	Newcomers *time.Time `json:"newcomers_until" doc:"Until when guests are kept out as well who come after this ban from the banned guest's address; null: the banned is no guest, or was not here within a day"`
}

type auditInput struct {
	SpaceInput
	Limit  int   `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Before int64 `query:"before" minimum:"0" doc:"The id of the last act of the page before"`
}

type auditOutput struct {
	Body auditBody
}

type auditBody struct {
	Acts []actBody `json:"acts" nullable:"false" doc:"Newest first"`
	Node string    `json:"node"`
}

type actBody struct {
	ID        int64             `json:"id"`
	Subject   string            `json:"subject" doc:"Who did it"`
	Account   string            `json:"user_account"`
	Action    string            `json:"action" doc:"settings, subspace, grant, revoke, kick, ban, unban, delete_message, ..."`
	Target    string            `json:"target" doc:"To whom or to what"`
	Details   map[string]string `json:"details" nullable:"false"`
	CreatedAt time.Time         `json:"created_at"`
}

func (a *API) registerModeration(h huma.API) {
	register(a, h, huma.Operation{
		OperationID: "kick", Method: http.MethodPost, Path: spacePath + "/kick", Tags: governTags,
		Summary: "End somebody's sessions in a space", Description: "For its moderators and admins. They may come back; a ban keeps them out.",
		Security: tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.kick)
	const bans = spacePath + "/bans"
	both(a, h, huma.Operation{
		OperationID: "ban", Method: http.MethodPost, Path: bans, Tags: governTags,
		Summary: "Keep somebody out of a space", Description: "For its moderators and admins; ends their sessions as well. A guest could come back as another one at once, so new guests from the same address are kept out for 12 hours with them, " +
			"on every gateway: never people with an account, and no guest who was here before. The setting guests_enter keeps out all guests.",
		Security: tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.ban, spacePath+"/ban")
	get(a, h, huma.Operation{
		OperationID: "listBans", Path: bans, Tags: governTags,
		Summary: "Who is kept out", Description: "For moderators and admins.",
		Security: tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.listBans)
	both(a, h, huma.Operation{
		OperationID: "unban", Method: http.MethodDelete, Path: bans + "/{subject}", Tags: governTags, DefaultStatus: http.StatusOK,
		Summary: "Let somebody in again", Description: "For moderators and admins.",
		Security: tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.unban, spacePath+"/ban/{subject}")
	get(a, h, huma.Operation{
		OperationID: "listAudit", Path: spacePath + "/audit", Tags: governTags,
		Summary: "What the privileged did in a space", Description: "For its admins.",
		Security: tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.listAudit)
}

func (a *API) kick(ctx context.Context, in *kickInput) (*doneOutput, error) {
	key, err := in.key("")
	if err != nil {
		return nil, err
	}
	subject, err := a.target(ctx, &in.SpaceInput, in.Body)
	if err != nil {
		return nil, err
	}
	return a.done(a.spaces.Access.Kick(ctx, askerOf(ctx).viewer, key, subject, in.Body.Reason))
}

func (a *API) ban(ctx context.Context, in *banInput) (*bannedOutput, error) {
	key, err := in.key("")
	if err != nil {
		return nil, err
	}
	subject, err := a.target(ctx, &in.SpaceInput, in.Body.targetBody)
	if err != nil {
		return nil, err
	}
	until := in.Body.Until
	if in.Body.Minutes > 0 {
		until = a.spaces.Now().Add(time.Duration(in.Body.Minutes) * time.Minute)
	}
	newcomers, err := a.spaces.Access.Ban(ctx, askerOf(ctx).viewer, key, subject, in.Body.Reason, until)
	if err != nil {
		return nil, err
	}
	return &bannedOutput{Body: bannedBody{true, a.spaces.Node, someTime(newcomers)}}, nil
}

// target finds out who is meant. Only moderators learn whether a session is
// there.
func (a *API) target(ctx context.Context, in *SpaceInput, body targetBody) (string, error) {
	if body.Subject != "" {
		return body.Subject, nil
	}
	if body.SocketID == "" {
		return "", spaces.Invalid("body.subject", "name somebody by subject or by socket_id")
	}
	if strings.ContainsFunc(body.SocketID, unicode.IsControl) {
		return "", spaces.Invalid("body.socket_id", "is no session's id")
	}
	s, err := a.checked(ctx, in, spaces.ActModerate)
	if err != nil {
		return "", err
	}
	where, found, err := a.spaces.Rooms.Whereabouts(ctx, body.SocketID)
	if err != nil {
		return "", err
	}
	if !found || where.Session.Key.Parent() != s.Space.Key.Parent() {
		return "", &spaces.Error{Code: spaces.CodeNotFound, Field: "body.socket_id", Message: "there is no such session in this space"}
	}
	return where.Session.Subject, nil
}

func (a *API) unban(ctx context.Context, in *SubjectInput) (*doneOutput, error) {
	key, err := in.key("")
	if err != nil {
		return nil, err
	}
	return a.done(a.spaces.Access.Unban(ctx, askerOf(ctx).viewer, key, in.Subject))
}

func (a *API) listBans(ctx context.Context, in *SpaceInput) (*bansOutput, error) {
	s, err := a.checked(ctx, in, spaces.ActModerate)
	if err != nil {
		return nil, err
	}
	bans, err := a.spaces.Rooms.Bans(ctx, s.Space.Key.Parent())
	if err != nil {
		return nil, err
	}
	body := bansBody{Bans: []banBody{}, Node: a.spaces.Node}
	for _, b := range bans {
		if b.ExpiresAt.IsZero() || b.ExpiresAt.After(a.spaces.Now()) {
			if !b.Newcomers.After(a.spaces.Now()) {
				b.Newcomers = time.Time{}
			}
			body.Bans = append(body.Bans, banBody{b.Subject, account(b.Subject), b.Reason, b.BannedBy, jsonTime(b.CreatedAt), someTime(b.ExpiresAt), someTime(b.Newcomers)})
		}
	}
	return &bansOutput{Body: body}, nil
}

func (a *API) listAudit(ctx context.Context, in *auditInput) (*auditOutput, error) {
	s, err := a.checked(ctx, &in.SpaceInput, spaces.ActGrant)
	if err != nil {
		return nil, err
	}
	rows, err := a.spaces.Rooms.AuditLog(ctx, s.Space.Key.Parent(), in.Before, in.Limit)
	if err != nil {
		return nil, err
	}
	body := auditBody{Acts: make([]actBody, len(rows)), Node: a.spaces.Node}
	for i, r := range rows {
		body.Acts[i] = actBody{r.ID, r.Subject, account(r.Subject), r.Action, r.Target, r.Details, jsonTime(r.At)}
	}
	return &auditOutput{Body: body}, nil
}
