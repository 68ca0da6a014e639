package auth

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

// Config is what an [Auth] is built from.
type Config struct {
	// Secret is JWT_SECRET: the key of the city's HS256 tokens, and the seed
	// our own signing key is derived from.
	Secret []byte
	// Admins are the subjects that get [spaces.RoleAdmin] (SYSTEM_ADMINS),
	// spelled as in a token's sub.
	Admins []string
	// QueryToken accepts ?token=<jwt>. URLs are logged by every proxy on the
	// way, so it is off unless an old client needs it.
	QueryToken bool
	Log        *slog.Logger
}

// Store keeps what must outlive one process: tickets, so that any gateway may
// redeem them, and the members of microDAOs.
type Store interface {
	PutTicket(ctx context.Context, hash string, body json.RawMessage, expires time.Time) error
	// TakeTicket returns a ticket at most once; CodeUnauthenticated when there
	// is none or it has expired.
	TakeTicket(ctx context.Context, hash string, now time.Time) (json.RawMessage, error)
	// Members returns the whole table of microDAO members.
	Members(ctx context.Context) ([]store.Membership, error)
}

// Auth checks and makes credentials. Its fields never change after New,
// except members, which Run replaces as a whole; every method may be called from
// any goroutine.
type Auth struct {
	secret     []byte
	admins     map[string]bool
	queryToken bool
	now        func() time.Time
	log        *slog.Logger
	store      Store

	key     ed25519.PrivateKey
	keyID   string
	members atomic.Pointer[memberTable] // never nil; written by Run alone
}

// New derives the keys and checks the configuration; it reads nothing and
// starts nothing.
func New(cfg Config, store Store, now func() time.Time) (*Auth, error) {
	if len(cfg.Secret) == 0 {
		return nil, errors.New("auth: the secret is empty: set JWT_SECRET")
	}
	key, err := deriveKey(cfg.Secret)
	if err != nil {
		return nil, err
	}
	a := &Auth{
		secret:     cfg.Secret,
		admins:     map[string]bool{},
		queryToken: cfg.QueryToken,
		now:        now,
		log:        cfg.Log,
		store:      store,
		key:        key,
		keyID:      thumbprint(key),
	}
	for _, subject := range cfg.Admins {
		if subject != "" {
			a.admins[subject] = true
		}
	}
	a.members.Store(&memberTable{})
	return a, nil
}

// Viewer checks a token and says who its holder is and until when that holds
// ([Auth.Current] says what they may see later). The error is a
// [spaces.Error] that names the broken rule and never repeats the token.
func (a *Auth) Viewer(_ context.Context, token string) (spaces.Viewer, time.Time, error) {
	return a.viewer(token, AudienceAPI, AudienceRealtime)
}

// viewer accepts one of our own tokens when it is meant for one of audiences.
func (a *Auth) viewer(token string, audiences ...string) (spaces.Viewer, time.Time, error) {
	c, err := a.verify(token, audiences)
	if err != nil {
		return spaces.Viewer{}, time.Time{}, err
	}
	return a.identify(identity{Subject: c.Subject, Name: c.Name, Roles: c.Roles}), c.ExpiresAt.Time, nil
}
