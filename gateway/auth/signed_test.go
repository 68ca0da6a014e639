package auth_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"presence/gateway/auth"
	"presence/gateway/auth/hive"
	"presence/spaces"
)

// The vectors of the first server's ecosystem: a key and what it signed.
const (
	vectorKey     = "STM7P5kjwt7zj7VwnqVph3K9h3N1PJzYHSGNSkQcKhRCq8duNjxsY"
	vectorSeconds = "1f28fa77ac24d72fd6bc899222b096d6cef0495ffcff30f44177063f23d264764422a807a33cdf2024a9b4deedcf79e23a49ded3da6851016203d4e338e29bb27f"
	vectorJoin    = "1f12057b598df97425065a5be2ed40cbff64d5689582160b476cc4b3abbc6dfafb755e91933f1147dda504a0dbd88c3b6f07443bc565b0af0d7a58655b8a149812"
	joinText      = "dlux_vr_1700000000000_abc123def"
)

var vectorTime = time.Unix(1700000000, 0)

// vectorTown is a town in which the vectors are of today.
func vectorTown(t testing.TB) *town {
	t.Helper()
	w := newTown(t)
	w.hive.set("dlux-io", hive.Key(vectorKey))
	w.at(vectorTime.Add(time.Minute))
	return w
}

func headers(edit ...string) []string {
	h := map[string]string{"x-account": "dlux-io", "x-challenge": "1700000000", "x-pubkey": vectorKey, "x-signature": vectorSeconds}
	for i := 0; i < len(edit); i += 2 {
		h[edit[i]] = edit[i+1]
	}
	var list []string
	for name, value := range h {
		if value != "" {
			list = append(list, name, value)
		}
	}
	return list
}

// TestSignedHeaders: an old client signs the time once and sends the signature
// with every request of the day.
func TestSignedHeaders(t *testing.T) {
	t.Parallel()
	w := vectorTown(t)
	other := w.gateway(t)
	var login string
	for i, a := range []*auth.Auth{w.Auth, w.Auth, other} {
		v, expires, err := a.FromRequest(request(t, "/", headers()...))
		if err != nil || v.Subject != "hive:dlux-io" || v.Guest || len(v.Scopes) != 0 || !expires.Equal(vectorTime.Add(24*time.Hour)) {
			t.Fatalf("request %d: %+v until %s, %v", i, v, expires, err)
		}
		if login == "" {
			login = v.Login
		} else if login != v.Login {
			t.Errorf("request %d belongs to another login", i)
		}
	}
	if v, _, err := w.FromRequest(request(t, "/", headers("x-pubkey", "")...)); err != nil || v.Subject != "hive:dlux-io" {
		t.Errorf("without the claimed key: %+v, %v", v, err)
	}
	if v, _, err := w.FromRequest(request(t, "/", append(headers(), "Authorization", "Basic dTpw")...)); err != nil || v.Subject != "hive:dlux-io" {
		t.Errorf("behind a proxy with a password: %+v, %v", v, err)
	}
	w.at(vectorTime.Add(24*time.Hour - time.Second))
	if _, _, err := w.FromRequest(request(t, "/", headers()...)); err != nil {
		t.Errorf("a second before the end: %v", err)
	}
	w.at(vectorTime.Add(24 * time.Hour))
	_, _, err := w.FromRequest(request(t, "/", headers()...))
	wantCode(t, err, spaces.CodeUnauthenticated)
	w.at(vectorTime.Add(-5*time.Minute - time.Second))
	_, _, err = w.FromRequest(request(t, "/", headers()...))
	wantCode(t, err, spaces.CodeUnauthenticated)
}

// TestLogoutEndsSignedHeaders: headers that are good all day, for whoever copied
// them too, are good no more once their owner has logged out, also when the same
// text is signed anew.
func TestLogoutEndsSignedHeaders(t *testing.T) {
	t.Parallel()
	w := vectorTown(t)
	v, _, err := w.FromRequest(request(t, "/", headers()...))
	ok(t, err)
	ok(t, w.Logout(t.Context(), v))
	for _, copied := range [][]string{headers(), headers("x-pubkey", "")} {
		_, _, err := w.FromRequest(request(t, "/", copied...))
		if e := refusal(t, err, spaces.CodeUnauthenticated); !strings.Contains(e.Message, "ended") {
			t.Errorf("after logging out: %v", err)
		}
	}
}

