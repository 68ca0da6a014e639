package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"presence/deploy/testpg"
	"presence/gateway/auth"
)

// TestHostileVisitors throws everything a visitor of the shared spaces can do
// wrong at the whole program, through every door and every path, with everybody
// in one space and a PostgreSQL database, which is the stricter of the two. Each
// attack gets a clear answer, and after each one well-behaved visitor still
// hears the other.
func TestHostileVisitors(t *testing.T) {
	t.Parallel()
	s := &fortress{siege: newSiege(t, "--jwt-secret="+besiegedSecret, "--internal-key="+besiegedKey,
		"--database="+testpg.Database(t), "--turn-uris=turn:turn.example.org", "--turn-secret="+besiegedSecret,
		"--trusted-proxies="+proxyAddress+"/32", "--guest-seats=8")}
	s.speaker, s.listener = s.visitor(t, "hive:speaker"), s.visitor(t, "hive:listener")
	s.speaker.enters(t, lobbySpace)
	s.listener.enters(t, lobbySpace)
	s.news = make(chan struct{}, 1)
	go s.speaker.each(func(string) {})
	go s.listener.each(s.noteWord)
	s.heard(t)
	t.Run("attacks", func(t *testing.T) {
		for name, attack := range map[string]func(*testing.T){
			"native": s.native, "native frames": s.nativeFrames, "Socket.IO": s.socketIO, "Engine.IO": s.engineIO,
			"raw": s.rawDoor, "NAF": s.naf, "REST": s.rest, "slow readers": s.slowReaders, "accounts": s.accounts, "narrowed": s.narrowed, "many": s.many,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				attack(t)
			})
		}
	})
	for _, never := range []string{"presence_http_panics_total", "presence_hub_panics_total", "presence_space_panics_total", "presence_door_panics_total", "presence_socketio_panics_total"} {
		s.eventually(t, never, "0", func(is float64) bool { return is == 0 })
	}
	s.heard(t)
	s.speaker.leaves()
	s.listener.leaves()
	s.eventually(t, "presence_hub_spaces", "0", func(is float64) bool { return is == 0 })
	s.readableLog(t)
	s.documented(t)
}

const lobbySpace = "global:lobby:main"

// fortress is the program under siege by visitors, with two who behave.
type fortress struct {
	*siege

	speaker, listener *visitorSocket
	said              int64 // guarded by heart
	last              atomic.Int64
	news              chan struct{} // the listener has heard something
}

var beatWord = regexp.MustCompile(`"name":"beat","data":\{"word":(\d+)\}`)

// noteWord takes what the listener hears.
func (s *fortress) noteWord(message string) {
	found := beatWord.FindStringSubmatch(message)
	if found == nil {
		return
	}
	word, _ := strconv.ParseInt(found[1], 10, 64)
	s.last.Store(word)
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// heard lets the one well-behaved visitor say something new and waits until the
// other has heard it.
func (s *fortress) heard(t *testing.T) {
	t.Helper()
	s.heart.Lock()
	defer s.heart.Unlock()
	s.said++
	s.speaker.say(t, fmt.Sprintf(`{"type":"custom","name":"beat","data":{"word":%d}}`, s.said))
	deadline := time.After(patience)
	for s.last.Load() < s.said {
		select {
		case <-s.news:
		case <-deadline:
			t.Fatal("one well-behaved visitor no longer hears the other")
		}
	}
}

// each runs one attack of a table as a subtest that ends with a heartbeat.
func (s *fortress) each(t *testing.T, group string, index int, tried string, attack func(t *testing.T) string) {
	t.Run(tried, func(t *testing.T) {
		t.Parallel()
		s.note(group, index, tried, attack(t))
		s.heard(t)
	})
}

// visitorSocket is a WebSocket of whatever door.
type visitorSocket struct {
	conn *websocket.Conn
}

func (s *fortress) dial(t *testing.T, path, token string, subprotocols ...string) *visitorSocket {
	t.Helper()
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(s.base, "http")+path, &websocket.DialOptions{HTTPHeader: header, Subprotocols: subprotocols})
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	conn.SetReadLimit(-1)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &visitorSocket{conn}
}

