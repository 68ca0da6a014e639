package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"presence/gateway/auth"
)

// besiegedSecret must never be read anywhere.
const besiegedSecret = "besieged-secret-besieged-secret-besieged"

const besiegedKey = "internal-" + besiegedSecret

// TestHostileClients throws everything a client can do wrong at the whole
// program, all at once. Each attack gets a clear answer or is counted, and
// after each a well-behaved feed gets a fresh change.
func TestHostileClients(t *testing.T) {
	t.Parallel()
	s := newSiege(t, "--jwt-secret="+besiegedSecret, "--internal-key="+besiegedKey, "--publish-users")
	slowEnd := s.slow(t)
	t.Run("attacks", func(t *testing.T) {
		for name, attack := range map[string]func(*testing.T){
			"frames": s.frames, "messages": s.messages, "floods": s.floods, "handshakes": s.handshakes,
			"requests": s.requests, "raw requests": s.rawRequests,
			"tokens": s.tokens, "tickets": s.tickets, "rights": s.rights, "hoards": s.hoards, "names": s.names,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				attack(t)
			})
		}
	})
	slowEnd()
	s.aftermath(t)
}

// each runs one attack of a table as a subtest that ends with a heartbeat.
func (s *siege) each(t *testing.T, group string, index int, tried string, attack func(t *testing.T) string) {
	t.Run(tried, func(t *testing.T) {
		t.Parallel()
		s.note(group, index, tried, attack(t))
		s.beat(t)
	})
}

func (s *siege) frames(t *testing.T) {
	token := s.guest()
	const fin, rsv1, rsv3 = 0x80, 0x40, 0x10
	for i, c := range []struct {
		tried, send string
		code        int
		label       string
	}{
		{"an opcode that does not exist", frame(fin|0x3, "x"), 1002, "protocol"},
		{"a control opcode that does not exist", frame(fin|0xb, ""), 1002, "protocol"},
		{"reserved bit 1 (compression nobody negotiated)", frame(opText|rsv1, "ping"), 1002, "protocol"},
		{"reserved bit 3", frame(opText|rsv3, "ping"), 1002, "protocol"},
		{"a frame that is not masked", "\x81\x04ping", 1002, "protocol"},
		{"a continuation of nothing", frame(fin, "x"), 1002, "protocol"},
		{"a second message inside a fragmented one", frame(0x1, "a") + frame(opText, "b"), 1002, "protocol"},
		{"a ping in fragments", frame(0x9, "x"), 1002, "protocol"},
		{"a ping of 126 bytes", frame(opPing, strings.Repeat("x", 126)), 1002, "protocol"},
		{"a close frame of one byte", frame(opClose, "x"), 1002, "protocol"},
		{"a close frame with code 1005", frame(opClose, "\x03\xed"), 1002, "protocol"},
		{"a length of 2^63", "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00", 1002, "protocol"},
		{"an HTTP request in place of a frame", "GET / HTTP/1.1\r\n\r\n", 1002, "protocol"},
		{"a binary message", frame(opBinary, "ping"), 1003, "unsupported"},
		{"a message of 5,000 bytes", frame(opText, strings.Repeat("x", 5000)), 1009, "too_big"},
		{"a message that says it has 2 GB", "\x81\xff\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00" + strings.Repeat("x", 5000), 1009, "too_big"},
		{"5,000 bytes in a thousand fragments", frame(0x1, "x") + strings.Repeat(frame(0x0, "xxxxx"), 1000), 1009, "too_big"},
	} {
		s.each(t, "frames", i, c.tried, func(t *testing.T) string {
			w := s.socket(t, token)
			s.expect(`presence_city_closed_total{code="` + c.label + `"}`)
			w.say(c.send)
			code, reason := w.closed(t)
			if code != c.code {
				t.Errorf("closed with %d %s, want %d", code, reason, c.code)
			}
			clean(t, reason)
			return fmt.Sprintf("close `%d`: %s", code, reason)
		})
	}
	for i, c := range []struct{ tried, send string }{
		{"half a frame, then gone", frame(opText, "ping")[:7]},
		{"half a header, then gone", "\x81\xfe"},
		{"gone without a word", ""},
	} {
		s.each(t, "frames", 100+i, c.tried, func(t *testing.T) string {
			w := s.socket(t, token)
			w.say(c.send)
			s.hangUp(w)
			return "counted in `presence_city_left_total`"
		})
	}
}