// TestSignedHeadersRefused: nobody with bad headers is taken for nobody.
func TestSignedHeadersRefused(t *testing.T) {
	t.Parallel()
	w := vectorTown(t)
	for name, c := range map[string]struct {
		header      []string
		field, says string
	}{
		"no signature":     {headers("x-signature", ""), "header.X-Signature", "missing"},
		"no challenge":     {headers("x-challenge", ""), "header.X-Challenge", "missing"},
		"no account":       {headers("x-account", ""), "header.X-Account", "Hive account name"},
		"account alone":    {[]string{"x-account", "dlux-io"}, "header.X-Signature", "proves nothing"},
		"key alone":        {[]string{"x-pubkey", vectorKey}, "header.X-Signature", "proves nothing"},
		"another account":  {headers("x-account", "alice"), "header.X-Signature", "posting key"},
		"unknown account":  {headers("x-account", "nobody-here"), "header.X-Account", "the account does not exist on Hive"},
		"another key":      {headers("x-pubkey", string(keyOf(t, alice))), "header.X-Pubkey", "not the key"},
		"bad checksum":     {headers("x-pubkey", vectorKey[:len(vectorKey)-1]+"Z"), "header.X-Pubkey", "checksum"},
		"another time":     {headers("x-challenge", "1700000001"), "header.X-Pubkey", "not the key"},
		"milliseconds":     {headers("x-challenge", "1700000000000"), "header.X-Challenge", "the challenge must be the time in seconds"},
		"no time at all":   {headers("x-challenge", "let me in"), "header.X-Challenge", "time in seconds"},
		"a huge signature": {headers("x-signature", strings.Repeat("1", 300)), "header.X-Signature", "over 256"},
		"a high s":         {headers("x-signature", highTwin(t, vectorSeconds)), "header.X-Signature", "lower of the two"},
	} {
		v, _, err := w.Anyone(request(t, "/", c.header...))
		e := refusal(t, err, spaces.CodeUnauthenticated)
		if e.Field != c.field || !strings.Contains(e.Message, c.says) || v.Subject != "" {
			t.Errorf("%s: got %q: %q, %+v", name, e.Field, e.Message, v)
		}
	}
}

// TestJoinChallengeIsGoodOnce: at whatever gateway, and for minutes only.
func TestJoinChallengeIsGoodOnce(t *testing.T) {
	t.Parallel()
	w := vectorTown(t)
	form := []string{"Authorization", "Bearer " + vectorJoin + ":dlux-io", "X-Challenge", joinText}
	w.at(vectorTime.Add(5 * time.Minute))
	_, _, err := w.FromRequest(request(t, "/", form...))
	wantCode(t, err, spaces.CodeUnauthenticated)
	w.at(vectorTime.Add(time.Minute))
	v, _, err := w.FromRequest(request(t, "/", form...))
	if err != nil || v.Subject != "hive:dlux-io" || v.Login == "" {
		t.Fatalf("%+v, %v", v, err)
	}
	for _, a := range []*auth.Auth{w.Auth, w.gateway(t)} {
		_, _, err = a.FromRequest(request(t, "/", form...))
		if e := refusal(t, err, spaces.CodeUnauthenticated); !strings.Contains(e.Message, "used already") {
			t.Errorf("a replay: %v", err)
		}
	}
}

func TestFromJoin(t *testing.T) {
	t.Parallel()
	w := vectorTown(t)
	lobby := spaces.Key{Type: spaces.TypeGlobal, ID: spaces.Lobby, Subspace: spaces.MainSubspace}
	post := spaces.Key{Type: spaces.TypePost, ID: "alice/my-room", Subspace: spaces.MainSubspace}
	signed := "Bearer " + vectorJoin + ":dlux-io"

	_, _, err := w.FromJoin(request(t, "/", "Authorization", signed), "", post)
	if e := refusal(t, err, spaces.CodeUnauthenticated); e.Field != "header.X-Challenge" {
		t.Errorf("without a challenge: %v", err)
	}
	_, _, err = w.FromJoin(request(t, "/", "Authorization", "Bearer :dlux-io"), joinText, post)
	if e := refusal(t, err, spaces.CodeUnauthenticated); !strings.Contains(e.Message, "proves nothing") {
		t.Errorf("an empty signature: %v", err)
	}
	v, _, err := w.FromJoin(request(t, "/", "Authorization", signed), joinText, post)
	if err != nil || v.Subject != "hive:dlux-io" || !v.Allows(spaces.ActWrite, post) || v.Allows(spaces.ActEnter, lobby) {
		t.Errorf("got %+v, %v", v, err)
	}
	_, _, err = w.FromJoin(request(t, "/", "Authorization", signed), joinText, lobby)
	if e := refusal(t, err, spaces.CodeUnauthenticated); e.Field != "body.challenge" {
		t.Errorf("a replay: %v", err)
	}
	for _, authorization := range []string{"", "Bearer :dlux-io"} {
		v, expires, err := w.FromJoin(request(t, "/", "Authorization", authorization), joinText, lobby)
		if err != nil || !v.Guest || !strings.HasPrefix(v.Name, "Guest-") || expires.IsZero() {
			t.Errorf("%q: %+v, %v", authorization, v, err)
		}
	}
	guest, err := w.Guest("")
	if err != nil {
		t.Fatal(err)
	}
	if v, _, err := w.FromJoin(request(t, "/", "Authorization", "Bearer "+guest.Token), "", post); err != nil || v.Subject != guest.Viewer.Subject {
		t.Errorf("a guest's token: %+v, %v", v, err)
	}
}