// visitor opens a socket of the native door for somebody.
func (s *fortress) visitor(t *testing.T, subject string) *visitorSocket {
	t.Helper()
	return s.dial(t, "/ws/space", s.own(t, auth.Grant{Subject: subject, TTL: time.Hour}), "presence.space.v1")
}

func (v *visitorSocket) say(t *testing.T, text string) { v.send(t, websocket.MessageText, text) }

func (v *visitorSocket) send(t *testing.T, kind websocket.MessageType, data string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	_ = v.conn.Write(ctx, kind, []byte(data)) // one that was closed meanwhile shows in what it hears
}

// each hands on whatever is said until the socket ends.
func (v *visitorSocket) each(take func(string)) {
	for {
		_, data, err := v.conn.Read(context.Background())
		if err != nil {
			return
		}
		take(string(data))
	}
}

// until reads until the server says what was waited for.
func (v *visitorSocket) until(t *testing.T, what string, is func(string) bool) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	for {
		_, data, err := v.conn.Read(ctx)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if is(string(data)) {
			return string(data)
		}
	}
}

// closed reads until the server closes.
func (v *visitorSocket) closed(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		if _, _, err := v.conn.Read(ctx); err != nil {
			var end websocket.CloseError
			if !asClose(err, &end) {
				t.Fatalf("not closed in order: %v", err)
			}
			clean(t, end.Reason)
			return fmt.Sprintf("close `%d`: %s", end.Code, end.Reason)
		}
	}
}

func (v *visitorSocket) enters(t *testing.T, space string) {
	t.Helper()
	v.say(t, `{"type":"join","id":"join","space":"`+space+`","nsfw":true}`)
	if m := v.until(t, "join", answersTo(`"join"`)); !strings.Contains(m, `"ack"`) {
		t.Fatalf("join %s: %s", space, m)
	}
}

func (v *visitorSocket) leaves() { _ = v.conn.Close(websocket.StatusNormalClosure, "") }

// answersTo accepts the ack or error of a request, or an error without one.
func answersTo(id string) func(string) bool {
	return func(m string) bool {
		return strings.HasPrefix(m, `{"type":"ack","id":`+id) || strings.HasPrefix(m, `{"type":"error"`)
	}
}

// goesOn checks that a socket that was refused something goes on.
func (s *fortress) goesOn(t *testing.T, v *visitorSocket) {
	t.Helper()
	v.say(t, `{"type":"ping","id":"still"}`)
	v.until(t, "a ping after that", func(m string) bool { return strings.HasPrefix(m, `{"type":"ack","id":"still"`) })
}

