package auth_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"presence/gateway/auth"
	"presence/spaces"
)

func (w *town) refresh(t testing.TB, a *auth.Auth, token string) auth.Login {
	t.Helper()
	login, err := a.Refresh(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return login
}

// TestRefreshRotates: each refresh token is good once, at any gateway, and the
// login stays the same.
func TestRefreshRotates(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	first := w.logIn(t, w.Auth)
	gateways := []*auth.Auth{w.Auth, w.gateway(t)}
	login := first
	for i := range 5 {
		w.advance(14 * time.Minute)
		next := w.refresh(t, gateways[i%2], login.Refresh)
		if next.Refresh == login.Refresh || next.Token.Token == login.Token.Token {
			t.Fatal("the tokens are the same as before")
		}
		if next.Viewer.Login != first.Viewer.Login || next.Viewer.Subject != "hive:alice" || !next.RefreshExpires.Equal(first.RefreshExpires) {
			t.Fatalf("got %+v until %s", next.Viewer, next.RefreshExpires)
		}
		if _, _, err := w.Viewer(t.Context(), next.Token.Token); err != nil {
			t.Fatal(err)
		}
		login = next
	}
}

// TestLostAnswer: a client that asks again at once gets the same refresh token,
// and that does not keep the old one alive.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	login := w.logIn(t, w.Auth)
	var crowd sync.WaitGroup
	answers := make([]string, 8)
	for i := range answers {
		crowd.Go(func() {
			next, err := w.Refresh(t.Context(), login.Refresh)
			if err != nil {
				t.Error(err)
			}
			answers[i] = next.Refresh
		})
	}
	crowd.Wait()
	for _, answer := range answers {
		if answer != answers[0] {
			t.Fatalf("different answers: %q", answers)
		}
	}
	w.advance(10 * time.Second)
	w.refresh(t, w.Auth, login.Refresh)
	w.advance(time.Second)
	_, err := w.Refresh(t.Context(), login.Refresh)
	wantCode(t, err, spaces.CodeUnauthenticated)
}

// TestReuseEndsTheLogin: whoever of owner and thief comes second ends it for
// both.
func TestReuseEndsTheLogin(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	login := w.logIn(t, w.Auth)
	second := w.refresh(t, w.Auth, login.Refresh)
	third := w.refresh(t, w.Auth, second.Refresh)
	_, err := w.Refresh(t.Context(), login.Refresh)
	if e := refusal(t, err, spaces.CodeUnauthenticated); !strings.Contains(e.Message, "used before") {
		t.Errorf("got %v", err)
	}
	if _, ok := w.Current(third.Viewer); ok {
		t.Error("a live socket goes on")
	}
	_, _, err = w.Viewer(t.Context(), third.Token.Token)
	wantCode(t, err, spaces.CodeUnauthenticated)
	for _, a := range []*auth.Auth{w.Auth, w.gateway(t)} {
		_, err = a.Refresh(t.Context(), third.Refresh)
		wantCode(t, err, spaces.CodeUnauthenticated)
	}
}

func TestRefreshRefuses(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	login := w.logIn(t, w.Auth)
	parts := strings.Split(login.Refresh, ".")
	other := w.gateway(t, func(c *auth.Config) { c.Secret = []byte("another secret of the same length!") })
	forged := w.logIn(t, other)
	for name, token := range map[string]string{
		"empty":            "",
		"rubbish":          "x",
		"dots":             "...",
		"an access token":  login.Token.Token,
		"no MAC":           parts[0] + "." + parts[1] + ".",
		"next generation":  parts[0] + ".2." + parts[2],
		"another login":    strings.Repeat("0", 32) + "." + parts[1] + "." + parts[2],
		"another secret's": forged.Refresh,
		"huge":             strings.Repeat("a.", 1000),
	} {
		_, err := w.Refresh(t.Context(), token)
		e := refusal(t, err, spaces.CodeUnauthenticated)
		if token != "" && len(token) > 5 && strings.Contains(e.Error(), token) {
			t.Errorf("%s: the error repeats the token", name)
		}
	}
	w.refresh(t, w.Auth, login.Refresh) // a guess harms nobody
}

// TestLoginEnds: refreshing goes on for thirty days and no longer.
func TestLoginEnds(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	login := w.logIn(t, w.Auth)
	w.at(start.Add(30*24*time.Hour - 5*time.Minute))
	last := w.refresh(t, w.Auth, login.Refresh)
	if end := start.Add(30 * 24 * time.Hour); !last.Expires.Equal(end) {
		t.Errorf("the last token is good until %s, after the login's end %s", last.Expires, end)
	}
	w.at(start.Add(30 * 24 * time.Hour))
	_, err := w.Refresh(t.Context(), last.Refresh)
	wantCode(t, err, spaces.CodeUnauthenticated)
}

