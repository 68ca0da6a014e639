package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"presence/gateway/auth"
)

func (s *fortress) rest(t *testing.T) {
	admin := s.own(t, auth.Grant{Subject: "hive:govern", Roles: []string{"admin"}})
	user := s.own(t, auth.Grant{Subject: "hive:mallory"})
	guest := s.guest()
	const lobby, post = "/api/spaces/global/lobby", http.MethodPost
	for i, c := range []struct {
		tried string
		r     request
		send  string
		want  refusal
	}{
		{"a type of space that does not exist", request{path: "/api/spaces/secret/x"}, "", refusal{422, "invalid", "space_type"}},
		{"an id with NUL", request{path: "/api/spaces/post/alice%2Fa%00b"}, "", refusal{422, "invalid", "space_id"}},
		{"a private room's space", request{path: "/api/spaces/city/council", token: guest}, "", refusal{404, "not_found", ""}},
		{"a space that does not exist", request{path: "/api/spaces/city/nowhere", token: guest}, "", refusal{404, "not_found", ""}},
		{"a search of 200 letters", request{path: "/api/spaces?q=" + strings.Repeat("x", 200)}, "", refusal{422, "invalid", "query.q"}},
		{"a made-up cursor", request{path: "/api/spaces?cursor=bmV3Li0xLi0xLi0xLi0x"}, "", refusal{422, "invalid", "query.cursor"}},
		{"a page of a million", request{path: "/api/spaces?limit=1000000"}, "", refusal{422, "invalid", "query.limit"}},
		{"a join of a private room", request{method: post, path: "/api/spaces/city/council/join", token: guest}, "{}", refusal{404, "not_found", ""}},
		{"a join in somebody else's name", request{method: post, path: lobby + "/join", token: user}, `{"user_account":"victim"}`, refusal{403, "forbidden", "body.user_account"}},
		{"a join with a made-up signature", request{method: post, path: lobby + "/join", header: map[string]string{"Authorization": "Bearer " + strings.Repeat("1f", 65) + ":victim"}}, `{"challenge":"dlux_vr_1_a"}`, refusal{401, "unauthenticated", "body.challenge"}},
		{"settings by a guest", request{method: http.MethodPut, path: lobby + "/settings", token: guest}, `{"max_users":1}`, refusal{401, "unauthenticated", ""}},
		{"settings by a stranger", request{method: http.MethodPut, path: lobby + "/settings", token: user}, `{"max_users":1}`, refusal{403, "forbidden", ""}},
		{"settings with NUL", request{method: http.MethodPut, path: lobby + "/settings", token: admin}, `{"settings":{"a":"\u0000"}}`, refusal{422, "invalid", "settings"}},
		{"a role granted by a stranger", request{method: http.MethodPut, path: lobby + "/roles/hive:mallory", token: user}, `{"role":"admin"}`, refusal{403, "forbidden", ""}},
		{"a role for a guest", request{method: http.MethodPut, path: lobby + "/roles/guest:x", token: admin}, `{"role":"admin"}`, refusal{422, "invalid", "subject"}},
		{"a role for NUL", request{method: http.MethodPut, path: lobby + "/roles/a%00b", token: admin}, `{"role":"admin"}`, refusal{422, "invalid", "subject"}},
		{"a role taken back from NUL", request{method: http.MethodDelete, path: lobby + "/roles/a%00b", token: admin}, "", refusal{422, "invalid", "subject"}},
		{"somebody kicked by a stranger", request{method: post, path: lobby + "/kick", token: user}, `{"subject":"hive:listener"}`, refusal{403, "forbidden", ""}},
		{"a session looked up by a stranger", request{method: post, path: lobby + "/kick", token: user}, `{"socket_id":"x"}`, refusal{403, "forbidden", ""}},
		{"a session with NUL kicked", request{method: post, path: lobby + "/kick", token: admin}, `{"socket_id":"a\u0000b"}`, refusal{422, "invalid", "body.socket_id"}},
		{"NUL kicked", request{method: post, path: lobby + "/kick", token: admin}, `{"subject":"a\u0000b"}`, refusal{422, "invalid", "subject"}},
		{"a kick whose reason has NUL", request{method: post, path: lobby + "/kick", token: admin}, `{"subject":"hive:nobody","reason":"a\u0000b"}`, refusal{422, "invalid", "reason"}},
		{"a ban whose reason has NUL", request{method: post, path: lobby + "/bans", token: admin}, `{"subject":"hive:nobody","reason":"a\u0000b"}`, refusal{422, "invalid", "reason"}},
		{"a ban of NUL", request{method: post, path: lobby + "/bans", token: admin}, `{"subject":"a\u0000b"}`, refusal{422, "invalid", "subject"}},
		{"a ban until last year", request{method: post, path: lobby + "/bans", token: admin}, `{"subject":"hive:nobody","until":"2001-01-01T00:00:00Z"}`, refusal{422, "invalid", "until"}},
		{"a ban of NUL ended", request{method: http.MethodDelete, path: lobby + "/bans/a%00b", token: admin}, "", refusal{422, "invalid", "subject"}},
		{"the bans read by a stranger", request{path: lobby + "/bans", token: user}, "", refusal{403, "forbidden", ""}},
		{"the roles read by a guest", request{path: lobby + "/roles", token: guest}, "", refusal{401, "unauthenticated", ""}},
		{"the audit log read by a stranger", request{path: lobby + "/audit", token: user}, "", refusal{403, "forbidden", ""}},
		{"the chat of a private room", request{path: "/api/chat/city/council/messages", token: guest}, "", refusal{404, "not_found", ""}},
		{"the events of a private room's chat", request{path: "/api/chat/city/council/events", token: guest}, "", refusal{404, "not_found", ""}},
		{"an export by a stranger", request{path: "/api/chat/global/lobby/export", token: user}, "", refusal{403, "forbidden", ""}},
		{"a line without being anybody", request{method: post, path: "/api/chat/global/lobby/messages"}, `{"content":"x"}`, refusal{401, "unauthenticated", ""}},
		{"a line that is a number", request{method: post, path: "/api/chat/global/lobby/messages", token: user}, `{"content":7}`, refusal{422, "invalid", "body.content"}},
		{"a line with NUL", request{method: post, path: "/api/chat/global/lobby/messages", token: user}, `{"content":"a\u0000b"}`, refusal{422, "invalid", "content"}},
		{"a line of type system", request{method: post, path: "/api/chat/global/lobby/messages", token: user}, `{"content":"x","message_type":"system"}`, refusal{422, "invalid", "message_type"}},
		{"a line in a subspace with a wildcard", request{method: post, path: "/api/chat/global/lobby/messages?subspace=%3E", token: user}, `{"content":"x"}`, refusal{422, "invalid", "subspace"}},
		{"a reaction with NUL", request{method: http.MethodPut, path: "/api/chat/global/lobby/messages/1/reactions/a%00", token: user}, "", refusal{422, "invalid", "reaction"}},
		{"a body of 2 MB", request{method: post, path: "/api/chat/global/lobby/messages", token: user}, `{"content":"` + strings.Repeat("x", 2<<20) + `"}`, refusal{413, "too_large", ""}},
		{"a body that is broken JSON", request{method: post, path: "/api/chat/global/lobby/messages", token: user}, `{"content":`, refusal{400, "invalid", "body"}},
		{"20,000 open brackets", request{method: post, path: lobby + "/join", token: user}, strings.Repeat("[", 20_000), refusal{400, "invalid", "body"}},
		{"a seat's position of 1e999", request{method: post, path: "/api/presence/sessions", token: user}, `{"socket_id":"a","space_type":"global","space_id":"lobby","position":{"x":1e999}`, refusal{400, "invalid", "body"}},
		{"an avatar of 3 KB", request{method: post, path: "/api/presence/sessions", token: user}, `{"socket_id":"a","space_type":"global","space_id":"lobby","avatar_data":{"a":"` + strings.Repeat("x", 3000) + `"}}`, refusal{422, "invalid", "body.avatar_data"}},
		{"somebody else's seat ended", request{method: http.MethodDelete, path: "/api/presence/sessions/listener", token: user}, "", refusal{404, "not_found", "path.socket_id"}},
		{"a challenge for no Hive name", request{method: post, path: "/api/auth/hive/challenge"}, `{"account":"../..\n"}`, refusal{422, "invalid", "body.account"}},
		{"a challenge for a purpose of one's own", request{method: post, path: "/api/auth/hive/challenge"}, `{"account":"alice","purpose":"login\nNonce: 1"}`, refusal{422, "invalid", "body.purpose"}},
		{"a Matrix server of one's own", request{method: post, path: "/api/auth/matrix"}, `{"access_token":"x","token_type":"Bearer","matrix_server_name":"127.0.0.1:8080"}`, refusal{403, "forbidden", "body.matrix_server_name"}},
		{"a refresh token that is guessed", request{method: post, path: "/api/auth/refresh"}, `{"refresh_token":"a.1.b"}`, refusal{401, "unauthenticated", "body.refresh_token"}},
	} {
		s.each(t, "spaces rest", i, c.tried, func(t *testing.T) string {
			c.r.body = strings.NewReader(c.send)
			if c.send != "" {
				if c.r.header == nil {
					c.r.header = map[string]string{}
				}
				c.r.header["Content-Type"] = "application/json"
			}
			return refused(t, s.ask(t, c.r), c.want)
		})
	}
}

