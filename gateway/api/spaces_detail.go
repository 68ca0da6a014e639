package api

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"presence/spaces"
	"presence/spaces/store"
)

type detailInput struct {
	SpaceInput
	Subspace string `query:"subspace" maxLength:"64" default:"main"`
	NSFW     bool   `query:"nsfw" doc:"The asker wants to see what is not safe for work"`
}

type detailOutput struct {
	Body detailBody
}

type detailBody struct {
	Space     spaceBody   `json:"space"`
	HasAccess bool        `json:"has_access" doc:"The asker may enter"`
	Role      spaces.Role `json:"role" enum:"admin,moderator,subscriber,ticket_holder,guest" doc:"What the asker is here"`
	CanWrite  bool        `json:"can_write" doc:"The asker may write in the chat"`
	Reason    string      `json:"reason" doc:"Why the asker may not enter; empty when they may"`
	Node      string      `json:"node"`
}

// spaceBody is the content with its settings and who is inside, by the first
// API's names.
type spaceBody struct {
	SpaceType string      `json:"space_type"`
	SpaceID   string      `json:"space_id" doc:"The canonical id: of a document, its number"`
	Subspace  string      `json:"subspace"`
	Kind      spaces.Kind `json:"kind" enum:"360,vrml,aframe,blog,art,game,document,lobby,city"`
	Type      spaces.Kind `json:"type" doc:"The same, as the first API calls it"`

	Author   string `json:"author,omitempty" doc:"Of a post"`
	Permlink string `json:"permlink,omitempty" doc:"Of a post, or of a document that has a name"`
	Creator  string `json:"creator,omitempty" doc:"Of a document"`
	ID       int64  `json:"id,omitempty" doc:"Of a document"`
	Zone     string `json:"zone,omitempty" doc:"Of a city room"`
	Owner    string `json:"owner" doc:"Account of the author or creator; empty when it is nobody's"`

	Title       string     `json:"title"`
	Description string     `json:"description"`
	Content     string     `json:"content" doc:"Empty unless the asker may enter"`
	Block       int64      `json:"block"`
	Votes       int64      `json:"votes"`
	Rating      int64      `json:"rating"`
	NSFW        bool       `json:"nsfw"`
	Public      bool       `json:"is_public"`
	CreatedAt   *time.Time `json:"created_at"`
	UpdatedAt   *time.Time `json:"updated_at"`

	ActiveUsers    int             `json:"active_users"`
	ConnectedUsers []connectedUser `json:"connected_users" nullable:"false" doc:"At most 500, and none unless the asker may enter"`
	Capacity       capacityBody    `json:"capacity" doc:"Of all subspaces together"`
	Environment    environment     `json:"environment"`
	settingsBody
}

type connectedUser struct {
	SocketID    string     `json:"socket_id"`
	Account     *string    `json:"user_account" doc:"null: a guest"`
	Name        string     `json:"name"`
	Subspace    string     `json:"subspace"`
	ConnectedAt time.Time  `json:"connected_at"`
	Position    jsonObject `json:"position" doc:"In metres, as last noted; null: not known"`
	Voice       bool       `json:"voice_enabled"`
}

// jsonObject is an object of somebody else's, passed on as it is, or null.
type jsonObject json.RawMessage

// MarshalJSON writes the object or null.
func (o jsonObject) MarshalJSON() ([]byte, error) { return json.RawMessage(o).MarshalJSON() }

// UnmarshalJSON keeps the object as it is.
func (o *jsonObject) UnmarshalJSON(text []byte) error {
	*o = append((*o)[:0], text...)
	return nil
}

// Schema describes the object to huma.
func (jsonObject) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{{Type: huma.TypeObject}, {Type: "null"}}}
}

func (a *API) registerSpaceDetail(h huma.API) {
	get(a, h, huma.Operation{
		OperationID: "getSpace", Path: spacePath, Tags: spaceTags,
		Summary:     "One space",
		Description: "A space that the asker may not know of is answered like one that is not there.",
		Security:    openToAll, Middlewares: huma.Middlewares{a.anyone},
	}, a.getSpace, presencePath)
}

func (a *API) getSpace(ctx context.Context, in *detailInput) (*detailOutput, error) {
	key, err := in.key(in.Subspace)
	if err != nil {
		return nil, err
	}
	v := askerOf(ctx).viewer
	standing, err := a.spaces.Access.Check(ctx, v, key, spaces.ActSee, in.NSFW)
	if err != nil {
		return nil, err
	}
	refusal := spaces.Decide(standing, spaces.ActEnter)
	people, all, err := a.spaces.Rooms.Occupants(ctx, standing.Space.Key.Parent(), a.spaces.Now())
	if err != nil {
		return nil, err
	}
	if refusal != nil {
		standing.Space.Content, standing.Space.Description, standing.Space.Metadata, people = "", "", "", nil
	}
	return &detailOutput{Body: detailBody{
		Space: a.newSpace(standing.Space, people, all), HasAccess: refusal == nil, Role: standing.Rank(),
		CanWrite: refusal == nil && spaces.Decide(standing, spaces.ActWrite) == nil,
		Reason:   messageOf(refusal), Node: a.spaces.Node,
	}}, nil
}

func (a *API) newSpace(s spaces.Space, people []store.Occupant, all int) spaceBody {
	body := spaceBody{
		SpaceType: string(s.Key.Type), SpaceID: s.Key.ID, Subspace: s.Key.Subspace, Kind: s.Kind, Type: s.Kind, Owner: account(s.Owner),
		Title: s.Title, Description: s.Description, Content: s.Content, Block: s.Block, Votes: s.Votes, Rating: s.Rating,
		NSFW: s.NSFW, Public: s.Public, CreatedAt: someTime(s.CreatedAt), UpdatedAt: someTime(s.UpdatedAt),
		ActiveUsers: all, ConnectedUsers: make([]connectedUser, len(people)), Capacity: newCapacity(s.Settings.MaxUsers, all),
		Environment: newEnvironment(s, a.spaces.Media), settingsBody: newSettings(s.Settings),
	}
	switch s.Key.Type {
	case spaces.TypePost:
		body.Author, body.Permlink = s.Key.Owner()
	case spaces.TypeDocument:
		body.ID, _ = strconv.ParseInt(s.Key.ID, 10, 64) // the canonical id of a document is its number
		body.Creator = account(s.Owner)
		_, body.Permlink = spaces.Key{Type: s.Key.Type, ID: s.Name}.Owner()
	case spaces.TypeCity:
		body.Zone = s.Link.Zone
	case spaces.TypeGlobal:
	}
	for i, p := range people {
		body.ConnectedUsers[i] = connectedUser{
			SocketID: p.SocketID, Name: p.Name, Subspace: p.Subspace, ConnectedAt: jsonTime(p.ConnectedAt),
			Position: jsonObject(p.Position), Voice: p.Voice,
		}
		if p.Account != "" {
			body.ConnectedUsers[i].Account = &p.Account
		}
	}
	return body
}

// messageOf is a refusal in words for the asker.
func messageOf(err error) string {
	var e *spaces.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return ""
}
