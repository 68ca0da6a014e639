package auth

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"presence/gateway/auth/hive"
	"presence/spaces"
	"presence/spaces/store"
)

// Config is what an [Auth] is built from.
type Config struct {
	// Secret is JWT_SECRET: the key of the city's HS256 tokens, and the seed
	// our own signing key is derived from.
	Secret []byte
	// Admins are the subjects that get [spaces.RoleAdmin] (SYSTEM_ADMINS),
	// spelled as in a token's sub; a bare Hive name stands for hive:<name>.
	Admins []string
	// PublicURL is where browsers find us; what wallets sign names its host.
	PublicURL string
	// HiveNodes are the URLs of Hive nodes (HIVE_NODE). Empty: no Hive logins.
	HiveNodes []string
	// MatrixServers are the Matrix servers whose people may log in, each with
	// the base URL to ask it at; an empty URL means Matrix's own server
	// discovery, which never leads to a private address.
	MatrixServers map[string]string
	// QueryToken accepts ?token=<jwt>. URLs are logged by every proxy on the
	// way, so it is off unless an old client needs it.
	QueryToken bool
	// Tell is told of each login that is revoked here, so that other gateways
	// can hear of it ([Auth.Revoked]) before they read it in the store. It must
	// not wait. Nil: nobody is told.
	Tell func(login string)
	Log  *slog.Logger
}

// Store keeps what must outlive one process and hold for all gateways; see
// package store for the methods' promises.
type Store interface {
	PutChallenge(ctx context.Context, c store.Challenge) error
	Challenge(ctx context.Context, hash string, now time.Time) (store.Challenge, error)
	TakeChallenge(ctx context.Context, hash string, now time.Time) (store.Challenge, error)
	UseOnce(ctx context.Context, hash string, now, forget time.Time) error
	AddLogin(ctx context.Context, l store.Login) error
	Login(ctx context.Context, id string) (store.Login, error)
	RotateLogin(ctx context.Context, id string, generation int64, now time.Time) (bool, error)
	Revoke(ctx context.Context, r store.Revocation) (ended bool, err error)
	Revoked(ctx context.Context, now time.Time) ([]string, error)

	PutTicket(ctx context.Context, hash string, body json.RawMessage, expires time.Time) error
	// TakeTicket returns a ticket at most once; CodeUnauthenticated when there
	// is none or it has expired.
	TakeTicket(ctx context.Context, hash string, now time.Time) (json.RawMessage, error)
	// Members returns the whole table of microDAO members.
	Members(ctx context.Context) ([]store.Membership, error)
}

// Auth checks and makes credentials. The fields above the line never change
// after New; every method may be called from any goroutine.
type Auth struct {
	secret     []byte
	admins     map[string]bool
	queryToken bool
	tell       func(login string)
	domain     string
	accounts   *hive.Accounts
	matrix     *openID
	now        func() time.Time
	log        *slog.Logger
	store      Store
	key        ed25519.PrivateKey
	keyID      string
	refreshKey []byte
	networkKey []byte

	members atomic.Pointer[memberTable] // never nil; written by Run alone
	revoked revocations
	live    sync.Map // ids of Hive logins with an open socket since the last look at their keys
	signed  signatures
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
	refreshKey, err := deriveRefreshKey(cfg.Secret)
	if err != nil {
		return nil, err
	}
	networkKey, err := deriveNetworkKey(cfg.Secret)
	if err != nil {
		return nil, err
	}
	a := &Auth{
		secret:     cfg.Secret,
		admins:     adminSubjects(cfg.Admins),
		queryToken: cfg.QueryToken,
		tell:       cfg.Tell,
		domain:     domainOf(cfg.PublicURL),
		accounts:   hive.NewAccounts(cfg.HiveNodes, now, cfg.Log),
		matrix:     newOpenID(cfg.MatrixServers),
		now:        now,
		log:        cfg.Log,
		store:      store,
		key:        key,
		keyID:      thumbprint(key),
		refreshKey: refreshKey,
		networkKey: networkKey,
	}
	a.members.Store(&memberTable{})
	return a, nil
}

// adminSubjects spells admins as the sub of tokens. The first server's setting
// held bare Hive names.
func adminSubjects(admins []string) map[string]bool {
	subjects := map[string]bool{}
	for _, admin := range admins {
		switch {
		case spaces.ValidHiveAccount(admin):
			subjects[hivePrefix+admin] = true
		case admin != "":
			subjects[admin] = true
		}
	}
	return subjects
}

// Admin reports whether a subject is one of SYSTEM_ADMINS.
func (a *Auth) Admin(subject string) bool { return a.admins[subject] }

// domainOf is the host, with its port, that challenges name.
func domainOf(publicURL string) string {
	u, err := url.Parse(publicURL)
	if err != nil {
		return ""
	}
	return u.Host
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
	v := a.identify(identity{Subject: c.Subject, Name: c.Name, Roles: c.Roles, Login: c.Session, Scopes: c.scopes()})
	if a.revoked.has(v.Login) {
		return spaces.Viewer{}, time.Time{}, loginEnded()
	}
	return v, c.end(), nil
}