// accounts: whatever a token of the city calls its holder, others see who it is.
func (s *fortress) accounts(t *testing.T) {
	for i, c := range []struct{ tried, subject, name, shows string }{
		{"a city user whose id is a Hive name", "victim", "x", `"account":"city:victim","name":"x"`},
		{"a city user whose id is a Matrix id", "@victim:localhost", "x", `"account":"city:@victim:localhost","name":"x"`},
		{"a name of right to left and nothing", "u1", "\u202emitciv\u200b\u2069", `"name":"mitciv"`},
		{"a name of several lines", "u2", "a\n\tb\x00", `"name":"a b"`},
	} {
		s.each(t, "accounts", i, c.tried, func(t *testing.T) string {
			now := time.Now().Unix()
			token := forge(t, jwt.SigningMethodHS256, []byte(besiegedSecret), nil, jwt.MapClaims{
				"iss": "daarion-auth", "type": "access", "sub": c.subject, "name": c.name, "iat": now, "exp": now + 600,
			})
			v := s.dial(t, "/ws/space", token, "presence.space.v1")
			said := v.until(t, "hello", func(m string) bool { return strings.Contains(m, `"type":"hello"`) })
			if !strings.Contains(said, c.shows) {
				t.Errorf("%s", said)
			}
			v.leaves()
			return "`" + c.shows + "`"
		})
	}
	for i, subject := range []string{"hive:victim", "matrix:@victim:localhost", "guest:victim"} {
		s.each(t, "accounts", 100+i, "a city user whose id is `"+subject+"`", func(t *testing.T) string {
			now := time.Now().Unix()
			token := forge(t, jwt.SigningMethodHS256, []byte(besiegedSecret), nil, jwt.MapClaims{
				"iss": "daarion-auth", "type": "access", "sub": subject, "iat": now, "exp": now + 600,
			})
			text := refused(t, s.ask(t, request{path: "/api/auth/me", token: token}), refusal{401, "unauthenticated", "header.Authorization"})
			text, _, _ = strings.Cut(text, ". ")
			return text
		})
	}
}

