package auth_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"maunium.net/go/mautrix/federation"

	"presence/gateway/auth"
	"presence/spaces"
)

// homeserver knows the holders of some OpenID tokens.
func homeserver(t *testing.T, holders map[string]string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		holder, known := holders[r.URL.Query().Get("access_token")]
		switch {
		case r.URL.Path != "/_matrix/federation/v1/openid/userinfo":
			http.NotFound(w, r)
		case !known:
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"errcode":"M_UNKNOWN_TOKEN"}`)
		default:
			fmt.Fprint(w, holder)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func openID(token string) auth.OpenIDToken {
	return auth.OpenIDToken{AccessToken: token, TokenType: "Bearer", Server: "example.org"}
}

// TestMatrixLogin: a server next door is asked at the URL the operator set, and
// each token is good once at all gateways together.
func TestMatrixLogin(t *testing.T) {
	t.Parallel()
	s := homeserver(t, map[string]string{"good": `{"sub":"@alice:example.org"}`})
	w := newTown(t, func(c *auth.Config) { c.MatrixServers = map[string]string{"example.org": s.URL + "/"} })
	login, err := w.MatrixLogin(t.Context(), openID("good"))
	if err != nil {
		t.Fatal(err)
	}
	if v := login.Viewer; v.Subject != "matrix:@alice:example.org" || v.Name != "@alice:example.org" || v.Guest || v.Login == "" {
		t.Errorf("got %+v", v)
	}
	if end := start.Add(12 * time.Hour); !login.RefreshExpires.Equal(end) {
		t.Errorf("the login lasts until %s", login.RefreshExpires)
	}
	w.advance(time.Minute)
	w.refresh(t, w.Auth, login.Refresh)
	other := w.gateway(t, func(c *auth.Config) { c.MatrixServers = map[string]string{"example.org": s.URL} })
	for _, a := range []*auth.Auth{w.Auth, other} {
		_, err := a.MatrixLogin(t.Context(), openID("good"))
		if e := refusal(t, err, spaces.CodeUnauthenticated); !strings.Contains(e.Message, "used already") {
			t.Errorf("a replay: %v", err)
		}
	}
}

func TestMatrixTokenHasOneTaker(t *testing.T) {
	t.Parallel()
	s := homeserver(t, map[string]string{"good": `{"sub":"@alice:example.org"}`})
	w := newTown(t, func(c *auth.Config) { c.MatrixServers = map[string]string{"example.org": s.URL} })
	var crowd sync.WaitGroup
	var logins atomic.Int64
	for range 8 {
		crowd.Go(func() {
			_, err := w.MatrixLogin(t.Context(), openID("good"))
			if err == nil {
				logins.Add(1)
			} else if spaces.ErrorCode(err) != spaces.CodeUnauthenticated {
				t.Error(err)
			}
		})
	}
	crowd.Wait()
	if logins.Load() != 1 {
		t.Errorf("%d logins with one token", logins.Load())
	}
}

func TestMatrixLoginRefuses(t *testing.T) {
	t.Parallel()
	s := homeserver(t, map[string]string{
		"mallory": `{"sub":"@mallory:other.org"}`,
		"suffix":  `{"sub":"@mallory:evil.example.org"}`,
		"port":    `{"sub":"@mallory:example.org:8448"}`,
		"nobody":  `{}`,
		"no id":   `{"sub":"mallory"}`,
		"lines":   `{"sub":"@mal\nlory:example.org"}`,
		"spaces":  `{"sub":"@mal lory:example.org"}`,
		"spoof":   `{"sub":"@mal\u202elory:example.org"}`,
		"long":    `{"sub":"@` + strings.Repeat("m", 245) + `:example.org"}`,
		"no JSON": `<html>`,
	})
	w := newTown(t, func(c *auth.Config) {
		c.MatrixServers = map[string]string{"example.org": s.URL, "down.org": "http://127.0.0.1:1"}
	})
	for name, c := range map[string]struct {
		token auth.OpenIDToken
		code  spaces.Code
		says  string
	}{
		"foreign sub":      {openID("mallory"), spaces.CodeUnauthenticated, "not of this server"},
		"subdomain":        {openID("suffix"), spaces.CodeUnauthenticated, "not of this server"},
		"another port":     {openID("port"), spaces.CodeUnauthenticated, "not of this server"},
		"no sub":           {openID("nobody"), spaces.CodeUnauthenticated, "not of this server"},
		"no Matrix id":     {openID("no id"), spaces.CodeUnauthenticated, "not of this server"},
		"lines in the id":  {openID("lines"), spaces.CodeUnauthenticated, "not of this server"},
		"spaces in the id": {openID("spaces"), spaces.CodeUnauthenticated, "not of this server"},
		"a turned id":      {openID("spoof"), spaces.CodeUnauthenticated, "not of this server"},
		"a long id":        {openID("long"), spaces.CodeUnauthenticated, ""},
		"unknown token":    {openID("hunter2"), spaces.CodeUnauthenticated, "not known to its server"},
		"no JSON":          {openID("no JSON"), spaces.CodeUnavailable, "does not answer"},
		"server is away":   {auth.OpenIDToken{AccessToken: "hunter2", TokenType: "Bearer", Server: "down.org"}, spaces.CodeUnavailable, "does not answer"},
		"not on the list":  {auth.OpenIDToken{AccessToken: "x", TokenType: "Bearer", Server: "other.org"}, spaces.CodeForbidden, "cannot log in here"},
		"no server":        {auth.OpenIDToken{AccessToken: "x", TokenType: "Bearer"}, spaces.CodeForbidden, "cannot log in here"},
		"another type":     {auth.OpenIDToken{AccessToken: "x", TokenType: "MAC", Server: "example.org"}, spaces.CodeInvalid, "Bearer"},
		"no token":         {openID(""), spaces.CodeInvalid, "1 to 1024"},
		"a huge token":     {openID(strings.Repeat("x", 1025)), spaces.CodeInvalid, "1 to 1024"},
	} {
		_, err := w.MatrixLogin(t.Context(), c.token)
		if e := refusal(t, err, c.code); !strings.Contains(e.Message, c.says) {
			t.Errorf("%s: got %q", name, e.Message)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error for the log repeats the token: %v", name, err)
		}
	}
}

// TestDiscoveryStaysPublic: a server that is allowed but found by discovery is
// never called at an address of this machine or network.
func TestDiscoveryStaysPublic(t *testing.T) {
	t.Parallel()
	var called atomic.Bool
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called.Store(true) }))
	t.Cleanup(s.Close)
	name := s.Listener.Addr().String()
	_, port, err := net.SplitHostPort(name)
	if err != nil {
		t.Fatal(err)
	}
	servers := map[string]string{name: "", "localhost:" + port: "", "[::ffff:127.0.0.1]:" + port: ""}
	w := newTown(t, func(c *auth.Config) { c.MatrixServers = servers })
	for server := range servers {
		_, err := w.MatrixLogin(t.Context(), auth.OpenIDToken{AccessToken: "hunter2", TokenType: "Bearer", Server: server})
		wantCode(t, err, spaces.CodeUnavailable)
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error for the log repeats the token: %v", err)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/.well-known/matrix/server", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := w.WellKnownClient().Do(r)
	if err == nil {
		_ = answer.Body.Close()
	}
	if !errors.Is(err, federation.ErrIPFiltered) {
		t.Errorf(".well-known of a private address: %v", err)
	}
	if called.Load() {
		t.Error("the server on this machine was called")
	}
}

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"9.9.9.9": true, "2620:fe::fe": true, "::ffff:9.9.9.9": true,
		"127.0.0.1": false, "::1": false, "::ffff:127.0.0.1": false, "0.0.0.0": false, "::": false,
		"10.0.0.1": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false,
		"0.1.2.3": false, "198.18.0.1": false, "192.0.0.8": false, "224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"fe80::1": false, "fc00::1": false, "fd12::1": false, "ff02::1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false,
	} {
		if auth.Public(net.ParseIP(address)) != want {
			t.Errorf("%s counts as public: %t", address, !want)
		}
	}
	if auth.Public(nil) {
		t.Error("no address counts as public")
	}
}