func (s *fortress) native(t *testing.T) {
	pad := strings.Repeat("x", 17<<10)
	for i, c := range []struct{ tried, send, code string }{
		{"an unknown type", `{"type":"chat.purge"}`, "invalid"},
		{"a server's own message", `{"type":"joined","space":"global:lobby:main"}`, "invalid"},
		{"no JSON", `hello`, "invalid"},
		{"a JSON array", `[{"type":"leave"}]`, "invalid"},
		{"20,000 open brackets", `{"type":"entity","data":` + strings.Repeat("[", 20_000), "invalid"},
		{"invalid UTF-8", "{\"type\":\"custom\",\"name\":\"a\",\"data\":\"\xff\xfe\"}", "invalid"},
		{"NUL", "\x00", "invalid"},
		{"an id that is an object", `{"type":"leave","id":{}}`, "invalid"},
		{"a space that does not exist", `{"type":"join","space":"post:alice/nothing"}`, "not_found"},
		{"a space of a private room", `{"type":"join","space":"city:council"}`, "not_found"},
		{"a key with too many parts", `{"type":"join","space":"global:lobby:main:x"}`, "invalid"},
		{"a subspace with a NATS wildcard", `{"type":"join","space":"global:lobby:>"}`, "invalid"},
		{"a subspace of 65 letters", `{"type":"join","space":"global:lobby:` + strings.Repeat("x", 65) + `"}`, "invalid"},
		{"another name in a join", `{"type":"join","id":1,"space":"global:lobby","subject":"hive:victim","account":"victim","name":"victim","role":"admin"}`, ""},
		{"an avatar of 3 KB", `{"type":"avatar","avatar":{"a":"` + pad[:3000] + `"}}`, "too_large"},
		{"an avatar that is text", `{"type":"avatar","avatar":"javascript:alert(1)"}`, "invalid"},
		{"NUL and half a surrogate pair in an avatar", `{"type":"avatar","id":1,"avatar":{"a":"\u0000","b":"\ud800"}}`, ""},
		{"a pose beyond every number", `{"type":"join","space":"global:lobby","pose":{"p":[1e999,0,0]}}`, "invalid"},
		{"a pose a million metres away", `{"type":"join","space":"global:lobby","pose":{"p":[1e6,0,0]}}`, "invalid"},
		{"a pose with NaN", `{"type":"join","space":"global:lobby","pose":{"p":[NaN,0,0]}}`, "invalid"},
		{"an emote that is markup", `{"type":"emote","emote":"<script>"}`, "invalid"},
		{"an entity of 17 KB", `{"type":"entity","data":"` + pad + `"}`, "too_large"},
		{"a signal to somebody who is not there", `{"type":"signal","to":"global:lobby:main","kind":"offer","data":{}}`, "not_found"},
		{"a signal of an unknown kind", `{"type":"signal","to":"x","kind":"renegotiate","data":{}}`, "invalid"},
		{"a message with a name full of spaces", `{"type":"custom","name":"a b","data":1}`, "invalid"},
		{"a line without content", `{"type":"chat.send","client_id":"1"}`, "invalid"},
		{"a line of spaces and zero-width characters", `{"type":"chat.send","client_id":"1","content":" \u200b\u2060 "}`, "invalid"},
		{"a line with NUL", `{"type":"chat.send","client_id":"1","content":"a\u0000b"}`, "invalid"},
		{"a line with an override of direction", `{"type":"chat.send","client_id":"1","content":"\u202eevil"}`, "invalid"},
		{"a line of 2,001 letters", `{"type":"chat.send","client_id":"1","content":"` + pad[:2001] + `"}`, "invalid"},
		{"a line of type system", `{"type":"chat.send","client_id":"1","content":"The server goes down","message_type":"system"}`, "invalid"},
		{"a client id with a line break", `{"type":"chat.send","client_id":"a\nb","content":"x"}`, "invalid"},
		{"a reply to a line that is not there", `{"type":"chat.send","client_id":"1","content":"x","parent_id":999999}`, "invalid"},
		{"an edit of a line that is not there", `{"type":"chat.edit","message_id":999999,"content":"x"}`, "not_found"},
		{"the deletion of line 9e18", `{"type":"chat.delete","message_id":9000000000000000000}`, "not_found"},
		{"the deletion of line 1e30", `{"type":"chat.delete","message_id":1e30}`, "invalid"},
		{"a reaction of markup", `{"type":"chat.react","message_id":1,"reaction":"<b>","on":true}`, "invalid"},
		{"a history of a million lines", `{"type":"chat.history","limit":1000000}`, "invalid"},
		{"events since before the beginning", `{"type":"chat.since","seq":-1}`, "invalid"},
	} {
		s.each(t, "native", i, c.tried, func(t *testing.T) string {
			v := s.visitor(t, fmt.Sprintf("hive:native%d", i))
			v.enters(t, lobbySpace)
			v.say(t, c.send)
			said := v.until(t, "an answer", answersTo("1"))
			var m struct{ Type, Code, Message string }
			if err := json.Unmarshal([]byte(said), &m); err != nil || m.Code != c.code || (m.Type == "error") != (c.code != "") {
				t.Errorf("answered %.300s", said)
			}
			clean(t, said)
			s.goesOn(t, v)
			v.leaves()
			if m.Type == "ack" {
				return "accepted: nothing of it is believed or broken"
			}
			return "`" + said + "`"
		})
	}
	s.each(t, "native", 100, "everything before a join", func(t *testing.T) string {
		v := s.visitor(t, "hive:outsider")
		said := ""
		for _, send := range []string{
			`{"type":"emote","emote":"wave"}`, `{"type":"typing","on":true}`, `{"type":"entity","data":{}}`, `{"type":"signal","to":"x","kind":"offer","data":{}}`,
			`{"type":"chat.send","client_id":"1","content":"x"}`, `{"type":"chat.history"}`, `{"type":"chat.since","seq":0}`, `{"type":"voice","on":true}`,
		} {
			v.say(t, send)
			said = v.until(t, "an answer", answersTo("1"))
			if !strings.Contains(said, `"code":"conflict"`) {
				t.Errorf("%s is answered %s", send, said)
			}
		}
		s.goesOn(t, v)
		v.leaves()
		return "`" + said + "`"
	})
}