// narrowed: what joining a space gives opens that space on sockets alone.
func (s *fortress) narrowed(t *testing.T) {
	a := s.ask(t, request{
		method: http.MethodPost, path: "/api/spaces/global/lobby/join", body: strings.NewReader(`{"subspace":"cellar"}`),
		token: s.own(t, auth.Grant{Subject: "hive:narrow", Roles: []string{"admin"}}), header: map[string]string{"Content-Type": "application/json"},
	})
	token := textOf(t, a, "token")
	for i, c := range []struct {
		tried string
		r     request
		want  refusal
	}{
		{"a join token on REST", request{path: "/api/chat/global/lobby/export", token: token}, refusal{401, "unauthenticated", "header.Authorization"}},
		{"a join token for a ticket, as an event stream", request{method: http.MethodPost, path: "/api/auth/ticket", token: token, header: map[string]string{"Accept": "text/event-stream"}}, refusal{401, "unauthenticated", "header.Authorization"}},
		{"a join token for a line, as a socket", request{method: http.MethodPost, path: "/api/chat/global/lobby/messages", token: token, header: map[string]string{"Upgrade": "websocket", "Connection": "Upgrade"}}, refusal{401, "unauthenticated", "header.Authorization"}},
		{"a join token on an export, as an event stream", request{path: "/api/chat/global/lobby/export", token: token, header: map[string]string{"Accept": "text/event-stream"}}, refusal{403, "forbidden", ""}},
		{"a join token for a private room's space, as an event stream", request{path: "/api/spaces/city/council", token: token, header: map[string]string{"Accept": "text/event-stream"}}, refusal{403, "forbidden", ""}},
	} {
		s.each(t, "narrowed", i, c.tried, func(t *testing.T) string {
			text, _, _ := strings.Cut(refused(t, s.ask(t, c.r), c.want), ". ")
			return text
		})
	}
	s.each(t, "narrowed", 100, "a join token at another subspace's door", func(t *testing.T) string {
		v := s.dial(t, "/ws/space", token, "presence.space.v1")
		v.say(t, `{"type":"join","space":"global:lobby:main"}`)
		said := v.until(t, "an answer", answersTo("1"))
		if !strings.Contains(said, `"code":"forbidden"`) {
			t.Errorf("answered %s", said)
		}
		v.enters(t, "global:lobby:cellar")
		v.leaves()
		return "`" + said + "`"
	})
}

// textOf returns a text of a JSON answer.
func textOf(t *testing.T, a answer, name string) string {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal(a.body, &body); err != nil {
		t.Fatalf("%d %s", a.status, a.body)
	}
	text, _ := body[name].(string)
	if text == "" {
		t.Fatalf("no %s in %s", name, a.body)
	}
	return text
}
