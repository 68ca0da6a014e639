package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"presence/spaces"
	"presence/spaces/store"
)

type rolesOutput struct {
	Body rolesBody
}

type rolesBody struct {
	Owner string      `json:"owner" doc:"Subject of the author or creator, who is admin; empty when it is nobody's"`
	Roles []grantBody `json:"roles" nullable:"false" doc:"What was granted. Roles that come with the content, such as Matrix power levels and shares of a document, are not part of it"`
	Node  string      `json:"node"`
}

type grantBody struct {
	Subject   string      `json:"subject" doc:"hive:<account>, matrix:<user id> or a user of the city"`
	Account   string      `json:"user_account"`
	Role      spaces.Role `json:"role" enum:"admin,moderator,subscriber,ticket_holder"`
	GrantedBy string      `json:"granted_by"`
	CreatedAt time.Time   `json:"created_at"`
	ExpiresAt *time.Time  `json:"expires_at" doc:"null: never"`
}

// SubjectInput is exported for the same reason as SpaceInput. It names somebody in the path.
type SubjectInput struct {
	SpaceInput
	Subject string `path:"subject" minLength:"1" maxLength:"300" doc:"hive:<account>, matrix:<user id>, guest:<id> or a user of the city"`
}

type putRoleInput struct {
	SubjectInput
	Body struct {
		Role      spaces.Role `json:"role" enum:"admin,moderator,subscriber,ticket_holder"`
		ExpiresAt time.Time   `json:"expires_at,omitzero" doc:"Never, when left out"`
	}
}

func (a *API) registerRoles(h huma.API) {
	get(a, h, huma.Operation{
		OperationID: "listRoles", Path: spacePath + "/roles", Tags: governTags,
		Summary: "The roles granted in a space", Description: "For its admins.",
		Security: tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.listRoles)
	register(a, h, huma.Operation{
		OperationID: "putRole", Method: http.MethodPut, Path: spacePath + "/roles/{subject}", Tags: governTags,
		Summary: "Grant a role", Description: "For the space's admins; in place of another granted role.",
		Security: tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.putRole)
	register(a, h, huma.Operation{
		OperationID: "deleteRole", Method: http.MethodDelete, Path: spacePath + "/roles/{subject}", Tags: governTags, DefaultStatus: http.StatusOK,
		Summary: "Take a granted role back", Description: "For the space's admins.",
		Security: tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.deleteRole)
}

func (a *API) listRoles(ctx context.Context, in *SpaceInput) (*rolesOutput, error) {
	s, err := a.checked(ctx, in, spaces.ActGrant)
	if err != nil {
		return nil, err
	}
	grants, err := a.spaces.Rooms.Grants(ctx, s.Space.Key.Parent())
	if err != nil {
		return nil, err
	}
	body := rolesBody{Owner: s.Space.Owner, Roles: []grantBody{}, Node: a.spaces.Node}
	for _, g := range grants {
		if g.ExpiresAt.IsZero() || g.ExpiresAt.After(a.spaces.Now()) {
			body.Roles = append(body.Roles, newGrant(g))
		}
	}
	return &rolesOutput{Body: body}, nil
}

func newGrant(g store.Grant) grantBody {
	return grantBody{
		Subject: g.Subject, Account: account(g.Subject), Role: g.Role, GrantedBy: g.GrantedBy,
		CreatedAt: jsonTime(g.CreatedAt), ExpiresAt: someTime(g.ExpiresAt),
	}
}

func (a *API) putRole(ctx context.Context, in *putRoleInput) (*doneOutput, error) {
	key, err := in.key("")
	if err != nil {
		return nil, err
	}
	return a.done(a.spaces.Access.Grant(ctx, askerOf(ctx).viewer, key, in.Subject, in.Body.Role, in.Body.ExpiresAt))
}

func (a *API) deleteRole(ctx context.Context, in *SubjectInput) (*doneOutput, error) {
	key, err := in.key("")
	if err != nil {
		return nil, err
	}
	return a.done(a.spaces.Access.Revoke(ctx, askerOf(ctx).viewer, key, in.Subject))
}
