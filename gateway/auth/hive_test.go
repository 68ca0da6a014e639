package auth_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"presence/gateway/auth"
	"presence/spaces"
)

func TestHiveLogin(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	text, expires, err := w.Challenge(t.Context(), "alice", auth.PurposeLogin)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"city.example.org ", "@alice ", "Purpose: login\n", "Issued: 2026-05-01T12:00:00Z\n", "Expires: 2026-05-01T12:05:00Z"} {
		if !strings.Contains(text, part) {
			t.Errorf("the challenge does not say %q:\n%s", part, text)
		}
	}
	if !expires.Equal(start.Add(5 * time.Minute)) {
		t.Errorf("got expiry %s", expires)
	}
	login, err := w.HiveLogin(t.Context(), "alice", text, signText(alice, text))
	if err != nil {
		t.Fatal(err)
	}
	v, until, err := w.Viewer(t.Context(), login.Token.Token)
	if err != nil || v.Subject != "hive:alice" || v.Name != "alice" || v.Guest || v.Login == "" || len(v.Scopes) != 0 {
		t.Errorf("got %+v, %v", v, err)
	}
	if len(v.Roles) != 1 || v.Roles[0] != spaces.RoleAdmin {
		t.Errorf("the bare name in SYSTEM_ADMINS gives roles %v", v.Roles)
	}
	if !until.Equal(start.Add(12*time.Hour)) || !login.Expires.Equal(start.Add(15*time.Minute)) {
		t.Errorf("a socket may stay until %s, the token is good until %s", until, login.Expires)
	}
	_, err = w.HiveLogin(t.Context(), "alice", text, signText(alice, text))
	wantCode(t, err, spaces.CodeUnauthenticated)
}

// TestHiveLoginRefuses: no wrong answer is believed, and none uses the challenge
// up.
func TestHiveLoginRefuses(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	text, _, err := w.Challenge(t.Context(), "alice", auth.PurposeLogin)
	if err != nil {
		t.Fatal(err)
	}
	link, _, err := w.Challenge(t.Context(), "alice", "link to @alice:example.org")
	if err != nil {
		t.Fatal(err)
	}
	good := signText(alice, text)
	for name, c := range map[string]struct{ account, challenge, signature, field, says string }{
		"another's key":     {"alice", text, signText(bobby, text), "body.signature", "posting key"},
		"another's account": {"bobby", text, signText(bobby, text), "body.challenge", "another account"},
		"another purpose":   {"alice", link, signText(alice, link), "body.challenge", "another account or purpose"},
		"a changed text":    {"alice", text + " ", signText(alice, text+" "), "body.challenge", "not one of ours"},
		"own text":          {"alice", "1777636800", signText(alice, "1777636800"), "body.challenge", "not one of ours"},
		"other signature":   {"alice", text, signText(alice, "x"), "body.signature", "posting key"},
		"no signature":      {"alice", text, "", "body.signature", "missing"},
		"rubbish signature": {"alice", text, "1f", "body.signature", "130 hex digits"},
		"no account":        {"", text, good, "body.account", "Hive account name"},
		"bad account":       {"Alice", text, good, "body.account", "Hive account name"},
		"huge challenge":    {"alice", strings.Repeat("x", 2000), good, "body.challenge", "over 1024"},
	} {
		_, err := w.HiveLogin(t.Context(), c.account, c.challenge, c.signature)
		e := refusal(t, err, spaces.CodeUnauthenticated)
		if e.Field != c.field || !strings.Contains(e.Message, c.says) || e.Fix == "" {
			t.Errorf("%s: got %q: %q", name, e.Field, e.Message)
		}
		if len(c.signature) > 10 && strings.Contains(e.Error(), c.signature[:10]) {
			t.Errorf("%s: the error repeats the signature", name)
		}
	}
	if _, err := w.HiveLogin(t.Context(), "alice", text, good); err != nil {
		t.Errorf("after all that the right answer: %v", err)
	}
}

func TestChallengeIsOver(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	text, expires, err := w.Challenge(t.Context(), "alice", auth.PurposeLogin)
	if err != nil {
		t.Fatal(err)
	}
	w.at(expires)
	_, err = w.HiveLogin(t.Context(), "alice", text, signText(alice, text))
	wantCode(t, err, spaces.CodeUnauthenticated)
}

// TestChallengeText: neither account nor purpose can add words of their own to
// what a wallet shows.
func TestChallengeText(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	for _, c := range []struct{ account, purpose, field string }{
		{"alice\nPurpose: x", "login", "body.account"},
		{"Alice", "login", "body.account"},
		{"", "login", "body.account"},
		{"alice", "", "body.purpose"},
		{"alice", "login\nExpires: never", "body.purpose"},
		{"alice", "login\u202e", "body.purpose"},
		{"alice", strings.Repeat("x", 301), "body.purpose"},
	} {
		_, _, err := w.Challenge(t.Context(), c.account, c.purpose)
		if e := refusal(t, err, spaces.CodeInvalid); e.Field != c.field {
			t.Errorf("%q, %q: got field %q", c.account, c.purpose, e.Field)
		}
	}
}

// TestChallengeHasOneTaker: also when the answers arrive at once, at different
// gateways.
func TestChallengeHasOneTaker(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	gateways := []*auth.Auth{w.Auth, w.gateway(t)}
	text, _, err := w.Challenge(t.Context(), "alice", auth.PurposeLogin)
	if err != nil {
		t.Fatal(err)
	}
	signature := signText(alice, text)
	var crowd sync.WaitGroup
	var logins atomic.Int64
	for i := range 10 {
		crowd.Go(func() {
			_, err := gateways[i%2].HiveLogin(t.Context(), "alice", text, signature)
			if err == nil {
				logins.Add(1)
			} else if spaces.ErrorCode(err) != spaces.CodeUnauthenticated {
				t.Error(err)
			}
		})
	}
	crowd.Wait()
	if logins.Load() != 1 {
		t.Errorf("%d logins with one challenge", logins.Load())
	}
}

// TestNoNodeNoLogin: nobody gets in while the keys cannot be checked, and the
// challenge is still good afterwards.
func TestNoNodeNoLogin(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	text, _, err := w.Challenge(t.Context(), "alice", auth.PurposeLogin)
	if err != nil {
		t.Fatal(err)
	}
	w.hive.goAway(true)
	_, err = w.HiveLogin(t.Context(), "alice", text, signText(alice, text))
	wantCode(t, err, spaces.CodeUnavailable)
	if errors.Is(err, auth.ErrNoCredential) {
		t.Error("it counts as no credential")
	}
	w.hive.goAway(false)
	w.advance(3 * time.Second)
	if _, err := w.HiveLogin(t.Context(), "alice", text, signText(alice, text)); err != nil {
		t.Error(err)
	}
}
