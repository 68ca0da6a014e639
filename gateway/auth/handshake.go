package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"presence/spaces"
)

// maxHandshake bounds the credential object of a handshake.
const maxHandshake = 8 << 10

// FromHandshake finds the credential with which a client opens a socket of a
// space: in the object that it sent after connecting (auth; nil when there was
// none), or else in its request as [Auth.FromRequest] does. A client without
// any is a new guest. A bad credential is an error and never a guest. Expires
// is when the right to be connected ends.
//
// The object holds one of: token (a JWT, or the old clients' JSON with account,
// challenge, pubkey and signature, as an object or as text), ticket, those four
// themselves, or authorization with challenge. A bare account claims nothing
// and is ignored.
func (a *Auth) FromHandshake(ctx context.Context, r *http.Request, auth json.RawMessage) (v spaces.Viewer, expires time.Time, err error) {
	h, err := readHandshake(auth)
	if err != nil {
		return spaces.Viewer{}, time.Time{}, err
	}
	switch {
	case h.Token != "":
		v, expires, err = a.fromToken(h.Token, "auth.token", AudienceRealtime)
	case h.Ticket != "":
		v, expires, err = a.redeem(ctx, h.Ticket)
	case h.signed || h.Signature != "" || h.PublicKey != "" || h.Challenge != "":
		v, expires, err = a.fromSignature(ctx, h.proof())
	default:
		v, expires, err = a.fromRequest(r, AudienceRealtime)
	}
	if errors.Is(err, ErrNoCredential) {
		return a.newGuest(r)
	}
	v.Network = a.network(r.Context()) //nolint:contextcheck // the address is the request's
	return v, expires, err
}

// handshake is the credential object of a socket.
type handshake struct {
	RawToken      json.RawMessage `json:"token"`
	Token         string          `json:"-"`
	Ticket        string          `json:"ticket"`
	Authorization string          `json:"authorization"`

	Account   string `json:"account"`
	Challenge string `json:"challenge"`
	PublicKey string `json:"pubkey"`
	Signature string `json:"signature"`

	signed bool // something of it wants to prove a Hive account
}

func readHandshake(auth json.RawMessage) (h handshake, err error) {
	switch {
	case len(auth) == 0:
		return handshake{}, nil
	case len(auth) > maxHandshake:
		return handshake{}, refuseAuth("is over %d bytes", maxHandshake)
	}
	if err := json.Unmarshal(auth, &h); err != nil {
		return handshake{}, refuseAuth("must be an object with token, ticket, or account, challenge and signature, all texts")
	}
	if err := h.readToken(); err != nil {
		return handshake{}, err
	}
	scheme, credential, _ := strings.Cut(h.Authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return h, nil
	}
	if p, found := signatureBearer(strings.TrimSpace(credential), ""); found {
		h.Signature, h.Account, h.signed = p.signature, p.account, true
	} else {
		h.Token = strings.TrimSpace(credential)
	}
	return h, nil
}

// readToken takes what a token holds: a JWT, or the JSON of the old clients in
// either wrapping.
func (h *handshake) readToken() error {
	raw := h.RawToken
	if len(raw) > 0 && raw[0] == '"' {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return refuseAuth("token must be text or an object")
		}
		if !strings.HasPrefix(text, "{") {
			h.Token = text
			return nil
		}
		raw = json.RawMessage(text)
	}
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	if err := json.Unmarshal(raw, &struct {
		Account   *string `json:"account"`
		Challenge *string `json:"challenge"`
		PublicKey *string `json:"pubkey"`
		Signature *string `json:"signature"`
	}{&h.Account, &h.Challenge, &h.PublicKey, &h.Signature}); err != nil {
		return refuseAuth("token must be a JWT, or an object with account, challenge, pubkey and signature")
	}
	h.signed = true
	return nil
}

func (h handshake) proof() proof {
	return proof{
		account: h.Account, challenge: h.Challenge, publicKey: h.PublicKey, signature: h.Signature,
		at: func(part string) string { return "auth." + part },
	}
}

func refuseAuth(format string, args ...any) *spaces.Error {
	err := refuse(format, args...)
	err.Field = "auth"
	return err
}