func (s *siege) messages(t *testing.T) {
	token := s.guest()
	const malformed, unknown = `presence_city_bad_input_total{kind="malformed"}`, `presence_city_bad_input_total{kind="unknown_type"}`
	for i, c := range []struct{ tried, send, field, counter string }{
		{"an unknown type", `{"type":"city.delete","slug":"general"}`, "type", unknown},
		{"an unknown event", `{"event":"chat.message.send"}`, "event", unknown},
		{"a server's own message", `{"type":"room.presence","room_slug":"general","online_count":999}`, "type", unknown},
		{"neither type nor event", `{}`, "event", malformed},
		{"no JSON", `hello`, "", malformed},
		{"broken JSON", `{"event":"presence.heartbeat"`, "", malformed},
		{"a JSON array", `[{"event":"presence.heartbeat"}]`, "", malformed},
		{"a type that is a number", `{"type":5}`, "", malformed},
		{"4,000 open brackets", strings.Repeat("[", 4000), "", malformed},
		{"invalid UTF-8", "{\"event\":\"\xff\xfe\"}", "", malformed},
		{"NUL", "\x00", "", malformed},
		{"an empty message", "", "", malformed},
	} {
		s.each(t, "messages", i, c.tried, func(t *testing.T) string {
			w := s.socket(t, token)
			s.expect(c.counter)
			w.say(frame(opText, c.send))
			said := w.reply(t)
			var m struct{ Type, Code, Detail, Field string }
			if err := json.Unmarshal([]byte(said), &m); err != nil || m.Type != "error" || m.Code != "invalid" || m.Field != c.field || m.Detail == "" {
				t.Errorf("answered %s", said)
			}
			w.say(frame(opText, "ping"))
			if said := w.reply(t); said != "pong" {
				t.Errorf("after that, a ping is answered %s", said)
			}
			s.hangUp(w)
			return "`" + said + "`"
		})
	}
	s.each(t, "messages", 100, "a heartbeat in somebody else's name", func(t *testing.T) string {
		w := s.socket(t, token)
		w.say(frame(opText, `{"event":"presence.heartbeat","user_id":"@victim:localhost","status":"online"}`))
		said := w.reply(t)
		if !strings.Contains(said, `"user_id":"guest:`) || strings.Contains(said, "victim") {
			t.Errorf("answered %s", said)
		}
		s.hangUp(w)
		return "answered in the name of the token, to nobody else"
	})
}

func (s *siege) floods(t *testing.T) {
	token := s.guest()
	for i, c := range []struct{ tried, send string }{
		{"200 messages at once", strings.Repeat(frame(opText, "ping"), 200)},
		{"200 pings of the protocol at once", strings.Repeat(frame(opPing, ""), 200)},
		{"200 heartbeats at once", strings.Repeat(frame(opText, `{"event":"presence.heartbeat"}`), 200)},
		{"256 KB of pongs", strings.Repeat(frame(0x8a, ""), 256<<10/6)},
		{"256 KB of empty fragments", frame(0x1, "") + strings.Repeat(frame(0x0, ""), 256<<10/6)},
	} {
		s.each(t, "floods", i, c.tried, func(t *testing.T) string {
			w := s.socket(t, token)
			s.expect(`presence_city_closed_total{code="flood"}`)
			w.say(c.send)
			code, reason := w.closed(t)
			if code != 4429 {
				t.Errorf("closed with %d %s, want 4429", code, reason)
			}
			return fmt.Sprintf("close `%d`: %s", code, reason)
		})
	}
}

// hoards come from an address of their own each, so that only it is limited.
func (s *siege) hoards(t *testing.T) {
	token := s.guest()
	for i, c := range []struct {
		tried   string
		r       request
		allowed int
		counter string
	}{
		{"more than 60 new guests from one address, each under another X-Forwarded-For", request{path: "/api/auth/guest", from: "127.0.0.9"}, 60, "presence_guests_limited_total"},
		{"more than 120 tickets from one address", request{path: "/api/auth/ticket", token: token, from: "127.0.0.10"}, 120, "presence_tickets_limited_total"},
	} {
		s.each(t, "floods", 100+i, c.tried, func(t *testing.T) string {
			c.r.method = http.MethodPost
			s.expect(c.counter)
			for n := range 4 * c.allowed {
				c.r.header = map[string]string{"X-Forwarded-For": fmt.Sprintf("203.0.113.%d", n%250)}
				a := s.ask(t, c.r)
				if a.status == http.StatusOK {
					continue
				}
				if n < c.allowed || a.header.Get("Retry-After") == "" {
					t.Errorf("refused after %d, Retry-After %q", n, a.header.Get("Retry-After"))
				}
				s.ticket(t, s.guest()) // others are not limited
				return refused(t, a, refusal{429, "rate_limited", ""}) + "; `Retry-After`"
			}
			t.Error("no limit")
			return ""
		})
	}
}

