package auth_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"

	"presence/gateway/auth"
	"presence/gateway/auth/hive"
	"presence/migrations"
	"presence/spaces/store"
)

// town is a gateway with a real database and a Hive node in the test's hands.
type town struct {
	*world
	db   *store.Store
	hive *node
}

func newTown(t testing.TB, edit ...func(*auth.Config)) *town {
	t.Helper()
	db, err := migrations.Open(t.Context(), "", t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &town{world: &world{now: start}, db: store.New(db), hive: newNode(t)}
	w.Auth = w.gateway(t, edit...)
	return w
}

// gateway is another gateway of the same town.
func (w *town) gateway(t testing.TB, edit ...func(*auth.Config)) *auth.Auth {
	t.Helper()
	cfg := auth.Config{
		Secret: secret, Admins: []string{"alice"}, Log: slog.New(slog.DiscardHandler),
		PublicURL: "https://city.example.org", HiveNodes: []string{w.hive.URL},
	}
	for _, e := range edit {
		e(&cfg)
	}
	a, err := auth.New(cfg, w.db, w.clock)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// node is a Hive node that knows the posting keys of some accounts.
type node struct {
	*httptest.Server
	mu   sync.Mutex
	keys map[string]hive.Key
	away bool
}

func newNode(t testing.TB) *node {
	t.Helper()
	n := &node{keys: map[string]hive.Key{"alice": keyOf(t, alice), "bobby": keyOf(t, bobby)}}
	n.Server = httptest.NewServer(http.HandlerFunc(n.answer))
	t.Cleanup(n.Close)
	return n
}

func (n *node) answer(w http.ResponseWriter, r *http.Request) {
	var question struct{ Params [][]string }
	if err := json.NewDecoder(r.Body).Decode(&question); err != nil {
		http.Error(w, "what?", http.StatusBadRequest)
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	account := question.Params[0][0]
	key, known := n.keys[account]
	switch {
	case n.away:
		w.WriteHeader(http.StatusBadGateway)
	case !known:
		fmt.Fprint(w, `{"result":[]}`)
	default:
		fmt.Fprintf(w, `{"result":[{"name":%q,"posting":{"weight_threshold":1,"key_auths":[[%q,1]]}}]}`, account, key)
	}
}

func (n *node) set(account string, key hive.Key) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keys[account] = key
}

func (n *node) goAway(away bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.away = away
}

// Throw-away keys of the tests' people.
var (
	alice = secp256k1.PrivKeyFromBytes([]byte("alice, who is nobody in earnest."))
	bobby = secp256k1.PrivKeyFromBytes([]byte("bobby, who is nobody in earnest."))
)

// signText signs as a Hive wallet does.
func signText(key *secp256k1.PrivateKey, text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(ecdsa.SignCompact(key, digest[:], true))
}

func keyOf(t testing.TB, key *secp256k1.PrivateKey) hive.Key {
	t.Helper()
	public, err := hive.Recover("x", signText(key, "x"))
	if err != nil {
		t.Fatal(err)
	}
	return public
}

// logIn logs alice in by the preferred form.
func (w *town) logIn(t testing.TB, a *auth.Auth) auth.Login {
	t.Helper()
	text, _, err := a.Challenge(t.Context(), "alice", auth.PurposeLogin)
	if err != nil {
		t.Fatal(err)
	}
	login, err := a.HiveLogin(t.Context(), "alice", text, signText(alice, text))
	if err != nil {
		t.Fatal(err)
	}
	return login
}

// at moves the clock.
func (w *town) at(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.world.now = now
}

// highTwin is the other signature of the same text and key, which Hive refuses.
func highTwin(t testing.TB, signature string) string {
	t.Helper()
	raw, err := hex.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	var s secp256k1.ModNScalar
	s.SetByteSlice(raw[33:])
	high := s.Negate().Bytes()
	copy(raw[33:], high[:])
	raw[0] = 31 + ((raw[0] - 31) ^ 1)
	return hex.EncodeToString(raw)
}