func (s *fortress) nativeFrames(t *testing.T) {
	for i, c := range []struct {
		tried, send string
		kind        websocket.MessageType
	}{
		{"a message of 100,000 bytes", strings.Repeat("x", 100_000), websocket.MessageText},
		{"10,000 messages at once", "", websocket.MessageText},
	} {
		s.each(t, "native frames", i, c.tried, func(t *testing.T) string {
			v := s.visitor(t, fmt.Sprintf("hive:frames%d", i))
			v.enters(t, lobbySpace)
			if c.send != "" {
				v.send(t, c.kind, c.send)
				return v.closed(t)
			}
			go func() {
				for range 10_000 {
					if v.conn.Write(t.Context(), c.kind, []byte(`{"type":"ping"}`)) != nil {
						return
					}
				}
			}()
			return v.closed(t)
		})
	}
	for i, c := range []struct{ tried, send string }{
		{"an empty binary message", ""},
		{"a binary message of another kind", "\x02\x00\x00\x00\x00\x00"},
		{"a pose cut off", "\x01\x00\x00\x00\x00"},
		{"a pose with flags that mean nothing", "\x01\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"a pose with 1,000 bytes behind it", "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc0" + strings.Repeat("\x00", 1000)},
	} {
		s.each(t, "native frames", 100+i, c.tried, func(t *testing.T) string {
			v := s.visitor(t, fmt.Sprintf("hive:binary%d", i))
			v.enters(t, lobbySpace)
			v.send(t, websocket.MessageBinary, c.send)
			said := v.until(t, "an answer", answersTo("1"))
			if !strings.Contains(said, `"op":"pose"`) {
				t.Errorf("answered %s", said)
			}
			clean(t, said)
			s.goesOn(t, v)
			v.leaves()
			return "`" + said + "`"
		})
	}
}

const engine = "/socket.io/?EIO=4&transport=websocket"

// io opens a WebSocket of Socket.IO, as whoever the token says.
func (s *fortress) io(t *testing.T, token string) *visitorSocket {
	t.Helper()
	v := s.dial(t, engine, "")
	v.until(t, "the handshake", func(m string) bool { return strings.HasPrefix(m, "0{") })
	v.say(t, `40{"token":"`+token+`"}`)
	v.until(t, "the connection", func(m string) bool { return strings.HasPrefix(m, "40") })
	return v
}

func (s *fortress) socketIO(t *testing.T) {
	pad := strings.Repeat("x", 17<<10)
	const joined = `42["join-space",{"spaceType":"global","spaceId":"lobby"}]`
	for i, c := range []struct {
		tried, send, code string
		outside           bool
	}{
		{"an unknown event", `42["admin-shutdown",{}]`, "invalid", false},
		{"an event without argument", `42["aframe-update"]`, "invalid", false},
		{"an event of the server", `42["user-joined",{"socketId":"x"}]`, "invalid", false},
		{"`webrtc-offer` without argument", `42["webrtc-offer"]`, "invalid", false},
		{"`webrtc-answer` with null", `42["webrtc-answer",null]`, "invalid", false},
		{"`webrtc-ice-candidate` with a number", `42["webrtc-ice-candidate",7]`, "invalid", false},
		{"an offer to the name of a room", `42["webrtc-offer",{"targetSocketId":"global:lobby:main","offer":{}}]`, "not_found", false},
		{"an offer to a list of sockets", `42["webrtc-offer",{"targetSocketId":["a","b"],"offer":{}}]`, "invalid", false},
		{"`join-space` for a private room", `42["join-space",{"spaceType":"city","spaceId":"council"}]`, "not_found", true},
		{"`join-space` for a space that does not exist", `42["join-space",{"spaceType":"document","spaceId":4711}]`, "not_found", true},
		{"`join-space` with a type of its own", `42["join-space",{"spaceType":"secret","spaceId":"x"}]`, "invalid", true},
		{"`join-space` without anything", `42["join-space"]`, "invalid", true},
		{"an avatar of 3 KB", `42["join-space",{"spaceType":"global","spaceId":"lobby","avatar_data":{"a":"` + pad[:3000] + `"}}]`, "too_large", true},
		{"`aframe-update` outside of any space", `42["aframe-update",{"position":{"x":0,"y":0,"z":0}}]`, "conflict", true},
		{"a line outside of any space", `42["chat-message",{"content":"x"}]`, "conflict", true},
		{"`aframe-update` of 17 KB", `42["aframe-update",{"a":"` + pad + `"}]`, "too_large", false},
		{"a position of 1e999", `42["aframe-update",{"position":{"x":1e999,"y":0,"z":0}}]`, "invalid", false},
		{"a position that is text", `42["aframe-update",{"position":{"x":"0","y":0,"z":0}}]`, "invalid", false},
		{"a position at the end of the world", `42["aframe-update",{"position":{"x":99999,"y":0,"z":0}}]`, "invalid", false},
		{"a line that is an object", `42["chat-message",{"content":{"$gt":""}}]`, "invalid", false},
		{"a line of type system", `42["chat-message",{"content":"x","message_type":"system"}]`, "invalid", false},
		{"a line with NUL", `42["chat-message",{"content":"a\u0000b"}]`, "invalid", false},
		{"a reply to a line that is not there", `42["chat-message",{"content":"x","parent_message_id":999999}]`, "invalid", false},
		{"the deletion of somebody's line by SQL", `42["chat-delete",{"message_id":"1 OR 1=1"}]`, "invalid", false},
		{"an emote that is markup", `42["emote",{"emote":"<img src=x>"}]`, "invalid", false},
		{"binary data", `451-["aframe-update",{"_placeholder":true,"num":0}]`, "invalid", false},
	} {
		s.each(t, "socketio", i, c.tried, func(t *testing.T) string {
			v := s.io(t, s.own(t, auth.Grant{Subject: fmt.Sprintf("hive:socketio%d", i)}))
			if !c.outside {
				v.say(t, joined)
				v.until(t, "the space", func(m string) bool { return strings.HasPrefix(m, `42["space-joined"`) })
			}
			v.say(t, c.send)
			if strings.HasPrefix(c.send, "451-") {
				v.send(t, websocket.MessageBinary, "\x00\xff")
			}
			said := v.until(t, "an answer", func(m string) bool {
				return strings.HasPrefix(m, `42["space-error"`) || strings.HasPrefix(m, `42["chat-error"`)
			})
			if !strings.Contains(said, `"code":"`+c.code+`"`) {
				t.Errorf("answered %s", said)
			}
			clean(t, said)
			v.say(t, `42["leave-space",{}]`)
			v.leaves()
			return "`" + strings.TrimPrefix(said, "42") + "`"
		})
	}
	for i, c := range []struct{ tried, auth, want string }{
		{"an account that signed nothing", `{"account":"victim"}`, `40`},
		{"an account with a made-up signature", `{"account":"victim","challenge":"1","signature":"` + strings.Repeat("1f", 65) + `"}`, `44`},
		{"a token that is none", `{"token":"eyJ.eyJ.x"}`, `44`},
		{"a token for the API", `{"token":"` + s.own(t, auth.Grant{Subject: "hive:api", Audience: []string{"city-api"}}) + `"}`, `44`},
		{"a handshake of 9 KB", `{"token":"` + strings.Repeat("x", 9<<10) + `"}`, `44`},
		{"a ticket that is guessed", `{"ticket":"` + strings.Repeat("A", 26) + `"}`, `44`},
	} {
		s.each(t, "socketio", 100+i, c.tried, func(t *testing.T) string {
			v := s.dial(t, engine, "")
			v.say(t, "40"+c.auth)
			said := v.until(t, "an answer", func(m string) bool { return strings.HasPrefix(m, "4") })
			if !strings.HasPrefix(said, c.want) {
				t.Errorf("answered %s", said)
			}
			clean(t, said)
			if c.want == "44" {
				v.leaves()
				return "`" + said[2:] + "`"
			}
			v.say(t, joined)
			said = v.until(t, "the space", func(m string) bool { return strings.HasPrefix(m, `42["space-joined"`) })
			if strings.Contains(said, "victim") {
				t.Errorf("it is believed: %s", said)
			}
			v.leaves()
			return "a guest like any other"
		})
	}
}

func (s *fortress) engineIO(t *testing.T) {
	for i, c := range []struct{ tried, send string }{
		{"no packet", "hello"},
		{"a packet of an unknown kind", "9"},
		{"a ping by the client", "2"},
		{"an event before the connection", `42["join-space",{}]`},
		{"invalid UTF-8", "42[\"custom\",{\"name\":\"a\",\"data\":\"\xff\xfe\"}]"},
		{"JSON cut off", `42["join-space",{`},
		{"an event whose name is a number", `42[7]`},
		{"a reserved event", `42["disconnect"]`},
		{"eleven attachments", `4511-["custom",{"_placeholder":true,"num":0}]`},
		{"a callback number of 30 digits", `42` + strings.Repeat("9", 30) + `["custom",{}]`},
		{"100,000 open brackets", `42["custom",` + strings.Repeat("[", 100_000)},
		{"a message of 200,000 bytes", "4" + strings.Repeat("x", 200_000)},
		{"six attempts to connect on one connection", strings.Repeat("40/nowhere\x1e", 6)},
	} {
		s.each(t, "engineio", i, c.tried, func(t *testing.T) string {
			var v *visitorSocket
			if strings.HasPrefix(c.tried, "an event before") {
				v = s.dial(t, engine, "")
			} else {
				v = s.io(t, s.own(t, auth.Grant{Subject: fmt.Sprintf("hive:engine%d", i)}))
			}
			for part := range strings.SplitSeq(strings.TrimSuffix(c.send, "\x1e"), "\x1e") {
				v.say(t, part)
			}
			return v.closed(t)
		})
	}
	for i, c := range []struct {
		tried, method, query, body string
		status                     int
	}{
		{"an unknown transport", "GET", "EIO=4&transport=carrier-pigeon", "", 400},
		{"protocol revision 3", "GET", "EIO=3&transport=polling", "", 400},
		{"a session that is guessed", "GET", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAAAAAAAA", "", 400},
		{"a POST without a session", "POST", "EIO=4&transport=polling", "40", 400},
		{"DELETE", "DELETE", "EIO=4&transport=polling", "", 400},
		{"JSONP", "GET", "EIO=4&transport=polling&j=0", "", 400},
	} {
		s.each(t, "engineio", 100+i, c.tried, func(t *testing.T) string {
			a := s.ask(t, request{method: c.method, path: "/socket.io/?" + c.query, body: strings.NewReader(c.body)})
			if a.status != c.status {
				t.Errorf("%d %s", a.status, a.body)
			}
			clean(t, string(a.body))
			return fmt.Sprintf("`%d` `%s`", a.status, a.body)
		})
	}
	s.each(t, "engineio", 200, "a page of a foreign origin", func(t *testing.T) string {
		a := s.ask(t, request{path: "/socket.io/?EIO=4&transport=polling", header: map[string]string{"Origin": "https://evil.example"}})
		if a.status != http.StatusForbidden || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%d %v", a.status, a.header)
		}
		return fmt.Sprintf("`%d` `%s`", a.status, a.body)
	})
}

func (s *fortress) rawDoor(t *testing.T) {
	const join = `{"type":"join-space","spaceType":"global","spaceId":"lobby"}`
	for i, c := range []struct{ tried, send, code string }{
		{"no JSON", `hello`, "invalid"},
		{"no type", `{}`, "invalid"},
		{"a word of the server's", `{"type":"user-joined","user":"victim"}`, "invalid"},
		{"invalid UTF-8", "{\"type\":\"own\",\"a\":\"\xff\"}", "invalid"},
		{"a message for another room", `{"type":"own","room":"other:main"}`, "invalid"},
		{"`webrtc-offer` without target", `{"type":"webrtc-offer"}`, "invalid"},
		{"a line of type system", `{"type":"chat-message","message":"x","message_type":"system"}`, "invalid"},
		{"a position of 1e999", `{"type":"aframe-update","position":{"x":1e999,"y":0,"z":0}}`, "invalid"},
	} {
		s.each(t, "raw door", i, c.tried, func(t *testing.T) string {
			v := s.dial(t, "/socket.io/", s.own(t, auth.Grant{Subject: fmt.Sprintf("hive:raw%d", i)}))
			v.say(t, join)
			v.until(t, "the space", func(m string) bool { return strings.Contains(m, `"type":"space-joined"`) })
			v.say(t, c.send)
			said := v.until(t, "an answer", func(m string) bool { return strings.Contains(m, `-error"`) })
			if !strings.Contains(said, `"code":"`+c.code+`"`) {
				t.Errorf("answered %s", said)
			}
			clean(t, said)
			v.leaves()
			return "`" + said + "`"
		})
	}
}

func (s *fortress) naf(t *testing.T) {
	for i, c := range []struct{ tried, send, closes string }{
		{"no JSON", `hello`, ""},
		{"a room that is not there", `{"event":"joinRoom","data":{"room":"victim-private-main"}}`, ""},
		{"a private room", `{"event":"joinRoom","data":{"room":"city:council:main"}}`, ""},
		{"an entity before a room", `{"event":"broadcast","data":{"type":"u","data":{}}}`, ""},
		{"an unknown event", `{"event":"shutdown","data":{}}`, ""},
		{"invalid UTF-8", "{\"event\":\"\xff\"}", ""},
	} {
		s.each(t, "naf", i, c.tried, func(t *testing.T) string {
			v := s.dial(t, "/naf", s.own(t, auth.Grant{Subject: fmt.Sprintf("hive:naf%d", i)}))
			v.say(t, c.send)
			said := v.until(t, "an answer", func(m string) bool { return strings.Contains(m, "error") })
			clean(t, said)
			v.leaves()
			return "`" + said + "`"
		})
	}
}

func asClose(err error, end *websocket.CloseError) bool {
	code := websocket.CloseStatus(err)
	if code == -1 {
		return false
	}
	*end = websocket.CloseError{Code: code}
	if found := closeReason.FindStringSubmatch(err.Error()); found != nil {
		end.Reason = found[1]
	}
	return true
}

var closeReason = regexp.MustCompile(`reason = "(.*)"`)