func (s *siege) handshakes(t *testing.T) {
	token := s.guest()
	good := map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Authorization": "Bearer " + token,
	}
	for i, c := range []struct {
		tried, key, value string
		want              refusal
	}{
		{"a page of a foreign origin", "Origin", "https://evil.example", refusal{403, "forbidden", "header.Origin"}},
		{"an origin that begins like ours", "Origin", s.base + ".evil.example", refusal{403, "forbidden", "header.Origin"}},
		{"origin null (a sandboxed frame, a file)", "Origin", "null", refusal{403, "forbidden", "header.Origin"}},
		{"no credential", "Authorization", "", refusal{401, "unauthenticated", ""}},
		{"no Upgrade header", "Upgrade", "", refusal{426, "invalid", ""}},
		{"no Connection header", "Connection", "", refusal{426, "invalid", ""}},
		{"protocol version 8", "Sec-WebSocket-Version", "8", refusal{400, "invalid", ""}},
		{"no key", "Sec-WebSocket-Key", "", refusal{400, "invalid", ""}},
		{"a key that is no key", "Sec-WebSocket-Key", "short", refusal{400, "invalid", ""}},
	} {
		s.each(t, "handshakes", i, c.tried, func(t *testing.T) string {
			header := maps.Clone(good)
			header[c.key] = c.value
			if c.value == "" {
				delete(header, c.key)
			}
			return refused(t, s.ask(t, request{path: "/ws/city/presence", header: header}), c.want)
		})
	}
}

