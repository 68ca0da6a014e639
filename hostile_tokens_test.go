package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"presence/gateway/auth"
)

// own makes one of the program's own tokens as it would itself.
func (s *siege) own(t *testing.T, g auth.Grant) string {
	t.Helper()
	a, err := auth.New(auth.Config{Secret: []byte(besiegedSecret)}, nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	token, err := a.Mint(g)
	if err != nil {
		t.Fatal(err)
	}
	return token.Token
}

// publicKey is our Ed25519 key as everybody can read it.
func (s *siege) publicKey(t *testing.T) []byte {
	t.Helper()
	var set struct{ Keys []struct{ X string } }
	s.getJSON(t, "/.well-known/jwks.json", &set)
	key, err := base64.RawURLEncoding.DecodeString(set.Keys[0].X)
	if err != nil || len(key) != ed25519.PublicKeySize {
		t.Fatalf("key %v: %v", set, err)
	}
	return key
}

// forge signs claims with a key; header fields replace the usual ones.
func forge(t *testing.T, method jwt.SigningMethod, key any, header map[string]any, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	maps.Copy(token.Header, header)
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (s *siege) tokens(t *testing.T) {
	secret, public := []byte(besiegedSecret), s.publicKey(t)
	now := time.Now().Unix()
	city := func(change jwt.MapClaims) jwt.MapClaims {
		claims := jwt.MapClaims{"iss": "daarion-auth", "type": "access", "sub": "mallory", "iat": now, "exp": now + 600, "roles": []string{"admin"}}
		maps.Copy(claims, change)
		maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
		return claims
	}
	hs256 := func(change jwt.MapClaims) string { return forge(t, jwt.SigningMethodHS256, secret, nil, city(change)) }
	good := hs256(nil)
	head, rest, _ := strings.Cut(good, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	ours := city(jwt.MapClaims{"iss": "presence", "aud": []string{"city-api", "city-rt"}, "type": nil})
	plain := func(header, claims string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "."
	}
	claimsText := fmt.Sprintf(`{"iss":"daarion-auth","type":"access","sub":"mallory","exp":%d}`, now+600)
	for i, c := range []struct{ tried, token string }{
		{"garbage", "garbage"},
		{"three parts of garbage", "a.b.c"},
		{"10 kB", strings.Repeat("x", 10<<10)},
		{"2,500 open brackets as claims", plain(`{"alg":"HS256"}`, strings.Repeat(`[`, 2500))},
		{"expired", hs256(jwt.MapClaims{"exp": now - 1})},
		{"without exp", hs256(jwt.MapClaims{"exp": nil})},
		{"good only tomorrow (nbf)", hs256(jwt.MapClaims{"nbf": now + 86400})},
		{"issued in the future (iat)", hs256(jwt.MapClaims{"iat": now + 86400})},
		{"a refresh token", hs256(jwt.MapClaims{"type": "refresh"})},
		{"without a type", hs256(jwt.MapClaims{"type": nil})},
		{"another issuer", hs256(jwt.MapClaims{"iss": "elsewhere"})},
		{"without a subject", hs256(jwt.MapClaims{"sub": ""})},
		{"tampered with: the signature of another token", head + "." + base64.RawURLEncoding.EncodeToString([]byte(claimsText)) + "." + signature},
		{"the last two letters of the signature cut off", good[:len(good)-2]},
		{"another secret", forge(t, jwt.SigningMethodHS256, []byte(strings.Repeat("other", 8)), nil, city(nil))},
		{"alg none", forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, city(nil))},
		{"alg NoNe, no signature", plain(`{"alg":"NoNe","typ":"JWT"}`, claimsText)},
		{"RS256", plain(`{"alg":"RS256","typ":"JWT"}`, claimsText) + signature},
		{"HS512 with the right secret", forge(t, jwt.SigningMethodHS512, secret, nil, city(nil))},
		{"HS256 with our public key as the secret, as our own", forge(t, jwt.SigningMethodHS256, public, nil, ours)},
		{"HS256 with our public key as the secret, as the city's", forge(t, jwt.SigningMethodHS256, public, nil, city(nil))},
		{"HS256 with the shared secret, as our own", forge(t, jwt.SigningMethodHS256, secret, nil, ours)},
		{"EdDSA with a key of one's own in the header (jwk)", forge(t, jwt.SigningMethodEdDSA, ed25519.NewKeyFromSeed(make([]byte, 32)), map[string]any{"jwk": map[string]any{"kty": "OKP"}, "kid": nil}, ours)},
		{"EdDSA with another key id (kid)", forge(t, jwt.SigningMethodEdDSA, ed25519.NewKeyFromSeed(make([]byte, 32)), map[string]any{"kid": "../../etc/passwd"}, ours)},
		{"a demanded extension (crit)", forge(t, jwt.SigningMethodHS256, secret, map[string]any{"crit": []string{"b64"}}, city(nil))},
		{"the payload alone", payload},
	} {
		s.each(t, "tokens", i, c.tried, func(t *testing.T) string {
			want := refusal{401, "unauthenticated", "header.Authorization"}
			answer := refused(t, s.ask(t, request{path: "/city/rooms", token: c.token}), want)
			refused(t, s.ask(t, request{path: "/api/presence/stream", token: c.token}), want)
			refused(t, s.ask(t, request{path: "/ws/city/presence", token: c.token}), want)
			want.field = "header.Sec-WebSocket-Protocol"
			refused(t, s.ask(t, request{path: "/ws/city/presence", header: map[string]string{"Sec-WebSocket-Protocol": "presence.city.v2, bearer." + c.token}}), want)
			_, why, _ := strings.Cut(answer, ": ")
			why, _, _ = strings.Cut(why, ". Log in again")
			return why
		})
	}
	s.misusedTokens(t, good)
}

// misusedTokens are good ones in the wrong place.
func (s *siege) misusedTokens(t *testing.T, good string) {
	forAPI := s.own(t, auth.Grant{Subject: "somebody", Audience: []string{auth.AudienceAPI}})
	for i, c := range []struct {
		tried string
		r     request
		field string
	}{
		{"a good token in the URL, which is off", request{path: "/ws/city/presence?token=" + good}, "query.token"},
		{"a token for the API at the socket (aud)", request{path: "/ws/city/presence", token: forAPI, header: map[string]string{"Upgrade": "websocket"}}, "header.Authorization"},
		{"a token as a ticket", request{path: "/city/rooms?ticket=" + good}, "query.ticket"},
	} {
		s.each(t, "tokens", 100+i, c.tried, func(t *testing.T) string {
			return refused(t, s.ask(t, c.r), refusal{401, "unauthenticated", c.field})
		})
	}
	s.each(t, "tokens", 200, "a token that ends while its socket is open", func(t *testing.T) string {
		w := s.socket(t, s.own(t, auth.Grant{Subject: "brief", TTL: 3 * time.Second}))
		s.expect(`presence_city_closed_total{code="expired"}`)
		code, reason := w.closed(t)
		if code != 4401 {
			t.Errorf("closed with %d %s", code, reason)
		}
		return fmt.Sprintf("close `%d`: %s", code, reason)
	})
}

// ticket asks for one.
func (s *siege) ticket(t *testing.T, token string) string {
	t.Helper()
	a := s.ask(t, request{method: http.MethodPost, path: "/api/auth/ticket", token: token})
	var body struct{ Ticket string }
	if err := json.Unmarshal(a.body, &body); err != nil || body.Ticket == "" {
		t.Fatalf("ticket: %d %s", a.status, a.body)
	}
	return body.Ticket
}

func (s *siege) tickets(t *testing.T) {
	use := func(t *testing.T, ticket string) answer {
		return s.ask(t, request{path: "/city/rooms?ticket=" + ticket})
	}
	spent := refusal{401, "unauthenticated", "query.ticket"}
	s.each(t, "tickets", 0, "a ticket used twice, the second time by twenty at once", func(t *testing.T) string {
		ticket := s.ticket(t, s.guest())
		answers := make(chan answer, 20)
		for range cap(answers) {
			go func() { answers <- use(t, ticket) }()
		}
		refusals, text := 0, ""
		for range cap(answers) {
			if a := <-answers; a.status != http.StatusOK {
				refusals++
				text = refused(t, a, spent)
			}
		}
		if refusals != cap(answers)-1 {
			t.Errorf("%d of %d were refused; all but one should be", refusals, cap(answers))
		}
		return text
	})
	s.each(t, "tickets", 1, "a ticket whose token has ended", func(t *testing.T) string {
		token := s.own(t, auth.Grant{Subject: "brief", TTL: 3 * time.Second})
		ticket := s.ticket(t, token)
		for s.ask(t, request{path: "/city/rooms", token: token}).status == http.StatusOK {
			s.beat(t)
		}
		return refused(t, use(t, ticket), spent)
	})
	s.each(t, "tickets", 2, "a guessed ticket", func(t *testing.T) string {
		return refused(t, use(t, strings.Repeat("A", 26)), spent)
	})
	s.each(t, "tickets", 3, "SQL in place of a ticket", func(t *testing.T) string {
		return refused(t, use(t, "%27%20OR%201=1%3B%20DROP%20TABLE%20tickets"), spent)
	})
}

// rights: whatever a guest asks for, the private room does not exist.
func (s *siege) rights(t *testing.T) {
	for i, path := range []string{
		"/city/rooms", "/city/rooms?q=council", "/city/map", "/presence/summary", "/presence/snapshot", "/status", "/api/presence/stream", "/api/presence/stream?mode=diff",
	} {
		s.each(t, "rights", i, "a guest asks `"+path+"` for private rooms", func(t *testing.T) string {
			if strings.Contains(s.look(t, path, s.guest()), "council") {
				t.Error("the private room is in it")
			}
			if member := s.own(t, auth.Grant{Subject: "member", MicroDAOs: []string{"council"}}); !strings.Contains(path, "presence") && path != "/status" && !strings.Contains(s.look(t, path, member), "council") {
				t.Error("the private room is not in it for a member either")
			}
			return "`200` without them"
		})
	}
	s.each(t, "rights", 100, "a guest's socket", func(t *testing.T) string {
		s.heart.Lock()
		defer s.heart.Unlock()
		if _, leaked := s.feed.rooms["council"]; leaked || len(s.feed.rooms) == 0 {
			t.Errorf("the feed has %v", s.feed.rooms)
		}
		return "snapshot and changes without them"
	})
}

// look reads an answer; of an event stream, its first two events.
func (s *siege) look(t *testing.T, path, token string) string {
	t.Helper()
	if !strings.Contains(path, "stream") {
		return string(s.ask(t, request{path: path, token: token}).body)
	}
	w := s.connect(t, "GET "+path+" HTTP/1.1\r\nHost: city\r\nAuthorization: Bearer "+token+"\r\n\r\n")
	text := ""
	for events := 0; events < 2; {
		line, err := w.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		text += line
		if strings.HasPrefix(line, "data: ") {
			s.beat(t) // something for the next event
			events++
		}
	}
	return text
}
