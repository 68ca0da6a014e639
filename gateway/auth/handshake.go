package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"presence/spaces"
)

// FromHandshake finds the credential with which a client opens a socket of a
// space: in the object that it sent after connecting (auth; nil when there was
// none), or else in its request as [Auth.FromRequest] does. A client without
// any is a new guest. A bad credential is an error and never a guest. Expires
// is when the right to be connected ends.
func (a *Auth) FromHandshake(ctx context.Context, r *http.Request, auth json.RawMessage) (v spaces.Viewer, expires time.Time, err error) {
	v, expires, err = a.FromRequest(r)
	if !errors.Is(err, ErrNoCredential) {
		return v, expires, err
	}
	guest, err := a.Guest("")
	return guest.Viewer, guest.Expires, err
}