func (s *siege) requests(t *testing.T) {
	for i, c := range []struct {
		tried string
		r     request
		want  refusal
	}{
		{"an unknown path", request{path: "/nowhere"}, refusal{404, "not_found", ""}},
		{"an unknown path of the API", request{path: "/api/nowhere"}, refusal{404, "not_found", ""}},
		{"a path with NUL and line breaks", request{path: "/%00%0d%0aSet-Cookie:%20a=b%1b[31m"}, refusal{404, "not_found", ""}},
		{"a path out of the folder of the page", request{path: "/assets/..%2f..%2fgo.mod"}, refusal{404, "not_found", ""}},
		{"a wrong method", request{method: http.MethodDelete, path: "/presence/summary"}, refusal{405, "invalid", ""}},
		{"POST to the socket", request{method: http.MethodPost, path: "/ws/city/presence"}, refusal{405, "invalid", ""}},
		{"POST to the page", request{method: http.MethodPost, path: "/city"}, refusal{405, "invalid", ""}},
		{"an order that does not exist", request{path: "/city/rooms?sort=bogus"}, refusal{422, "invalid", "query.sort"}},
		{"a zone with dots and spaces", request{path: "/city/rooms?zone=a.b%20c"}, refusal{422, "invalid", "query.zone"}},
		{"a search of 200 letters", request{path: "/city/rooms?q=" + strings.Repeat("x", 200)}, refusal{422, "invalid", "query.q"}},
		{"a flag that is neither true nor false", request{path: "/city/rooms?live=perhaps"}, refusal{422, "invalid", "query.live"}},
		{"a query that cannot be read", request{path: "/city/rooms?ticket=%zz"}, refusal{422, "invalid", "query"}},
		{"an Authorization header of another kind", request{path: "/city/rooms", header: map[string]string{"Authorization": "Digest x"}}, refusal{401, "unauthenticated", "header.Authorization"}},
		{"a ticket without being anybody", request{method: http.MethodPost, path: "/api/auth/ticket"}, refusal{401, "unauthenticated", ""}},
		{"the services' path without a key", request{path: "/internal/city/rooms"}, refusal{401, "unauthenticated", "header.X-Internal-API-Key"}},
		{"the services' path with a wrong key", request{path: "/internal/city/rooms", header: map[string]string{"X-Internal-API-Key": "guess"}}, refusal{401, "unauthenticated", "header.X-Internal-API-Key"}},
		{"the services' path with an admin's token", request{path: "/internal/city/rooms", token: s.own(t, auth.Grant{Subject: "admin", Roles: []string{"admin"}})}, refusal{401, "unauthenticated", "header.X-Internal-API-Key"}},
		{"the metrics through a proxy", request{path: "/metrics", header: map[string]string{"X-Forwarded-For": "203.0.113.1"}}, refusal{404, "not_found", ""}},
		{
			"a preflight of a foreign origin",
			request{method: http.MethodOptions, path: "/city/rooms", header: map[string]string{"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}},
			refusal{403, "forbidden", "header.Origin"},
		},
	} {
		s.each(t, "requests", i, c.tried, func(t *testing.T) string { return refused(t, s.ask(t, c.r), c.want) })
	}
	s.ignored(t)
}

// ignored: no path reads a body or cookies, so nothing in them can hurt.
func (s *siege) ignored(t *testing.T) {
	token := s.guest()
	for i, c := range []struct {
		tried string
		r     request
	}{
		{"a body that is broken JSON", request{method: http.MethodPost, path: "/api/auth/guest", body: strings.NewReader(`{"name":`)}},
		{"a body with unknown fields", request{method: http.MethodPost, path: "/api/auth/ticket", token: token, body: strings.NewReader(`{"roles":["admin"],"ttl":1e9}`)}},
		{"unknown query parameters", request{path: "/city/rooms?admin=true&role=admin"}},
	} {
		s.each(t, "requests", 100+i, c.tried, func(t *testing.T) string {
			if a := s.ask(t, c.r); a.status != http.StatusOK || strings.Contains(string(a.body), "council") {
				t.Errorf("%d %s", a.status, a.body)
			}
			return "`200`: not read"
		})
	}
	s.each(t, "requests", 200, "reading from a page of a foreign origin", func(t *testing.T) string {
		a := s.ask(t, request{path: "/city/rooms", header: map[string]string{"Origin": "https://evil.example"}})
		for _, header := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Set-Cookie"} {
			if value := a.header.Get(header); value != "" {
				t.Errorf("%s: %s", header, value)
			}
		}
		if a.header.Get("Cross-Origin-Resource-Policy") != "same-origin" || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("headers %v", a.header)
		}
		return "`200` without `Access-Control-Allow-Origin`, so that the browser keeps it from the page"
	})
}

