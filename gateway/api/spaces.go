package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"presence/gateway/auth"
	"presence/gateway/conn"
	"presence/gateway/turn"
	"presence/spaces"
	"presence/spaces/store"
)

// Access knows the spaces and who may do what in them; access.Access is one.
type Access interface {
	Check(ctx context.Context, v spaces.Viewer, key spaces.Key, a spaces.Action, nsfw bool) (spaces.Standing, error)
	Space(ctx context.Context, key spaces.Key) (spaces.Space, error)
	List(ctx context.Context, v spaces.Viewer, q store.ListQuery) ([]store.Listed, error)

	Settings(ctx context.Context, v spaces.Viewer, key spaces.Key, edit func(*spaces.Settings)) (spaces.Settings, error)
	AddSubspace(ctx context.Context, v spaces.Viewer, key spaces.Key, title string) error
	Grant(ctx context.Context, v spaces.Viewer, key spaces.Key, subject string, role spaces.Role, until time.Time) error
	Revoke(ctx context.Context, v spaces.Viewer, key spaces.Key, subject string) error
	Kick(ctx context.Context, v spaces.Viewer, key spaces.Key, subject, reason string) error
	Ban(ctx context.Context, v spaces.Viewer, key spaces.Key, subject, reason string, until time.Time) (newcomers time.Time, err error)
	Unban(ctx context.Context, v spaces.Viewer, key spaces.Key, subject string) error
}

// Rooms is what the tables say about spaces and the people in them.
type Rooms interface {
	Occupants(ctx context.Context, parent spaces.Key, now time.Time) (shown []store.Occupant, all int, err error)
	Crowd(ctx context.Context, key spaces.Key, now time.Time) (store.Crowd, error)
	Subspaces(ctx context.Context, key spaces.Key) ([]store.Subspace, error)
	SubspaceCrowds(ctx context.Context, key spaces.Key, now time.Time) (map[string]int, error)
	Grants(ctx context.Context, key spaces.Key) ([]store.Grant, error)
	Bans(ctx context.Context, key spaces.Key) ([]store.Ban, error)
	AuditLog(ctx context.Context, key spaces.Key, before int64, limit int) ([]store.AuditRow, error)

	Whereabouts(ctx context.Context, session string) (store.Whereabouts, bool, error)
	Enter(ctx context.Context, session spaces.Session, seats int, now time.Time) (store.Seating, error)
	Leave(ctx context.Context, session spaces.Session, lost bool, seats int, now time.Time) ([]spaces.Session, error)
	Line(ctx context.Context, key spaces.Key, waiting []string, seats int, now time.Time) (map[string]store.Seating, []spaces.Session, error)
	Touch(ctx context.Context, seen []store.Seen, now time.Time) (lost []string, err error)
}

// Joins proves who enters a space and makes tokens for it; auth.Auth does.
type Joins interface {
	FromJoin(r *http.Request, challenge string, k spaces.Key) (v spaces.Viewer, expires time.Time, err error)
	Join(v spaces.Viewer, until time.Time, audience string, k spaces.Key, actions ...spaces.Action) (auth.Token, error)
}

// SpacesConfig is what the paths about spaces are built from.
type SpacesConfig struct {
	Access Access
	Rooms  Rooms
	Joins  Joins
	Turn   *turn.Maker
	// Node is the id of this gateway on the bus. Answers name it, and seats that
	// REST takes belong to it.
	Node string
	// PublicURL is where browsers find us, "https://presence.example.org"; empty:
	// addresses in answers are paths.
	PublicURL string
	// Media are the hosts whose pictures and models the page may load.
	Media conn.Origins
	Now   func() time.Time
}

// SpaceInput is exported for huma, which passes over embedded types that are not.
// It names a space in the path.
type SpaceInput struct {
	Type string `path:"space_type" doc:"post, document, global or city"`
	ID   string `path:"space_id" doc:"author/permlink of a post (encoded or not), number or owner/permlink of a document, lobby, or the slug of a city room"`
}

func (in *SpaceInput) key(subspace string) (spaces.Key, error) {
	return spaces.ParseKey(in.Type, in.ID, subspace)
}

// checked reads the key and asks for the right to the action.
func (a *API) checked(ctx context.Context, in *SpaceInput, action spaces.Action) (spaces.Standing, error) {
	key, err := in.key("")
	if err != nil {
		return spaces.Standing{}, err
	}
	return a.spaces.Access.Check(ctx, askerOf(ctx).viewer, key, action, true)
}

const (
	spacePath    = "/api/spaces/{space_type}/{space_id}"
	presencePath = "/api/presence/spaces/{space_type}/{space_id}" // where the first data service had them
)

var (
	spaceTags  = []string{"spaces"}
	governTags = []string{"governing spaces"}
	seatTags   = []string{"seats"}
)

func (a *API) registerSpaces(h huma.API) {
	a.registerSpaceList(h)
	a.registerSpaceDetail(h)
	a.registerJoin(h)
	a.registerSettings(h)
	a.registerRoles(h)
	a.registerModeration(h)
	a.registerCapacity(h)
	a.registerSeats(h)
	a.registerWaitlist(h)
	a.registerTurn(h)
}

// both registers an operation at its path and, not documented, at another that
// older clients know.
func both[I, O any](a *API, h huma.API, op huma.Operation, handler func(context.Context, *I) (*O, error), aliases ...string) {
	register(a, h, op, handler)
	for _, alias := range aliases {
		hidden := op
		hidden.Path, hidden.Hidden, hidden.OperationID = alias, true, ""
		register(a, h, hidden, handler)
	}
}

type requestKey struct{}

// keepRequest hands the request itself to an operation that must read its
// credential after its body.
func keepRequest(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	personal(w.Header())
	next(huma.WithValue(ctx, requestKey{}, r))
}

func requestOf(ctx context.Context) *http.Request {
	r, _ := ctx.Value(requestKey{}).(*http.Request)
	return r
}

// someTime is a time, or null when there is none.
func someTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = jsonTime(t)
	return &t
}

// account is what old clients call a subject.
func account(subject string) string { return spaces.Account(spaces.Viewer{Subject: subject}) }
