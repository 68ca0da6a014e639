package city_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"presence/gateway/city"
	"presence/gateway/wire"
	"presence/spaces"
)

// TestBadMessages: what is not understood is answered and counted, and the
// socket goes on.
func TestBadMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.city.CityReset(state(link("square", "")))
	c := w.connect("guest", wire.SubprotocolV2)
	c.read()
	for _, m := range []struct{ message, field string }{
		{"", ""},
		{"{", ""},
		{"null", "event"},
		{"[]", ""},
		{`{"event":5}`, ""},
		{"\xff\xfe", ""},
		{"PING", ""},
		{"{}", "event"},
		{`{"event":"presence.bulk"}`, "event"},
		{`{"type":"city.room"}`, "type"},
	} {
		c.say(websocket.MessageText, m.message)
		if f := c.read(); f.Type != "error" || f.Code != "invalid" || f.Field != m.field {
			t.Errorf("%q got %s", m.message, f.raw)
		}
	}
	c.say(websocket.MessageText, "ping")
	if text, err := c.text(); text != "pong" {
		t.Fatalf("the socket is gone: %q, %v", text, err)
	}
	if n := w.metric("presence_city_bad_input_total", "malformed"); n != 8 {
		t.Errorf("%v malformed messages were counted", n)
	}
	if n := w.metric("presence_city_bad_input_total", "unknown_type"); n != 2 {
		t.Errorf("%v unknown messages were counted", n)
	}
}

// TestClosed: each offence ends its own socket with its own code, is counted
// under its name, and disturbs nobody.
func TestClosed(t *testing.T) {
	t.Parallel()
	for _, offence := range []struct {
		name   string
		code   wire.Close
		change func(*city.Config)
		commit func(w *world, c *client)
	}{
		{"too big", wire.CloseTooBig, nil, func(_ *world, c *client) { c.say(websocket.MessageText, strings.Repeat("x", 64<<10)) }},
		{"binary", wire.CloseUnsupported, nil, func(_ *world, c *client) { c.say(websocket.MessageBinary, "ping") }},
		{"flood", wire.CloseFlood, nil, func(_ *world, c *client) {
			go func() { // far more than is allowed, however many of the keeper's looks it is spread over
				for range 1000 {
					if c.ws.Write(context.Background(), websocket.MessageText, []byte("ping")) != nil {
						return // they meet a closed socket
					}
				}
			}()
		}},
		{"shutdown", wire.CloseGoingAway, nil, func(w *world, _ *client) { go w.stop() }},
	} {
		t.Run(offence.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, offence.change)
			w.city.CityReset(state(link("square", "")))
			c, innocent := w.connect("guest", ""), w.connect("member", "")
			c.read()
			innocent.read()
			offence.commit(w, c)
			c.closes(offence.code)
			if offence.code != wire.CloseGoingAway {
				w.change(online("square", 77))
				if f := innocent.read(); f.Online != 77 {
					t.Errorf("the other socket got %s", f.raw)
				}
			}
			w.stop()
			if n := w.metric("presence_city_closed_total", offence.code.Label); n == 0 {
				t.Error("it was not counted")
			}
		})
	}
}

// closes is mustClose for sockets whose last bytes the client may still be
// writing.
func (c *client) closes(want wire.Close) {
	c.tb.Helper()
	if code, reason := c.closed(); code != int(want.Code) || reason != want.Reason && want != wire.CloseTooBig {
		c.tb.Fatalf("closed with %d %q, want %d %q", code, reason, want.Code, want.Reason)
	}
}

// TestFullHouse: more than the process can hold are told to come back, and are
// let in when somebody has left.
func TestFullHouse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *city.Config) { c.MaxSockets, c.MaxStreams = 1, 1 })
	w.city.CityReset(state(link("square", "")))
	refused := func(path string) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, w.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer guest")
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" || answer.Header.Get("Content-Type") != wire.ProblemType {
			t.Errorf("%s got %s %v", path, answer.Status, answer.Header)
		}
	}
	c := w.connect("guest", "")
	c.read()
	w.listen("guest", "").next()
	if n := w.city.Subscribers(); n != 2 {
		t.Errorf("%d watch, want 2", n)
	}
	refused("/ws")
	refused("/sse")
	if n := w.city.Subscribers(); n != 2 {
		t.Errorf("%d watch after two were refused, want 2", n)
	}
	_ = c.ws.CloseNow()
	w.eventually("the socket has left", func() bool { return w.city.Subscribers() == 1 })
	w.connect("guest", "").read()
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.city.CityReset(state(link("square", "")))
	w.people.expires["guest"] = time.Now().Add(1100 * time.Millisecond)
	c := w.connect("guest", "")
	c.read()
	c.mustClose(wire.CloseExpired)
}

