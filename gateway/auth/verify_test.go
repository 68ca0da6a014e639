package auth_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"presence/gateway/auth"
	"presence/spaces"
)

func TestCityTokenIsAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, expires, err := w.Viewer(t.Context(), city(t))
	if err != nil {
		t.Fatal(err)
	}
	if v.Subject != "6f1c1e0a-0000-4000-8000-000000000001" || v.Name != "Alice" || v.Guest {
		t.Errorf("got viewer %+v", v)
	}
	if !expires.Equal(start.Add(time.Hour)) {
		t.Errorf("got expiry %s, want the token's exp", expires)
	}
}

// TestNamesShowThemselves: what a name looks like is what it is, and who has
// none goes by their account.
func TestNamesShowThemselves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const account = "6f1c1e0a-0000-4000-8000-000000000001"
	for name, want := range map[string]string{
		"Alice":                        "Alice",
		"  Alice \t\n B.\u00a0 ":       "Alice B.",
		"al\u200bice":                  "alice",
		"al\u200dice":                  "alice",
		"al\ufeffi\u2060c\u00ade":      "alice",
		"\u202eecila":                  "ecila",
		"a\u2066b\u2069\u200fc\u061cd": "abcd",
		"a\x00b\x1b[31m\x7f\u0085c":    "ab[31m c",
		"a\u2028b":                     "a b",
		"tag\U000e0061":                "tag",
		"\u3164\u2800":                 account,
		"\u200d\u200d":                 account,
		"علي\u200cرضا":                 "علي\u200cرضا", // a Persian name needs it
		"👩\u200d🚀 astronaut":           "👩\u200d🚀 astronaut",
		"Zoë 城市 שלום":                  "Zoë 城市 שלום",
		strings.Repeat("x", 500):       strings.Repeat("x", 120),
		"a\xff\xfeb":                   "ab",
	} {
		v, _, err := w.Viewer(t.Context(), city(t, set("name", name)))
		if err != nil || v.Name != want {
			t.Errorf("%q is shown as %q, want %q (%v)", name, v.Name, want, err)
		}
	}
}