// TestKeyChangeEndsLogin: at the next refresh; while no node answers nothing is
// refreshed and nothing ended.
func TestKeyChangeEndsLogin(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	login := w.logIn(t, w.Auth)
	w.advance(2 * time.Minute)
	w.hive.goAway(true)
	_, err := w.Refresh(t.Context(), login.Refresh)
	wantCode(t, err, spaces.CodeUnavailable)
	w.hive.goAway(false)
	w.advance(3 * time.Second)
	login = w.refresh(t, w.Auth, login.Refresh)
	w.hive.set("alice", keyOf(t, bobby))
	w.advance(time.Minute)
	_, err = w.Refresh(t.Context(), login.Refresh)
	if e := refusal(t, err, spaces.CodeUnauthenticated); !strings.Contains(e.Message, "key") {
		t.Errorf("got %v", err)
	}
	if _, ok := w.Current(login.Viewer); ok {
		t.Error("a live socket goes on")
	}
}

func TestLogout(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	login, other := w.logIn(t, w.Auth), w.logIn(t, w.Auth)
	ticket, _, err := w.Ticket(t.Context(), login.Viewer, login.Expires)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Logout(t.Context(), login.Viewer); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.Viewer(t.Context(), login.Token.Token)
	wantCode(t, err, spaces.CodeUnauthenticated)
	_, _, err = w.FromRequest(request(t, "/?ticket="+ticket))
	wantCode(t, err, spaces.CodeUnauthenticated)
	_, err = w.Refresh(t.Context(), login.Refresh)
	wantCode(t, err, spaces.CodeUnauthenticated)
	if _, ok := w.Current(other.Viewer); !ok {
		t.Error("another login of the same account ended as well")
	}
	wantCode(t, w.Logout(t.Context(), spaces.Viewer{Subject: "a city user"}), spaces.CodeInvalid)

	rows, err := w.db.AuditLog(t.Context(), spaces.Key{}, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3 || rows[0].Action != "end_login" || rows[0].Subject != "hive:alice" || rows[0].Target != login.Viewer.Login || rows[1].Action != "login" {
		t.Errorf("the audit log says %+v", rows)
	}
}

// TestMintedTokenCanBeRevoked: by the id in it, for one that leaked.
func TestMintedTokenCanBeRevoked(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	leaked, kept := mint(t, w.world, auth.Grant{Subject: "op"}), mint(t, w.world, auth.Grant{Subject: "op"})
	w.Revoked(leaked.Viewer.Login)
	_, _, err := w.Viewer(t.Context(), leaked.Token)
	wantCode(t, err, spaces.CodeUnauthenticated)
	if _, _, err := w.Viewer(t.Context(), kept.Token); err != nil {
		t.Error(err)
	}
}

// TestCityTokensAreNoLogins: our words in somebody else's token mean nothing.
func TestCityTokensAreNoLogins(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	token := city(t, set("sid", "guest:x"), set("scope", "enter:global:lobby:main"), set("sid_exp", start.Add(1000*time.Hour).Unix()))
	v, expires, err := w.Viewer(t.Context(), token)
	if err != nil || v.Login != "" || len(v.Scopes) != 0 || !expires.Equal(start.Add(time.Hour)) {
		t.Errorf("got %+v until %s, %v", v, expires, err)
	}
}

// TestGuestCanBeRevoked: although no guest is stored anywhere.
func TestGuestCanBeRevoked(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	guest, err := w.Guest("")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.Guest(guest.Token); err != nil || again.Viewer.Subject != guest.Viewer.Subject {
		t.Fatalf("not the same guest: %+v, %v", again.Viewer, err)
	}
	if err := w.Logout(t.Context(), guest.Viewer); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.Viewer(t.Context(), guest.Token)
	wantCode(t, err, spaces.CodeUnauthenticated)
	if again, err := w.Guest(guest.Token); err != nil || again.Viewer.Subject == guest.Viewer.Subject {
		t.Errorf("the revoked guest comes back: %+v, %v", again.Viewer, err)
	}
}

func TestTicketsKeepLoginAndScopes(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	login := w.logIn(t, w.Auth)
	v := login.Viewer
	v.Scopes = []string{"enter:global:lobby:main"}
	ticket, _, err := w.Ticket(t.Context(), v, login.Expires)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := w.FromRequest(request(t, "/?ticket="+ticket))
	if err != nil || got.Login != v.Login || len(got.Scopes) != 1 || got.Scopes[0] != v.Scopes[0] {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestJoinNarrows: a token for one space opens no other, no other audience, and
// nothing wider can be made from it.
func TestJoinNarrows(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	login := w.logIn(t, w.Auth)
	lobby := spaces.Key{Type: spaces.TypeGlobal, ID: spaces.Lobby, Subspace: spaces.MainSubspace}
	post := spaces.Key{Type: spaces.TypePost, ID: "alice/my-room", Subspace: spaces.MainSubspace}
	until := start.Add(time.Hour)
	token, err := w.Join(login.Viewer, until, auth.AudienceRealtime, lobby, spaces.ActEnter, spaces.ActWrite)
	if err != nil || !token.Expires.Equal(start.Add(auth.AccessTTL)) {
		t.Fatalf("until %s, %v", token.Expires, err)
	}
	_, _, err = w.FromRequest(request(t, "/", "Authorization", "Bearer "+token.Token))
	if e := refusal(t, err, spaces.CodeUnauthenticated); !strings.Contains(e.Message, "(aud)") {
		t.Errorf("on REST: %v", err)
	}
	for header, value := range map[string]string{"Upgrade": "websocket", "Accept": "text/event-stream"} { // only GET opens either
		post := request(t, "/", "Authorization", "Bearer "+token.Token, header, value)
		post.Method = http.MethodPost
		_, _, err = w.FromRequest(post)
		wantCode(t, err, spaces.CodeUnauthenticated)
	}
	socket := request(t, "/", "Authorization", "Bearer "+token.Token, "Upgrade", "websocket")
	v, expires, err := w.FromRequest(socket)
	if err != nil || v.Login != login.Viewer.Login || !expires.Equal(until) {
		t.Fatalf("%+v until %s, %v", v, expires, err)
	}
	for action, want := range map[spaces.Action]bool{spaces.ActSee: true, spaces.ActEnter: true, spaces.ActRead: true, spaces.ActWrite: true, spaces.ActModerate: false, spaces.ActSettings: false} {
		if v.Allows(action, lobby) != want || v.Allows(action, post) {
			t.Errorf("%s: %t in the lobby, %t elsewhere", action, v.Allows(action, lobby), v.Allows(action, post))
		}
	}
	for name, c := range map[string]struct {
		k spaces.Key
		a spaces.Action
	}{"another space": {post, spaces.ActEnter}, "another action": {lobby, spaces.ActModerate}} {
		_, err := w.Join(v, until, auth.AudienceRealtime, c.k, c.a)
		if spaces.ErrorCode(err) != spaces.CodeForbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	voice, err := w.Join(login.Viewer, until, auth.AudienceVoice, lobby, spaces.ActEnter)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = w.FromRequest(request(t, "/", "Authorization", "Bearer "+voice.Token, "Upgrade", "websocket"))
	wantCode(t, err, spaces.CodeUnauthenticated)
	if err := w.Logout(t.Context(), login.Viewer); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.FromRequest(socket)
	wantCode(t, err, spaces.CodeUnauthenticated)
}

// TestRevocationReachesOtherGateways: within seconds, by what Run reads.
func TestRevocationReachesOtherGateways(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.Run(ctx) }()
		synctest.Wait()
		guest, err := w.Guest("")
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := w.Current(guest.Viewer); !ok {
			t.Error("revoked too early")
		}
		w.store.revoke(guest.Viewer.Login)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if _, ok := w.Current(guest.Viewer); ok {
			t.Error("a revoked login still holds after 2 s")
		}
		_, _, err = w.Viewer(ctx, guest.Token)
		wantCode(t, err, spaces.CodeUnauthenticated)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestRevokedByHearsay: what another gateway told holds before the store was
// read.
func TestRevokedByHearsay(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	login := w.logIn(t, w.Auth)
	other := w.gateway(t)
	here := w.gateway(t, func(c *auth.Config) { c.Tell = other.Revoked })
	if _, ok := other.Current(login.Viewer); !ok {
		t.Fatal("revoked too early")
	}
	if err := here.Logout(t.Context(), login.Viewer); err != nil {
		t.Fatal(err)
	}
	if _, ok := other.Current(login.Viewer); ok {
		t.Error("hearsay does not count")
	}
}

// TestLiveKeyChange: a socket that needs no refresh ends when the key has left
// the account.
func TestLiveKeyChange(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	login := w.logIn(t, w.Auth)
	w.hive.set("alice", keyOf(t, bobby))
	w.advance(time.Minute)
	if _, ok := w.Current(login.Viewer); !ok {
		t.Fatal("revoked too early")
	}
	w.AskKeys(t.Context())
	if _, ok := w.Current(login.Viewer); ok {
		t.Error("the socket goes on")
	}
}
