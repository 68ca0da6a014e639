package auth_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"presence/gateway/auth"
	"presence/spaces"
	"presence/spaces/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	secret = []byte("the-secret-of-the-login-service-32b")
	start  = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
)

// world is an Auth with a clock and a store in the test's hands.
type world struct {
	*auth.Auth
	store *memory

	mu  sync.Mutex
	now time.Time
}

func newWorld(t testing.TB, edit ...func(*auth.Config)) *world {
	t.Helper()
	w := &world{store: &memory{tickets: map[string]ticket{}}, now: start}
	cfg := auth.Config{Secret: secret, Admins: []string{"matrix:@root:example.org"}, Log: slog.New(slog.DiscardHandler)}
	for _, e := range edit {
		e(&cfg)
	}
	a, err := auth.New(cfg, w.store, w.clock)
	if err != nil {
		t.Fatal(err)
	}
	w.Auth = a
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// publicKey is what an attacker reads from our JWKS.
func (w *world) publicKey(t testing.TB) ed25519.PublicKey {
	t.Helper()
	x, err := base64.RawURLEncoding.DecodeString(w.JWKS().Keys[0].X)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// city makes a token like the city's login service, changed by edit.
func city(t testing.TB, edit ...func(jwt.MapClaims)) string {
	t.Helper()
	return sign(t, jwt.SigningMethodHS256, secret, cityClaims(edit...))
}

func cityClaims(edit ...func(jwt.MapClaims)) jwt.MapClaims {
	c := jwt.MapClaims{
		"sub": "6f1c1e0a-0000-4000-8000-000000000001", "email": "a@example.org", "name": "Alice",
		"roles": []string{"user"}, "type": "access", "iss": "daarion-auth",
		"iat": start.Unix(), "exp": start.Add(time.Hour).Unix(),
	}
	for _, e := range edit {
		e(c)
	}
	return c
}

func set(name string, value any) func(jwt.MapClaims) {
	return func(c jwt.MapClaims) { c[name] = value }
}

func sign(t testing.TB, method jwt.SigningMethod, key any, c jwt.Claims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, c).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func request(t testing.TB, url string, header ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

// wantCode fails unless err is an [spaces.Error] with this code.
func wantCode(t testing.TB, err error, code spaces.Code) {
	t.Helper()
	_ = refusal(t, err, code)
}

// refusal returns err as the [spaces.Error] with this code that it must be.
func refusal(t testing.TB, err error, code spaces.Code) *spaces.Error {
	t.Helper()
	e, ok := errors.AsType[*spaces.Error](err)
	if !ok {
		t.Fatalf("got error %v, want a spaces.Error with code %s", err, code)
	}
	if e.Code != code {
		t.Fatalf("got code %s (%v), want %s", e.Code, err, code)
	}
	return e
}

// memory is a store that the test can switch off.
type memory struct {
	auth.Store // nil: the rest is tested on a real one

	mu      sync.Mutex
	tickets map[string]ticket
	members []store.Membership
	revoked []string
	away    error
}

type ticket struct {
	body    json.RawMessage
	expires time.Time
}

func (m *memory) PutTicket(_ context.Context, hash string, body json.RawMessage, expires time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return m.away
	}
	m.tickets[hash] = ticket{body, expires}
	return nil
}

func (m *memory) TakeTicket(_ context.Context, hash string, now time.Time) (json.RawMessage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return nil, m.away
	}
	found, ok := m.tickets[hash]
	delete(m.tickets, hash)
	if !ok || !now.Before(found.expires) {
		return nil, &spaces.Error{Code: spaces.CodeUnauthenticated, Message: "no such ticket"}
	}
	return found.body, nil
}

func (m *memory) Members(context.Context) ([]store.Membership, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]store.Membership(nil), m.members...), m.away
}

func (m *memory) Revoked(context.Context, time.Time) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.revoked...), m.away
}

func (m *memory) revoke(login string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.revoked = append(m.revoked, login)
}

func (m *memory) set(away error, members ...store.Membership) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away, m.members = away, members
}

// current is the viewer with the rights they have now; nobody once revoked.
func current(w *world, v spaces.Viewer) spaces.Viewer {
	now, ok := w.Current(v)
	if !ok {
		return spaces.Viewer{}
	}
	return now
}
