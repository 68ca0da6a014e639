package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"presence/gateway/wire"
	"presence/spaces"
)

// internalHeader is where the city's services put their shared key.
const internalHeader = "X-Internal-API-Key"

var securitySchemes = map[string]*huma.SecurityScheme{
	"token": {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "An access token of the city or of a login here, a guest's token, or one made by presence token. " +
		"Clients of the first server may send a Hive signature instead: x-account, x-challenge, x-pubkey and x-signature, or Bearer <signature>:<account> with x-challenge"},
	"ticket": {Type: "apiKey", In: "query", Name: "ticket", Description: "A one-time ticket from POST /api/auth/ticket"},
	"key":    {Type: "apiKey", In: "header", Name: internalHeader, Description: "The key the city's services share"},
}

// The security of an operation as the document shows it. An empty requirement
// means that nobody has to prove anything.
var (
	openToAll   = []map[string][]string{{}, {"token": {}}, {"ticket": {}}}
	tokenNeeded = []map[string][]string{{"token": {}}}
	keyNeeded   = []map[string][]string{{"key": {}}}
)

type viewerKey struct{}

// asker is who sent a request.
type asker struct {
	viewer  spaces.Viewer
	expires time.Time // zero: never
}

func askerOf(ctx context.Context) asker {
	who, _ := ctx.Value(viewerKey{}).(asker)
	return who
}

// anyone lets everybody pass, as nobody when there is no credential.
func (a *API) anyone(ctx huma.Context, next func(huma.Context)) {
	a.pass(ctx, next, a.identity.Anyone)
}

// somebody lets only those pass who prove who they are.
func (a *API) somebody(ctx huma.Context, next func(huma.Context)) {
	a.pass(ctx, next, a.identity.FromRequest)
}

func (a *API) pass(ctx huma.Context, next func(huma.Context), check func(*http.Request) (spaces.Viewer, time.Time, error)) {
	r, w := humago.Unwrap(ctx)
	v, expires, err := check(r)
	if err != nil {
		wire.WriteProblem(w, err)
		return
	}
	personal(w.Header())
	next(huma.WithValue(ctx, viewerKey{}, asker{v, expires}))
}

// service lets only the city's services pass.
func (a *API) service(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	if !a.internal {
		wire.WriteProblem(w, &spaces.Error{
			Code: spaces.CodeNotFound, Message: "the interface for other services is switched off here",
			Fix: "The operator switches it on by setting INTERNAL_API_KEY",
		})
		return
	}
	given := sha256.Sum256([]byte(r.Header.Get(internalHeader)))
	if subtle.ConstantTimeCompare(given[:], a.internalKey[:]) != 1 {
		wire.WriteProblem(w, &spaces.Error{
			Code: spaces.CodeUnauthenticated, Field: "header." + internalHeader, Message: "the key is missing or wrong",
			Fix: "Send the value of INTERNAL_API_KEY in the header " + internalHeader,
		})
		return
	}
	personal(w.Header())
	next(ctx)
}

// personal says that the answer depends on who asks and on the moment.
func personal(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Authorization")
}
