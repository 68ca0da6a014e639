package api

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"presence/gateway/auth"
	"presence/spaces"
)

// City offers the table of the city feed.
type City interface {
	// Snapshot is the city as the viewer may know it now.
	Snapshot(v spaces.Viewer) spaces.CityView
}

// Identity checks and makes credentials; [auth.Auth] is one.
type Identity interface {
	FromRequest(r *http.Request) (spaces.Viewer, time.Time, error)
	Anyone(r *http.Request) (spaces.Viewer, time.Time, error)
	Guest(previous string) (auth.Token, error)
	Challenge(ctx context.Context, account, purpose string) (text string, expires time.Time, err error)
	HiveLogin(ctx context.Context, account, challenge, signature string) (auth.Login, error)
	MatrixLogin(ctx context.Context, token auth.OpenIDToken) (auth.Login, error)
	Refresh(ctx context.Context, token string) (auth.Login, error)
	Logout(ctx context.Context, v spaces.Viewer) error
	Ticket(ctx context.Context, v spaces.Viewer, until time.Time) (ticket string, expires time.Time, err error)
	JWKS() auth.JWKS
}

// Links is where the links are kept.
type Links interface {
	Links(ctx context.Context) ([]spaces.Link, error)
}

// Config is what an [API] is built from.
type Config struct {
	City     City
	Identity Identity
	Links    Links
	Spaces   SpacesConfig
	Chat     Chat
	// InternalKey is INTERNAL_API_KEY. Empty switches /internal/city/rooms off,
	// on loopback as well: a reverse proxy on the same machine would open it to
	// everybody.
	InternalKey string
	// BusReady says whether NATS answers, for /status.
	BusReady func() error
	Log      *slog.Logger
}

// API answers the REST paths. It never changes after New.
type API struct {
	city     City
	identity Identity
	links    Links
	spaces   SpacesConfig
	chat     Chat
	busReady func() error
	log      *slog.Logger

	internal    bool
	internalKey [sha256.Size]byte // of the key, so that a comparison takes the same time for every length
}

// New builds the API; [API.Mount] makes it reachable.
func New(cfg Config) *API {
	return &API{
		city: cfg.City, identity: cfg.Identity, links: cfg.Links, spaces: cfg.Spaces, chat: cfg.Chat, busReady: cfg.BusReady, log: cfg.Log,
		internal: cfg.InternalKey != "", internalKey: sha256.Sum256([]byte(cfg.InternalKey)),
	}
}

// Mount adds every path of the API, and the document about them, to mux.
func (a *API) Mount(mux *http.ServeMux) error {
	document, err := encodeDocument(a.register(mux))
	if err != nil {
		return err
	}
	mux.HandleFunc("GET /openapi.yaml", document.serveYAML)
	mux.HandleFunc("GET /openapi.json", document.serveJSON)
	return nil
}

// register describes every operation to huma, which adds it to mux.
func (a *API) register(mux *http.ServeMux) huma.API {
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:   "presence",
				Version: "1",
				Description: "The live city: rooms, their places on the map and who is there now. Every refusal has the form Problem (RFC 9457). " +
					"Live: WebSocket at /ws/city/presence (subprotocols presence.city.v2, presence.city.v1 and bearer.<token>), " +
					"server-sent events at /api/presence/stream (?mode=diff for changes only).",
			},
			Components: &huma.Components{
				Schemas:         huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: securitySchemes,
			},
		},
		// No paths for the document, schemas and docs page: huma builds the first
		// on demand without a lock, and its page loads scripts from elsewhere.
		Formats:       huma.DefaultFormats,
		DefaultFormat: "application/json",
	}
	// Answers may grow; a client made from the document must not mind.
	config.AllowAdditionalPropertiesByDefault = true
	h := humago.New(mux, config)
	a.registerIdentity(h)
	a.registerProofs(h)
	a.registerLogins(h)
	a.registerPresence(h)
	a.registerSpaces(h)
	a.registerChat(h)
	a.registerComments(h)
	a.registerRooms(h)
	a.registerMap(h)
	a.registerInternal(h)
	a.registerStatus(h)
	return h
}

// get registers one GET operation at path and, not documented, at the paths
// older clients know it by.
func get[I, O any](a *API, h huma.API, op huma.Operation, handler func(context.Context, *I) (*O, error), aliases ...string) {
	op.Method = http.MethodGet
	register(a, h, op, handler)
	for _, alias := range aliases {
		hidden := op
		hidden.Path, hidden.Hidden, hidden.OperationID = alias, true, ""
		register(a, h, hidden, handler)
	}
}

// register adds an operation whose errors are put into the one form and, when
// they are our fault, logged here and nowhere else.
func register[I, O any](a *API, h huma.API, op huma.Operation, handler func(context.Context, *I) (*O, error)) {
	huma.Register(h, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, a.refuse(ctx, op, err)
		}
		return out, nil
	})
}
