package api_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"

	"presence/gateway/api"
	"presence/gateway/auth"
	"presence/gateway/auth/hive"
	"presence/spaces"
)

// wallet is a Hive account's key, and the node that knows it.
type wallet struct {
	key  *secp256k1.PrivateKey
	node *httptest.Server
}

func newWallet(t *testing.T) *wallet {
	t.Helper()
	w := &wallet{key: secp256k1.PrivKeyFromBytes([]byte("alice, who is nobody in earnest."))}
	public, err := hive.Recover("x", w.sign("x"))
	if err != nil {
		t.Fatal(err)
	}
	w.node = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(out, `{"result":[{"name":"alice","posting":{"weight_threshold":1,"key_auths":[[%q,1]]}}]}`, public)
	}))
	t.Cleanup(w.node.Close)
	return w
}

func (w *wallet) sign(text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(ecdsa.SignCompact(w.key, digest[:], true))
}

// newTown is a world in which people can log in by Hive and, of example.org, by
// Matrix.
func newTown(t *testing.T, w *wallet) *world {
	t.Helper()
	matrix := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(out, `{"sub":"@bob:example.org"}`)
	}))
	t.Cleanup(matrix.Close)
	who, err := auth.New(auth.Config{
		Secret: []byte("a secret for tests"), Log: slog.New(slog.DiscardHandler), PublicURL: "https://city.example.org",
		HiveNodes: []string{w.node.URL}, MatrixServers: map[string]string{"example.org": matrix.URL},
	}, openStore(t), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	town := newWorld(t, func(c *api.Config) { c.Identity = who })
	town.auth = who
	return town
}

type loginAnswer struct {
	Token        string    `json:"token"`
	TokenType    string    `json:"token_type"`
	ExpiresAt    time.Time `json:"expires_at"`
	ExpiresIn    int       `json:"expires_in"`
	RefreshToken string    `json:"refresh_token"`
	RefreshUntil time.Time `json:"refresh_expires_at"`
	Viewer       struct {
		Subject string `json:"subject"`
		Name    string `json:"name"`
		Guest   bool   `json:"guest"`
	} `json:"viewer"`
}

func (w *world) post(path string, body any, header ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, path, strings.NewReader(string(text)))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	w.mux.ServeHTTP(answer, r)
	return answer
}

func (w *world) login(answer *httptest.ResponseRecorder) (l loginAnswer) {
	w.t.Helper()
	if answer.Code != http.StatusOK || answer.Header().Get("Cache-Control") != "no-store" {
		w.t.Fatalf("%d %v %s", answer.Code, answer.Header(), answer.Body)
	}
	decodeStrictly(w.t, answer.Body, &l)
	return l
}