// TestSilent: a client that answers no ping is gone, one that does stays.
func TestSilent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *city.Config) { c.PingEvery, c.PongWait = time.Second, 5*time.Second })
	w.city.CityReset(state(link("square", "")))
	alive, dead := w.connect("guest", ""), w.connect("guest", "")
	dead.read() // and nothing after that: the library answers pings only while it reads
	answered := make(chan error, 1)
	go func() {
		alive.read()
		_, err := alive.text()
		answered <- err
	}()
	w.eventually("the silent socket is closed", func() bool { return w.metric("presence_city_closed_total", "silent") == 1 })
	dead.mustClose(wire.CloseSilent)
	w.change(online("square", 5))
	if err := <-answered; err != nil {
		t.Errorf("the living one was closed: %v", err)
	}
}

// eventually waits for something that only metrics show.
func (w *world) eventually(what string, is func() bool) {
	w.tb.Helper()
	deadline := time.Now().Add(soon)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		if time.Now().After(deadline) {
			w.tb.Fatalf("never: %s", what)
		}
		<-tick.C
	}
}

func TestRefusedBeforeTheUpgrade(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *city.Config) { c.Origins = []string{"https://app.example.org", "*.friends.test"} })
	host := strings.TrimPrefix(w.url, "http://")
	get := func(headers map[string]string) (int, string) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, w.url+"/ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range map[string]string{
			"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
			"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Authorization": "Bearer guest",
		} {
			r.Header.Set(k, v)
		}
		for k, v := range headers {
			r.Header.Set(k, v)
		}
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode == http.StatusSwitchingProtocols {
			return response.StatusCode, ""
		}
		var p wire.Problem
		if err := json.NewDecoder(response.Body).Decode(&p); err != nil || response.Header.Get("Content-Type") != wire.ProblemType {
			t.Fatalf("%d is not a problem: %v", response.StatusCode, err)
		}
		if p.Detail == "" || p.Text != p.Detail {
			t.Errorf("%d explains nothing", response.StatusCode)
		}
		return response.StatusCode, string(p.Code)
	}
	if status, code := get(nil); status != 503 || code != string(spaces.CodeUnavailable) {
		t.Errorf("before the city is known: %d %s", status, code)
	}
	w.city.CityReset(state(link("square", "")))
	for _, c := range []struct {
		header, value string
		status        int
	}{
		{"Authorization", "Bearer nobody", 401},
		{"Origin", "https://evil.test", 403},
		{"Origin", "null", 403},
		{"Origin", "https://app.example.org.evil.test", 403},
		{"Origin", "http://app.example.org", 403},
		{"Origin", "https://app.example.org", 101},
		{"Origin", "https://a.friends.test", 101},
		{"Origin", "http://" + host, 101},
		{"Sec-WebSocket-Protocol", "bearer.guest", 400},
		{"Sec-WebSocket-Protocol", "chat, bearer.guest", 400},
		{"Sec-WebSocket-Protocol", "bearer.guest, presence.city.v1", 101},
		{"Sec-WebSocket-Protocol", "chat", 101},
		{"Upgrade", "tea", 426},
		{"Sec-WebSocket-Version", "8", 400},
		{"Sec-WebSocket-Key", "short", 400},
	} {
		if status, _ := get(map[string]string{c.header: c.value}); status != c.status {
			t.Errorf("%s: %s got %d, want %d", c.header, c.value, status, c.status)
		}
	}
}

// TestRevokedLoginEnds: sockets and event streams alike, also in a quiet city.
func TestRevokedLoginEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.city.CityReset(state(link("square", "")))
	c, other, stream := w.connect("guest", ""), w.connect("member", ""), w.listen("guest", "")
	c.read()
	other.read()
	stream.next()
	w.people.revoke("guest:1")
	c.mustClose(wire.CloseRevoked)
	for stream.body.Scan() { // comments, until it ends
	}
	if err := stream.body.Err(); err != nil {
		t.Errorf("the event stream broke: %v", err)
	}
	w.change(online("square", 7))
	other.read()
}