// TestWrongTokens is the list of every wrong kind: each is refused by a rule
// that the message names, and no message repeats the token.
func TestWrongTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := city(t)
	own := mint(t, w, auth.Grant{Subject: "operator"}).Token
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, otherKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ownIssuer := set("iss", "presence")

	for name, c := range map[string]struct{ token, says string }{
		"empty":                        {"", "not a readable JWT"},
		"not a JWT":                    {"hunter2", "not a readable JWT"},
		"two parts":                    {"e30.e30", "not a readable JWT"},
		"four parts":                   {good + ".e30", "not a readable JWT"},
		"no base64":                    {"!!.!!.!!", "not a readable JWT"},
		"header is no JSON":            {b64("hi") + ".e30.e30", "not a readable JWT"},
		"absurdly long":                {good + strings.Repeat("A", 1<<20), "over 4096 bytes"},
		"expired":                      {city(t, set("exp", start.Add(-time.Second).Unix())), "has expired"},
		"expires this very second":     {city(t, set("exp", start.Unix())), "has expired"},
		"no exp":                       {city(t, remove("exp")), "exp is required"},
		"not yet":                      {city(t, set("nbf", start.Add(time.Minute).Unix())), "not valid yet"},
		"from the future":              {city(t, set("iat", start.Add(time.Minute).Unix())), "issued in the future"},
		"refresh":                      {city(t, set("type", "refresh")), "refresh token"},
		"no type":                      {city(t, remove("type")), "type must be access"},
		"wrong issuer":                 {city(t, set("iss", "evil")), "issuer (iss) is not known"},
		"no issuer":                    {city(t, remove("iss")), "issuer (iss) is not known"},
		"no subject":                   {city(t, remove("sub")), "names nobody"},
		"huge subject":                 {city(t, set("sub", strings.Repeat("a", 256))), "names nobody"},
		"subject with a line break":    {city(t, set("sub", "a\nb")), "names nobody"},
		"subject with NUL":             {city(t, set("sub", "a\x00b")), "names nobody"},
		"city, a Hive account":         {city(t, set("sub", "hive:alice")), "belongs to logins here"},
		"city, a Matrix account":       {city(t, set("sub", "matrix:@alice:example.org")), "belongs to logins here"},
		"city, a guest":                {city(t, set("sub", "guest:abc")), "belongs to logins here"},
		"algorithm none":               {sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, cityClaims()), "algorithm (alg) is not accepted"},
		"algorithm none, our issuer":   {sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, cityClaims(ownIssuer)), "algorithm (alg) is not accepted"},
		"algorithm unknown":            {b64(`{"alg":"XX1"}`) + "." + b64(`{"iss":"daarion-auth"}`) + ".e30", "algorithm (alg) is not accepted"},
		"HS512 with the secret":        {sign(t, jwt.SigningMethodHS512, secret, cityClaims()), "algorithm (alg) is not accepted"},
		"RS256":                        {sign(t, jwt.SigningMethodRS256, rsaKey, cityClaims()), "algorithm (alg) is not accepted"},
		"HS256 with our public key":    {sign(t, jwt.SigningMethodHS256, []byte(w.publicKey(t)), cityClaims(ownIssuer)), "algorithm (alg) is not accepted"},
		"HS256 as the city with it":    {sign(t, jwt.SigningMethodHS256, []byte(w.publicKey(t)), cityClaims()), "signature does not fit"},
		"HS256, secret, our issuer":    {sign(t, jwt.SigningMethodHS256, secret, cityClaims(ownIssuer)), "algorithm (alg) is not accepted"},
		"EdDSA as the city":            {sign(t, jwt.SigningMethodEdDSA, otherKey, cityClaims()), "algorithm (alg) is not accepted"},
		"EdDSA with another key":       {sign(t, jwt.SigningMethodEdDSA, otherKey, cityClaims(ownIssuer, set("aud", "city-api"))), "signature does not fit"},
		"another secret":               {sign(t, jwt.SigningMethodHS256, []byte("guess"), cityClaims()), "signature does not fit"},
		"empty secret":                 {sign(t, jwt.SigningMethodHS256, []byte(""), cityClaims()), "signature does not fit"},
		"tampered claims":              {tamper(t, good, 1), "signature does not fit"},
		"tampered signature":           {tamper(t, good, 2), "signature does not fit"},
		"no signature":                 {good[:strings.LastIndex(good, ".")+1], "signature does not fit"},
		"our token with no signature":  {own[:strings.LastIndex(own, ".")+1], "signature does not fit"},
		"our header, city's claims":    {strings.Split(own, ".")[0] + "." + strings.Join(strings.Split(good, ".")[1:], "."), "algorithm (alg) is not accepted"},
		"demands an unknown extension": {withHeader(t, "crit", []string{"b64"}), "extension (crit)"},
		"roles of a wrong type":        {city(t, set("roles", 7)), "not a readable JWT"},
		"exp of a wrong type":          {city(t, set("exp", "tomorrow")), "not a readable JWT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, _, err := w.Viewer(t.Context(), c.token)
			e := refusal(t, err, spaces.CodeUnauthenticated)
			if !strings.Contains(e.Message, c.says) {
				t.Errorf("got %q, want it to say %q", e.Message, c.says)
			}
			if e.Fix == "" {
				t.Error("the error does not say how to get a good token")
			}
			if v.Subject != "" {
				t.Errorf("a refused token gave viewer %+v", v)
			}
			if text := e.Error() + e.Fix; len(c.token) > 6 && strings.Contains(text, c.token[:6]) {
				t.Errorf("the error repeats the token: %q", text)
			}
		})
	}
}

// TestAudience: our own tokens open only what they were made for.
func TestAudience(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	api := mint(t, w, auth.Grant{Subject: "operator", Audience: []string{auth.AudienceAPI}}).Token
	realtime := mint(t, w, auth.Grant{Subject: "operator", Audience: []string{auth.AudienceRealtime}}).Token
	socket := []string{"Upgrade", "websocket", "Connection", "Upgrade"}
	for name, c := range map[string]struct {
		token  string
		header []string
		ok     bool
	}{
		"api token on REST":        {api, nil, true},
		"api token on a socket":    {api, socket, false},
		"api token on a stream":    {api, []string{"Accept", "text/event-stream"}, false},
		"socket token on a socket": {realtime, socket, true},
		"socket token on REST":     {realtime, nil, false},
	} {
		_, _, err := w.FromRequest(request(t, "/", append(c.header, "Authorization", "Bearer "+c.token)...))
		if (err == nil) != c.ok {
			t.Errorf("%s: got error %v", name, err)
		}
		if err != nil && !strings.Contains(refusal(t, err, spaces.CodeUnauthenticated).Message, "(aud)") {
			t.Errorf("%s: %v does not name the audience", name, err)
		}
	}
}

// TestClocks: nbf and iat forgive half a minute, exp forgives nothing.
func TestClocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ahead := start.Add(20 * time.Second).Unix()
	if _, _, err := w.Viewer(t.Context(), city(t, set("iat", ahead), set("nbf", ahead))); err != nil {
		t.Errorf("20 s of clock difference: %v", err)
	}
	token := city(t)
	w.advance(time.Hour - time.Second)
	if _, _, err := w.Viewer(t.Context(), token); err != nil {
		t.Errorf("a second before exp: %v", err)
	}
	w.advance(time.Second)
	_, _, err := w.Viewer(t.Context(), token)
	wantCode(t, err, spaces.CodeUnauthenticated)
}

func TestAdminsAndRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *auth.Config) { c.Admins = append(c.Admins, "guest:abcd", "") })
	private := spaces.Link{Slug: "council", MicroDAO: "council"}
	for name, c := range map[string]struct {
		token string
		sees  bool
	}{
		"SYSTEM_ADMINS":                 {mint(t, w, auth.Grant{Subject: "matrix:@root:example.org"}).Token, true},
		"role of the login service":     {city(t, set("roles", "admin")), true},
		"a plain user":                  {city(t), false},
		"a membership it may not claim": {city(t, set("roles", []string{"member:council"})), false},
		"an operator's token":           {mint(t, w, auth.Grant{Subject: "op", MicroDAOs: []string{"council"}}).Token, true},
		"a guest listed as admin":       {mint(t, w, auth.Grant{Subject: "guest:abcd"}).Token, false},
	} {
		v, _, err := w.Viewer(t.Context(), c.token)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if v.CanSee(private) != c.sees || current(w, v).CanSee(private) != c.sees {
			t.Errorf("%s: %+v sees the private room: %t, want %t", name, v, v.CanSee(private), c.sees)
		}
	}
}

func TestJWKSChecksOurTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.publicKey(t)
	token, err := jwt.Parse(mint(t, w, auth.Grant{Subject: "op"}).Token,
		func(*jwt.Token) (any, error) { return key, nil }, jwt.WithTimeFunc(w.clock), jwt.WithValidMethods([]string{"EdDSA"}))
	if err != nil {
		t.Fatal(err)
	}
	if token.Header["kid"] != w.JWKS().Keys[0].ID {
		t.Errorf("got kid %v, want that of the JWKS", token.Header["kid"])
	}
	again := newWorld(t)
	if again.JWKS().Keys[0] != w.JWKS().Keys[0] {
		t.Error("two gateways with one secret have different keys")
	}
	other := newWorld(t, func(c *auth.Config) { c.Secret = []byte("another secret") })
	_, _, err = other.Viewer(t.Context(), token.Raw)
	if e := refusal(t, err, spaces.CodeUnauthenticated); !strings.Contains(e.Message, "(kid)") {
		t.Errorf("a token from before the secret changed: %v", err)
	}
}

func TestNewNeedsASecret(t *testing.T) {
	t.Parallel()
	if _, err := auth.New(auth.Config{}, &memory{}, time.Now); err == nil || !strings.Contains(err.Error(), "JWT_SECRET") {
		t.Errorf("got %v, want an error that names JWT_SECRET", err)
	}
}

func TestMintRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for field, g := range map[string]auth.Grant{
		"subject":   {},
		"name":      {Subject: "a", Name: strings.Repeat("n", 121)},
		"ttl":       {Subject: "a", TTL: -time.Second},
		"roles":     {Subject: "a", Roles: []string{"two words"}},
		"microdaos": {Subject: "a", MicroDAOs: []string{""}},
		"audience":  {Subject: "a", Audience: []string{"city-voice"}},
	} {
		_, err := w.Mint(g)
		if e := refusal(t, err, spaces.CodeInvalid); e.Field != field {
			t.Errorf("got field %q, want %q", e.Field, field)
		}
	}
	_, err := w.Mint(auth.Grant{Subject: "guest:x", Roles: []string{"admin"}})
	wantCode(t, err, spaces.CodeInvalid)
}

func mint(t testing.TB, w *world, g auth.Grant) auth.Token {
	t.Helper()
	token, err := w.Mint(g)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func remove(name string) func(jwt.MapClaims) {
	return func(c jwt.MapClaims) { delete(c, name) }
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// tamper changes one part of a token to another valid one.
func tamper(t testing.TB, token string, part int) string {
	t.Helper()
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[part])
	if err != nil {
		t.Fatal(err)
	}
	if part == 1 {
		var c map[string]any
		if err := json.Unmarshal(raw, &c); err != nil {
			t.Fatal(err)
		}
		c["roles"] = []string{"admin"}
		if raw, err = json.Marshal(c); err != nil {
			t.Fatal(err)
		}
	} else {
		raw[0] ^= 1
	}
	parts[part] = base64.RawURLEncoding.EncodeToString(raw)
	return strings.Join(parts, ".")
}

func withHeader(t testing.TB, name string, value any) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, cityClaims())
	token.Header[name] = value
	signed, err := token.SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}