// TestHiveOverREST walks through a whole login: challenge, answer, who am I,
// refresh, logout.
func TestHiveOverREST(t *testing.T) {
	t.Parallel()
	alice := newWallet(t)
	w := newTown(t, alice)
	var challenge struct {
		Challenge string    `json:"challenge"`
		ExpiresAt time.Time `json:"expires_at"`
		ExpiresIn int       `json:"expires_in"`
	}
	answer := w.post("/api/auth/hive/challenge", map[string]string{"account": "alice", "purpose": "login"})
	if answer.Code != http.StatusOK {
		t.Fatal(answer.Body)
	}
	decodeStrictly(t, answer.Body, &challenge)
	if !strings.Contains(challenge.Challenge, "city.example.org") || challenge.ExpiresIn < 290 {
		t.Errorf("got %+v", challenge)
	}
	proof := map[string]string{"account": "alice", "challenge": challenge.Challenge, "signature": alice.sign(challenge.Challenge)}
	login := w.login(w.post("/api/auth/hive", proof))
	if login.Viewer.Subject != "hive:alice" || login.Viewer.Name != "alice" || login.Viewer.Guest || login.RefreshToken == "" || login.TokenType != "Bearer" {
		t.Fatalf("got %+v", login)
	}
	refused(t, w.post("/api/auth/hive", proof), http.StatusUnauthorized, spaces.CodeUnauthenticated)

	next := w.login(w.post("/api/auth/refresh", map[string]string{"refresh_token": login.RefreshToken}))
	bearer := []string{"Authorization", "Bearer " + next.Token}
	var me struct {
		Subject   string    `json:"subject"`
		Name      string    `json:"name"`
		Guest     bool      `json:"guest"`
		Account   string    `json:"account"`
		Admin     bool      `json:"admin"`
		MicroDAOs []string  `json:"microdaos"`
		Scopes    []string  `json:"scopes"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	w.get("/api/auth/me", &me, bearer...)
	if me.Subject != "hive:alice" || me.Account != "alice" || me.Guest || me.Admin || me.MicroDAOs == nil || me.Scopes == nil {
		t.Errorf("got %+v", me)
	}
	if out := w.post("/api/auth/logout", nil, bearer...); out.Code != http.StatusNoContent {
		t.Fatalf("logout: %d %s", out.Code, out.Body)
	}
	refused(t, w.do(http.MethodGet, "/api/auth/me", bearer...), http.StatusUnauthorized, spaces.CodeUnauthenticated)
	refused(t, w.post("/api/auth/refresh", map[string]string{"refresh_token": next.RefreshToken}), http.StatusUnauthorized, spaces.CodeUnauthenticated)
}

// TestOldClientsOverREST: their headers open every path that a token opens.
func TestOldClientsOverREST(t *testing.T) {
	t.Parallel()
	alice := newWallet(t)
	w := newTown(t, alice)
	now := fmt.Sprint(time.Now().Unix())
	headers := []string{"X-Account", "alice", "X-Challenge", now, "X-Signature", alice.sign(now)}
	for range 2 {
		var me map[string]any
		w.get("/api/auth/me", &me, headers...)
		if me["account"] != "alice" {
			t.Errorf("got %v", me)
		}
	}
	bad := append([]string{}, headers...)
	bad[1] = "bobby"
	p := refused(t, w.do(http.MethodGet, "/api/city/rooms", bad...), http.StatusUnauthorized, spaces.CodeUnauthenticated)
	if len(p.Errors) != 1 || p.Errors[0].Location != "header.X-Signature" && p.Errors[0].Location != "header.X-Account" {
		t.Errorf("got %+v", p)
	}
	// The shipped wallet names whoever uses it and signs nothing: a stranger.
	unsigned := []string{"Authorization", "Bearer :alice"}
	if answer := w.do(http.MethodGet, "/api/city/rooms", unsigned...); answer.Code != http.StatusOK {
		t.Errorf("got %d %s", answer.Code, answer.Body)
	}
	refused(t, w.do(http.MethodGet, "/api/auth/me", unsigned...), http.StatusUnauthorized, spaces.CodeUnauthenticated)
}

func TestMatrixOverREST(t *testing.T) {
	t.Parallel()
	w := newTown(t, newWallet(t))
	token := map[string]any{"access_token": "x", "token_type": "Bearer", "matrix_server_name": "example.org", "expires_in": 3600}
	if login := w.login(w.post("/api/auth/matrix", token)); login.Viewer.Subject != "matrix:@bob:example.org" || login.RefreshToken == "" {
		t.Errorf("got %+v", login)
	}
	refused(t, w.post("/api/auth/matrix", token), http.StatusUnauthorized, spaces.CodeUnauthenticated)
	token["matrix_server_name"] = "other.org"
	p := refused(t, w.post("/api/auth/matrix", token), http.StatusForbidden, spaces.CodeForbidden)
	if !strings.Contains(p.Detail, "MATRIX_OPENID_SERVERS") {
		t.Errorf("got %+v", p)
	}
}

// TestLoginsRefuse: wrong bodies name the field and never repeat what was sent.
func TestLoginsRefuse(t *testing.T) {
	t.Parallel()
	w := newTown(t, newWallet(t))
	for name, c := range map[string]struct {
		path   string
		body   any
		status int
	}{
		"no account":     {"/api/auth/hive/challenge", map[string]any{}, 422},
		"account a list": {"/api/auth/hive/challenge", map[string]any{"account": []string{"hunter2"}}, 422},
		"bad account":    {"/api/auth/hive/challenge", map[string]any{"account": "Hunter2"}, 422},
		"injection":      {"/api/auth/hive/challenge", map[string]any{"account": "alice", "purpose": "x\nhunter2"}, 422},
		"no signature":   {"/api/auth/hive", map[string]any{"account": "alice", "challenge": "hunter2"}, 422},
		"no challenge":   {"/api/auth/hive", map[string]any{"account": "alice", "challenge": "hunter2", "signature": "hunter2"}, 401},
		"huge":           {"/api/auth/hive", map[string]any{"account": "alice", "challenge": strings.Repeat("hunter2", 5000), "signature": "x"}, 413},
		"no token":       {"/api/auth/matrix", map[string]any{"token_type": "Bearer", "matrix_server_name": "example.org"}, 422},
		"token a number": {"/api/auth/matrix", map[string]any{"access_token": 7, "token_type": "Bearer", "matrix_server_name": "example.org"}, 422},
		"no refresh":     {"/api/auth/refresh", map[string]any{}, 422},
		"rubbish":        {"/api/auth/refresh", map[string]any{"refresh_token": "hunter2"}, 401},
		"a long refresh": {"/api/auth/refresh", map[string]any{"refresh_token": strings.Repeat("hunter2", 100)}, 422},
	} {
		answer := w.post(c.path, c.body)
		if answer.Code != c.status {
			t.Errorf("%s: got %d %s, want %d", name, answer.Code, answer.Body, c.status)
		}
		if strings.Contains(strings.ToLower(answer.Body.String()), "hunter2") {
			t.Errorf("%s: the answer repeats the input: %s", name, answer.Body)
		}
	}
}