// TestFromHandshake: every form in which a socket may bring its credential.
func TestFromHandshake(t *testing.T) {
	t.Parallel()
	w := vectorTown(t)
	guest, err := w.Guest("")
	if err != nil {
		t.Fatal(err)
	}
	ticket, _, err := w.Ticket(t.Context(), guest.Viewer, guest.Expires)
	if err != nil {
		t.Fatal(err)
	}
	signed := fmt.Sprintf(`{"account":"dlux-io","challenge":"1700000000","pubkey":%q,"signature":%q}`, vectorKey, vectorSeconds)
	quoted, err := json.Marshal(signed)
	if err != nil {
		t.Fatal(err)
	}
	bare := request(t, "/socket.io/?EIO=4&transport=polling")
	for name, c := range map[string]struct {
		r    *http.Request
		auth string
		want string // subject
	}{
		"token":             {bare, `{"token":"` + guest.Token + `"}`, guest.Viewer.Subject},
		"ticket":            {bare, `{"ticket":"` + ticket + `"}`, guest.Viewer.Subject},
		"signature":         {bare, signed, "hive:dlux-io"},
		"JSON token":        {bare, `{"token":` + signed + `}`, "hive:dlux-io"},
		"JSON token, text":  {bare, `{"token":` + string(quoted) + `}`, "hive:dlux-io"},
		"authorization":     {bare, `{"authorization":"Bearer ` + vectorSeconds + `:dlux-io","challenge":"1700000000"}`, "hive:dlux-io"},
		"a token in there":  {bare, `{"authorization":"Bearer ` + guest.Token + `"}`, guest.Viewer.Subject},
		"headers":           {request(t, "/", headers()...), "", "hive:dlux-io"},
		"header, not auth":  {request(t, "/", "Authorization", "Bearer "+guest.Token), `{"token":null,"theme":"dark"}`, guest.Viewer.Subject},
		"auth over headers": {request(t, "/", headers()...), `{"token":"` + guest.Token + `"}`, guest.Viewer.Subject},
		"nothing":           {bare, "", "guest:"},
		"null":              {bare, "null", "guest:"},
		"an empty object":   {bare, "{}", "guest:"},
		"an empty token":    {bare, `{"token":""}`, "guest:"},
		"a bare account":    {bare, `{"account":"dlux-io"}`, "guest:"},
	} {
		v, expires, err := w.FromHandshake(t.Context(), c.r, json.RawMessage(c.auth))
		if err != nil || !strings.HasPrefix(v.Subject, c.want) || v.Guest != strings.HasPrefix(c.want, "guest:") || expires.IsZero() {
			t.Errorf("%s: got %+v until %s, %v", name, v, expires, err)
		}
	}
	for name, auth := range map[string]string{
		"text":              `"` + guest.Token + `"`,
		"list":              `[]`,
		"cut off":           `{"token":`,
		"odd types":         `{"token":7}`,
		"odd signature":     `{"account":["dlux-io"],"signature":1}`,
		"token of rubbish":  `{"token":"{}"}`,
		"empty object":      `{"token":{}}`,
		"bad JWT":           `{"token":"a.b.c"}`,
		"used ticket":       `{"ticket":"` + ticket + `"}`,
		"empty signature":   `{"authorization":"Bearer :dlux-io"}`,
		"challenge alone":   `{"account":"dlux-io","challenge":"1700000000"}`,
		"another's account": strings.Replace(signed, "dlux-io", "alice", 1),
		"huge":              `{"token":"` + strings.Repeat("x", 9000) + `"}`,
	} {
		v, _, err := w.FromHandshake(t.Context(), bare, json.RawMessage(auth))
		wantCode(t, err, spaces.CodeUnauthenticated)
		if v.Subject != "" {
			t.Errorf("%s: a refused credential gave %+v", name, v)
		}
	}
}

// TestKeyChangeEndsSignatures: what was signed with a key that left the account
// is worth nothing a minute later.
func TestKeyChangeEndsSignatures(t *testing.T) {
	t.Parallel()
	w := vectorTown(t)
	check := func() error {
		_, _, err := w.FromRequest(request(t, "/", headers()...))
		return err
	}
	if err := check(); err != nil {
		t.Fatal(err)
	}
	w.hive.set("dlux-io", keyOf(t, bobby))
	w.advance(time.Minute)
	wantCode(t, check(), spaces.CodeUnauthenticated)
	w.hive.set("dlux-io", hive.Key(vectorKey))
	w.hive.goAway(true)
	w.advance(time.Minute)
	wantCode(t, check(), spaces.CodeUnavailable)
}

// FuzzFromHandshake: no object crashes the reader, and none is believed to be an
// account.
func FuzzFromHandshake(f *testing.F) {
	w := vectorTown(f)
	f.Add([]byte(`{"token":"a.b.c"}`))
	f.Add([]byte(`{"token":"{\"account\":\"dlux-io\"}"}`))
	f.Add([]byte(`{"account":"dlux-io","challenge":"1700000000","pubkey":"` + vectorKey + `","signature":"` + highTwin(f, vectorSeconds) + `"}`))
	f.Add([]byte(`{"authorization":"Bearer x:y","challenge":"dlux_vr_1700000000000_a"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		v, _, err := w.FromHandshake(t.Context(), r, raw)
		if (err == nil) != v.Guest {
			t.Fatalf("%q is believed to be %+v, %v", raw, v, err)
		}
	})
}
