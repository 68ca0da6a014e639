package api

import (
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"presence/gateway/auth"
	"presence/gateway/turn"
	"presence/spaces"
)

type joinInput struct {
	SpaceInput
	Body *joinBody `required:"false"`
}

type joinBody struct {
	Subspace  string `json:"subspace,omitempty" maxLength:"64" doc:"main when left out"`
	NSFW      bool   `json:"nsfw,omitempty" doc:"The asker wants to enter what is not safe for work"`
	Account   string `json:"user_account,omitempty" maxLength:"300" doc:"Whom the credential must prove, when it is given. It proves nothing by itself"`
	Challenge string `json:"challenge,omitempty" maxLength:"500" doc:"The text that Authorization: Bearer <signature>:<account> signs"`
}

type joinOutput struct {
	Body joinedBody
}

// joinedBody is the first API's answer, and what our own clients need.
type joinedBody struct {
	Success      bool        `json:"success"`
	Space        spaceBody   `json:"space"`
	Subspace     string      `json:"subspace"`
	Role         spaces.Role `json:"role" enum:"admin,moderator,subscriber,ticket_holder,guest"`
	CanWrite     bool        `json:"can_write"`
	Full         bool        `json:"is_full" doc:"Every seat is taken: whoever comes now waits in line"`
	Turn         turnBody    `json:"turn_credentials"`
	ICEServers   []iceServer `json:"iceServers" nullable:"false"`
	WebSocketURL string      `json:"websocket_url" doc:"Where Socket.IO and the wallet script's JSON are spoken"`
	NativeURL    string      `json:"native_url" doc:"Where presence.space.v1 is spoken"`
	Token        string      `json:"token" doc:"Good for this space alone, on sockets"`
	TokenType    string      `json:"token_type" enum:"Bearer"`
	ExpiresAt    time.Time   `json:"expires_at"`
	ExpiresIn    int         `json:"expires_in" doc:"Seconds"`
	Viewer       viewerBody  `json:"viewer"`
	Node         string      `json:"node"`
}

func (a *API) registerJoin(h huma.API) {
	both(a, h, huma.Operation{
		OperationID: "joinSpace", Method: "POST", Path: spacePath + "/join", Tags: spaceTags,
		Summary:     "Prepare to enter a space",
		Description: "Checks the right to enter and hands out what a socket needs. The seat itself is taken by the socket. A request without a credential is a new guest.",
		Security:    openToAll, Middlewares: huma.Middlewares{keepRequest},
	}, a.joinSpace, presencePath+"/join")
}

func (a *API) joinSpace(ctx context.Context, in *joinInput) (*joinOutput, error) {
	if in.Body == nil {
		in.Body = &joinBody{}
	}
	key, err := in.key(in.Body.Subspace)
	if err != nil {
		return nil, err
	}
	// What a signature proves is good for one key alone: the canonical one. A
	// space that is not there gets its refusal below, where everybody's is made.
	if space, err := a.spaces.Access.Space(ctx, key); err == nil {
		key = space.Key
	}
	v, expires, err := a.spaces.Joins.FromJoin(requestOf(ctx), in.Body.Challenge, key)
	if err != nil {
		return nil, err
	}
	if err := in.Body.proven(v); err != nil {
		return nil, err
	}
	standing, err := a.spaces.Access.Check(ctx, v, key, spaces.ActEnter, in.Body.NSFW)
	if err != nil {
		return nil, err
	}
	body, err := a.joined(ctx, standing, expires)
	if err != nil {
		return nil, err
	}
	return &joinOutput{Body: *body}, nil
}

// proven refuses an account that the credential is not of. A guest's client may
// name whom it likes: it stays a guest.
func (b *joinBody) proven(v spaces.Viewer) error {
	if b.Account == "" || v.Guest || strings.EqualFold(b.Account, spaces.Account(v)) {
		return nil
	}
	return &spaces.Error{Code: spaces.CodeForbidden, Field: "body.user_account", Message: "is not whom the credential proves"}
}

