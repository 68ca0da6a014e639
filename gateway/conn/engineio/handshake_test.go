package engineio_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"presence/gateway/conn"
	"presence/gateway/conn/engineio"
)

func TestHandshake(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *engineio.Config) {
		c.PingInterval, c.PingTimeout, c.MaxPayload = 7*time.Second, 3*time.Second, 5000
	})
	status, packet, header := w.do("GET", "EIO=4&transport=polling", "")
	if status != http.StatusOK || header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %s %v", status, packet, header)
	}
	polled := readGreeting(t, packet)
	dialed := readGreeting(t, w.dial("EIO=4&transport=websocket").hear())
	if !slices.Equal(polled.Upgrades, []string{"websocket"}) || dialed.Upgrades == nil || len(dialed.Upgrades) != 0 {
		t.Errorf("upgrades %v and %v", polled.Upgrades, dialed.Upgrades)
	}
	if polled.PingInterval != 7000 || polled.PingTimeout != 3000 || polled.MaxPayload != 5000 {
		t.Errorf("timings %+v", polled)
	}
	if polled.SID == dialed.SID || len(polled.SID) < 26 { // base32
		t.Errorf("ids %q and %q", polled.SID, dialed.SID)
	}
}

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	live := w.poll().query
	for _, c := range []struct {
		name, method, query string
		code                int
	}{
		{"no transport", "GET", "EIO=4", 0},
		{"foreign transport", "GET", "EIO=4&transport=webtransport", 0},
		{"no revision", "GET", "transport=polling", 5},
		{"revision 3", "GET", "EIO=3&transport=polling", 5},
		{"JSONP", "GET", "EIO=4&transport=polling&j=0", 3},
		{"handshake by POST", "POST", "EIO=4&transport=polling", 2},
		{"handshake by PUT", "PUT", "EIO=4&transport=polling", 2},
		{"WebSocket without upgrade", "GET", "EIO=4&transport=websocket", 3},
		{"unknown session", "GET", "EIO=4&transport=polling&sid=nobody", 1},
		{"unknown session's POST", "POST", "EIO=4&transport=polling&sid=nobody", 1},
		{"session by DELETE", "DELETE", live, 3},
		{"upgrade without upgrade", "GET", strings.Replace(live, "polling", "websocket", 1), 3},
	} {
		status, body, header := w.do(c.method, c.query, "")
		var e struct{ Code int }
		if err := json.Unmarshal([]byte(body), &e); err != nil || status != http.StatusBadRequest || e.Code != c.code || header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s (%v)", c.name, status, body, err)
		}
	}
	for _, query := range []string{"EIO=3&transport=websocket", "EIO=4&transport=websocket&sid=nobody", "EIO=4&transport=polling"} {
		if _, err := w.tryDial(query); err == nil {
			t.Errorf("a WebSocket for %s was accepted", query)
		}
	}
}

// TestBrokenUpgrade: the library's refusals are answered in the protocol's own
// form, and leave nothing behind.
func TestBrokenUpgrade(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	status, body, _ := w.do("GET", "EIO=4&transport=websocket", "", "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "12")
	if status != http.StatusBadRequest || body != `{"code":3,"message":"Bad request"}` {
		t.Errorf("%d %s", status, body)
	}
	p := w.poll()
	query := strings.Replace(p.query, "polling", "websocket", 1)
	w.do("GET", query, "", "Connection", "Upgrade", "Upgrade", "websocket")
	w.waitFor("one session is left", func() bool {
		return w.metric("sessions", "transport", "polling") == 1 && w.metric("sessions", "transport", "websocket") == 0
	})
	upgraded(t, p)
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *engineio.Config) { c.Origins = conn.Origins{"https://*.example.org"} })
	const friend, stranger = "https://app.example.org", "https://app.example.com"
	query := "EIO=4&transport=polling"

	status, _, header := w.do("GET", query, "", "Origin", friend)
	if status != http.StatusOK || header.Get("Access-Control-Allow-Origin") != friend || header.Get("Vary") != "Origin" {
		t.Errorf("an allowed origin got %d %v", status, header)
	}
	status, body, header := w.do("GET", query, "", "Origin", stranger)
	if status != http.StatusForbidden || body != `{"code":4,"message":"Forbidden"}` || header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a foreign origin got %d %s %v", status, body, header)
	}
	if status, _, _ := w.do("POST", w.poll().query, "4x", "Origin", stranger); status != http.StatusForbidden {
		t.Errorf("a foreign origin's POST got %d", status)
	}
	status, _, header = w.do("OPTIONS", query, "", "Origin", friend, "Access-Control-Request-Method", "POST")
	if status != http.StatusNoContent || !strings.Contains(header.Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("preflight: %d %v", status, header)
	}
	if status, _, _ := w.do("OPTIONS", query, "", "Origin", stranger, "Access-Control-Request-Method", "POST"); status != http.StatusForbidden {
		t.Errorf("a foreign preflight got %d", status)
	}
	if status, _, _ := w.do("GET", query, "", "Origin", w.web.URL); status != http.StatusOK {
		t.Errorf("our own origin got %d", status)
	}
	if _, err := w.tryDial("EIO=4&transport=websocket", "Origin", friend); err != nil {
		t.Errorf("an allowed origin's WebSocket: %v", err)
	}
	if _, err := w.tryDial("EIO=4&transport=websocket", "Origin", stranger); err == nil {
		t.Error("a foreign origin's WebSocket was accepted")
	}
	if _, err := engineio.New(engineio.Config{Origins: conn.Origins{"[a"}}, nil); err == nil {
		t.Error("an origin that can never match was taken")
	}
}

// TestKeptRequest: an application may ask the handshake's request later.
func TestKeptRequest(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	w.do("GET", "EIO=4&transport=polling&ticket=abc", "", "Authorization", "Bearer x")
	r := await(t, w.opened).request
	if r.URL.Query().Get("ticket") != "abc" || r.Header.Get("Authorization") != "Bearer x" || r.RemoteAddr == "" || r.Context().Err() != nil {
		t.Errorf("%+v", r)
	}
}

// TestServerTimeouts: an http.Server with time limits of its own does not cut
// polls or WebSockets.
func TestServerTimeouts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.serveInBubble(&http.Server{ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second})
		c, _ := w.talk()
		w.poll().expectGet(http.StatusOK, "2")
		c.expect("2")
		c.say("4hello")
		c.expect("4hello")
	})
}

// TestBeforeRun: a request that comes before Run waits for it.
func TestBeforeRun(t *testing.T) {
	t.Parallel()
	engine, err := engineio.New(engineio.Config{}, func(*engineio.Session, *http.Request) engineio.Receiver {
		return &app{closed: make(chan string, 1)}
	})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(engine)
	defer web.Close()
	answered := make(chan error, 1)
	go func() {
		answer, err := web.Client().Get(web.URL + "/?EIO=4&transport=polling")
		if err == nil {
			err = answer.Body.Close()
		}
		answered <- err
	}()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	if err := await(t, answered); err != nil {
		t.Error(err)
	}
	cancel()
	if err := await(t, ended); err != nil {
		t.Error(err)
	}
}