// rawRequests are those net/http refuses before any of our code: plain text,
// and the connection is closed.
func (s *siege) rawRequests(t *testing.T) {
	long := strings.Repeat("x", 64<<10)
	for i, c := range []struct {
		tried, send string
		status      int
	}{
		{"no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
		{"a header of 64 KB", "GET /city HTTP/1.1\r\nHost: city\r\nX-Long: " + long + "\r\n\r\n", 431},
		{"a URL of 64 KB", "GET /" + long + " HTTP/1.1\r\nHost: city\r\n\r\n", 431},
		{"a thousand headers of 64 bytes", "GET /city HTTP/1.1\r\nHost: city\r\n" + strings.Repeat("X-Many: "+long[:64]+"\r\n", 1000) + "\r\n", 431},
		{"no Host", "GET /city HTTP/1.1\r\n\r\n", 400},
		{"a Host with line noise", "GET /city HTTP/1.1\r\nHost: a\x00b\r\n\r\n", 400},
		{"two lengths", "POST /api/auth/guest HTTP/1.1\r\nHost: city\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400},
		{"a negative length", "POST /api/auth/guest HTTP/1.1\r\nHost: city\r\nContent-Length: -1\r\n\r\n", 400},
		{"an unknown transfer encoding", "POST /api/auth/guest HTTP/1.1\r\nHost: city\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
		{"a header name with a space", "GET /city HTTP/1.1\r\nHost: city\r\nX Y: z\r\n\r\n", 400},
		{"a body of 10 GB", "POST /api/auth/guest HTTP/1.1\r\nHost: city\r\nContent-Length: 10000000000\r\n\r\n" + long, 200},
		{"HTTP/3.0 in plain text", "GET /city HTTP/3.0\r\nHost: city\r\n\r\n", 505},
		{"a path that cannot be read", "GET /%zz HTTP/1.1\r\nHost: city\r\n\r\n", 400},
	} {
		s.each(t, "raw", i, c.tried, func(t *testing.T) string {
			w := s.connect(t, c.send)
			resp, err := http.ReadResponse(w.Reader, nil)
			if err != nil {
				t.Fatalf("no answer: %v", err)
			}
			defer resp.Body.Close()
			said, _ := io.ReadAll(resp.Body) // what is unread on the other side may break the connection
			if resp.StatusCode != c.status {
				t.Errorf("status %d, want %d", resp.StatusCode, c.status)
			}
			if resp.StatusCode == http.StatusOK {
				return "`200`: the body is not read, the connection is closed"
			}
			clean(t, string(said))
			return fmt.Sprintf("`%d` in plain text", resp.StatusCode)
		})
	}
}

// slow opens connections that never say anything whole, and returns a function
// that waits for their end: meanwhile there is time for the other attacks.
func (s *siege) slow(t *testing.T) (wait func()) {
	begin := time.Now()
	var ended sync.WaitGroup
	for i, c := range []struct{ tried, send, drip string }{
		{"a connection that says nothing", "", ""},
		{"headers that never end", "GET /city HTTP/1.1\r\nHost: city\r\n", ""},
		{"headers that come letter by letter (slow loris)", "GET /city HTTP/1.1\r\nHost: city\r\nX-Slow: ", "x"},
	} {
		w := s.connect(t, c.send)
		done := make(chan struct{})
		ended.Go(func() {
			defer close(done)
			_, _ = io.Copy(io.Discard, w.Reader)
			if took := time.Since(begin); took > patience/2 {
				t.Errorf("%s: held for %s", c.tried, took)
			}
			s.note("slow", i, c.tried, "closed after 10 s")
		})
		ended.Go(func() { w.drip(c.drip, done) })
	}
	return ended.Wait
}

// drip says a little five times a second.
func (w wire) drip(text string, done <-chan struct{}) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w.say(text)
		case <-done:
			return
		}
	}
}

// names: what people on the homeserver may be called. Historical localparts
// hold anything but NUL and line breaks.
func (s *siege) names(t *testing.T) {
	const dropped = `presence_aggregator_dropped_total{section="events"}`
	var rooms []struct {
		Slug   string
		RoomID string `json:"matrix_room_id"`
	}
	s.getJSON(t, "/city/rooms", &rooms)
	plaza := ""
	for _, r := range rooms {
		if r.Slug == "plaza" {
			plaza = r.RoomID
		}
	}
	counted := 0
	f := s.program.feed(s.guest())
	f.t = t
	join := func(name string) {
		user := s.hs.AddUser(name)
		s.hs.SetPresence(user, "online")
		s.hs.Join(user, plaza)
	}
	for i, name := range []string{"dots.in.it", "colon:in:it", "space in it", "Büro", "город", "東京", "شارع", "UPPER", "../../etc", "a*.>b", "$1 OR 1=1", "\x1b[31mred", "=2e", strings.Repeat("l", 240)} {
		join(name)
		counted++
		f.until("plaza", name, func(r roomCounts) bool { return r.Online == counted })
		s.note("names", i, fmt.Sprintf("localpart `%s`", strings.ReplaceAll(fmt.Sprintf("%.20q", name), "`", "")), "a person like any other: counted once")
	}
	for i, name := range []string{"nul\x00in it", "line\nbreak", "carriage\rreturn", "", strings.Repeat("l", 300)} {
		before := s.metric(t, dropped)
		join(name)
		s.grows(t, dropped, before)
		s.note("names", 100+i, fmt.Sprintf("localpart `%.20q`", name), "not counted as a person; `"+dropped+"`")
	}
	s.hs.Send(plaza, "m.room.canonical_alias", "@creator:localhost", new(string), map[string]any{"alias": "#nul\x00:\x1b[31m"})
	s.hs.Send(plaza, "m.room.tombstone", "@creator:localhost", new(string), map[string]any{"replacement_room": "not a room"})
	s.beat(t)
	f.until("plaza", "the people with odd names", func(r roomCounts) bool { return r.Online == counted && !r.Stale })
	_ = f.conn.CloseNow()
	s.expect("presence_city_left_total")
}