func (a *API) joined(ctx context.Context, s spaces.Standing, expires time.Time) (*joinedBody, error) {
	key, now := s.Space.Key, a.spaces.Now()
	actions := []spaces.Action{spaces.ActEnter}
	canWrite := spaces.Decide(s, spaces.ActWrite) == nil
	if s.Viewer.Allows(spaces.ActWrite, key) {
		actions = append(actions, spaces.ActWrite) // also where the chat is closed now: it may open
	}
	token, err := a.spaces.Joins.Join(s.Viewer, expires, auth.AudienceRealtime, key, actions...)
	if err != nil {
		return nil, err
	}
	crowd, err := a.spaces.Rooms.Crowd(ctx, key, now)
	if err != nil {
		return nil, err
	}
	people, all, err := a.spaces.Rooms.Occupants(ctx, key.Parent(), now)
	if err != nil {
		return nil, err
	}
	credentials := a.spaces.Turn.For(s.Viewer)
	return &joinedBody{
		Success: true, Space: a.newSpace(s.Space, people, all), Subspace: key.Subspace, Role: s.Rank(), CanWrite: canWrite,
		Full: crowd.People >= s.Space.Settings.MaxUsers || crowd.Waiting > 0,
		Turn: newTurn(credentials), ICEServers: newICEServers(credentials),
		WebSocketURL: a.socketURL("/socket.io/"), NativeURL: a.socketURL("/ws/space"),
		Token: token.Token, TokenType: "Bearer", ExpiresAt: jsonTime(token.Expires), ExpiresIn: secondsLeft(token.Expires),
		Viewer: viewerBody{Subject: s.Viewer.Subject, Name: s.Viewer.Name, Guest: s.Viewer.Guest}, Node: a.spaces.Node,
	}, nil
}

// socketURL is where a socket is opened: absolute when the operator said where
// we are. The Host header is never repeated.
func (a *API) socketURL(path string) string {
	base := strings.TrimSuffix(a.spaces.PublicURL, "/")
	if rest, secure := strings.CutPrefix(base, "https://"); secure {
		return "wss://" + rest + path
	}
	if rest, plain := strings.CutPrefix(base, "http://"); plain {
		return "ws://" + rest + path
	}
	return path
}

// turnBody has the credential under both names: the first server wrote
// password, its page read credential.
type turnBody struct {
	Username   string   `json:"username"`
	Password   string   `json:"password"`
	Credential string   `json:"credential" doc:"The same as password"`
	TTL        int      `json:"ttl" doc:"Seconds"`
	URIs       []string `json:"uris" nullable:"false" doc:"Empty: no TURN server is offered here"`
}

// iceServer is an RTCIceServer.
type iceServer struct {
	URLs       []string `json:"urls" nullable:"false"`
	Username   string   `json:"username"`
	Credential string   `json:"credential"`
}

func newTurn(c turn.Credentials) turnBody {
	return turnBody{Username: c.Username, Password: c.Password, Credential: c.Password, TTL: int(c.TTL / time.Second), URIs: c.URIs}
}

func newICEServers(c turn.Credentials) []iceServer {
	if len(c.URIs) == 0 {
		return []iceServer{}
	}
	return []iceServer{{URLs: c.URIs, Username: c.Username, Credential: c.Password}}
}

type turnOutput struct {
	Body turnBody
}

type webrtcOutput struct {
	Body webrtcBody
}

type webrtcBody struct {
	ICEServers    []iceServer `json:"iceServers" nullable:"false"`
	Policy        string      `json:"iceTransportPolicy" enum:"all"`
	CandidatePool int         `json:"iceCandidatePoolSize"`
}

// candidatePool is the first server's; with nothing to gather from it is 0.
const candidatePool = 10

func (a *API) registerTurn(h huma.API) {
	get(a, h, huma.Operation{
		OperationID: "getTurnCredentials", Path: "/api/turn-credentials", Tags: spaceTags,
		Summary:  "Time-limited credentials of the TURN server",
		Security: openToAll, Middlewares: huma.Middlewares{a.anyone},
	}, func(ctx context.Context, _ *struct{}) (*turnOutput, error) {
		return &turnOutput{Body: newTurn(a.spaces.Turn.For(askerOf(ctx).viewer))}, nil
	}, "/api/presence/turn-credentials")
	get(a, h, huma.Operation{
		OperationID: "getWebRTCConfig", Path: "/api/webrtc/turn-config", Tags: spaceTags,
		Summary:  "The same as an RTCConfiguration",
		Security: openToAll, Middlewares: huma.Middlewares{a.anyone},
	}, func(ctx context.Context, _ *struct{}) (*webrtcOutput, error) {
		body := webrtcBody{ICEServers: newICEServers(a.spaces.Turn.For(askerOf(ctx).viewer)), Policy: "all"}
		if len(body.ICEServers) > 0 {
			body.CandidatePool = candidatePool
		}
		return &webrtcOutput{Body: body}, nil
	})
}
