package engineio_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"presence/deploy/testnet"
	"presence/gateway/conn/engineio"
)

// patience is for what must happen, however loaded the machine is.
const patience = time.Minute

// world is one server with an application that says back what it hears and
// remembers its sessions.
type world struct {
	t        *testing.T
	engine   *engineio.Server
	web      *httptest.Server // nil in fake time
	client   *http.Client
	url      string
	registry *prometheus.Registry
	opened   chan *app
	stop     func() // ends Run and waits for it
}

// app is the application's end of one session.
type app struct {
	session *engineio.Session
	request *http.Request
	heard   chan string // text messages, not echoed, that begin with "note:"
	closed  chan string
}

func (a *app) Receive(ctx context.Context, m engineio.Message) {
	switch text := string(m.Data); {
	case text == "panic":
		panic("told to")
	case strings.HasPrefix(text, "note:"):
		a.heard <- text
	case text == "block":
		<-ctx.Done()
	default:
		a.session.Send(m)
	}
}

func (a *app) Closed(ctx context.Context, reason string) {
	if ctx.Err() != nil {
		reason = "the context of Closed has ended"
	}
	a.closed <- reason
}

func newWorld(t *testing.T, change func(*engineio.Config)) *world {
	t.Helper()
	w := &world{t: t, registry: prometheus.NewRegistry(), opened: make(chan *app, 100)}
	cfg := engineio.Config{Name: "test", Log: slog.New(slog.DiscardHandler), Registry: w.registry}
	if change != nil {
		change(&cfg)
	}
	engine, err := engineio.New(cfg, func(s *engineio.Session, r *http.Request) engineio.Receiver {
		if r.URL.Query().Has("panic") {
			panic("told to")
		}
		a := &app{session: s, request: r, heard: make(chan string, 1000), closed: make(chan string, 1)}
		w.opened <- a
		return a
	})
	if err != nil {
		t.Fatal(err)
	}
	w.engine = engine
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(w.stop)
	return w
}

// start serves the world over TCP. Time limits that a test does not set are far
// away: a loaded machine would come near them.
func start(t *testing.T, change func(*engineio.Config)) *world {
	t.Helper()
	w := newWorld(t, func(c *engineio.Config) {
		c.PingInterval, c.UpgradeTimeout, c.WriteWait = time.Hour, time.Hour, time.Hour
		if change != nil {
			change(c)
		}
	})
	w.serve((*httptest.Server).Start)
	return w
}

// serve lets begin start a web server.
func (w *world) serve(begin func(*httptest.Server)) {
	w.web = httptest.NewUnstartedServer(w.engine)
	w.web.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	begin(w.web)
	w.client, w.url = w.web.Client(), w.web.URL
	w.t.Cleanup(func() {
		w.stop()
		w.web.Close()
	})
}

// startInBubble serves the world over pipes, for a test in fake time: no time
// passes while anybody is at work.
func startInBubble(t *testing.T, change func(*engineio.Config)) *world {
	t.Helper()
	w := newWorld(t, change)
	w.serveInBubble(&http.Server{})
	return w
}

func (w *world) serveInBubble(server *http.Server) {
	server.Handler = w.engine
	w.client, w.url = testnet.Serve(w.t, server), testnet.URL
	w.t.Cleanup(w.stop)
}

// on is the world for a test inside the one that started it.
func (w *world) on(t *testing.T) *world {
	inner := *w
	inner.t = t
	return &inner
}

// greeting is the open packet.
type greeting struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int      `json:"pingInterval"`
	PingTimeout  int      `json:"pingTimeout"`
	MaxPayload   int      `json:"maxPayload"`
}

func readGreeting(t *testing.T, packet string) greeting {
	t.Helper()
	var g greeting
	text, found := strings.CutPrefix(packet, "0")
	if err := json.Unmarshal([]byte(text), &g); !found || err != nil {
		t.Fatalf("%q is no open packet: %v", packet, err)
	}
	return g
}

// do makes one request and returns its status and body.
func (w *world) do(method, query, body string, header ...string) (int, string, http.Header) {
	w.t.Helper()
	status, text, h, err := w.try(context.Background(), method, query, strings.NewReader(body), header...)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, query, err)
	}
	return status, text, h
}

func (w *world) try(ctx context.Context, method, query string, body io.Reader, header ...string) (int, string, http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, w.url+"/engine.io/?"+query, body)
	if err != nil {
		return 0, "", nil, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := w.client.Do(r)
	if err != nil {
		return 0, "", nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), answer.Header, err
}

// pollster is a client on long-polling.
type pollster struct {
	*world

	query string
	app   *app
}

func (w *world) poll() *pollster {
	w.t.Helper()
	status, packet, _ := w.do("GET", "EIO=4&transport=polling", "")
	if status != http.StatusOK {
		w.t.Fatalf("handshake: %d %s", status, packet)
	}
	return &pollster{w, "EIO=4&transport=polling&sid=" + readGreeting(w.t, packet).SID, await(w.t, w.opened)}
}

func (p *pollster) get() (int, string) {
	p.t.Helper()
	status, body, _ := p.do("GET", p.query, "")
	return status, body
}

func (p *pollster) post(body string) (int, string) {
	p.t.Helper()
	status, text, _ := p.do("POST", p.query, body)
	return status, text
}

// expectGet polls once.
func (p *pollster) expectGet(status int, body string) {
	p.t.Helper()
	if s, b := p.get(); s != status || body != "" && b != body {
		p.t.Errorf("the poll got %d %q, want %d %q", s, b, status, body)
	}
}

func (p *pollster) expectPost(status int, body string) {
	p.t.Helper()
	if s, b := p.post(body); s != status {
		p.t.Errorf("POST %q got %d %q, want %d", body, s, b, status)
	}
}

// held is a poll under way.
type held struct {
	t      *testing.T
	answer chan string // "200 6", or the error
}

// hold starts a poll and returns once the server has it.
func (p *pollster) hold(ctx context.Context) *held {
	p.t.Helper()
	h := &held{p.t, make(chan string, 1)}
	go func() {
		status, body, _, err := p.try(ctx, "GET", p.query, nil)
		if err != nil {
			h.answer <- "failed"
			return
		}
		h.answer <- http.StatusText(status) + " " + body
	}()
	p.waitFor("the poll is held", func() bool { return engineio.Polling(p.app.session) })
	return h
}

func (h *held) expect(want string) {
	h.t.Helper()
	if got := await(h.t, h.answer); got != want {
		h.t.Errorf("the held poll got %q, want %q", got, want)
	}
}

// talker is a client on a WebSocket.
type talker struct {
	t  *testing.T
	ws *websocket.Conn
}

func (w *world) dial(query string) *talker {
	w.t.Helper()
	c, err := w.tryDial(query)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) tryDial(query string, header ...string) (*talker, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	ws, _, err := websocket.Dial(ctx, w.url+"/engine.io/?"+query, &websocket.DialOptions{HTTPClient: w.client, HTTPHeader: h})
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(-1)
	w.t.Cleanup(func() { _ = ws.CloseNow() })
	return &talker{w.t, ws}, nil
}

// talk opens a session over a WebSocket.
func (w *world) talk() (*talker, *app) {
	w.t.Helper()
	c := w.dial("EIO=4&transport=websocket")
	readGreeting(w.t, c.hear())
	return c, await(w.t, w.opened)
}

func (c *talker) say(text string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.ws.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatalf("say %.20q: %v", text, err)
	}
}

func (c *talker) hear() string {
	c.t.Helper()
	text, err := c.tryHear()
	if err != nil {
		c.t.Fatalf("nothing to hear: %v", err)
	}
	return text
}

func (c *talker) tryHear() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, data, err := c.ws.Read(ctx)
	return string(data), err
}

func (c *talker) expect(want string) {
	c.t.Helper()
	if got := c.hear(); got != want {
		c.t.Errorf("heard %.50q, want %.50q", got, want)
	}
}

// expectClosed reads to the end and checks the close code; 0: any.
func (c *talker) expectClosed(code websocket.StatusCode) {
	c.t.Helper()
	for {
		_, err := c.tryHear()
		if err == nil {
			continue
		}
		if errors.Is(err, context.DeadlineExceeded) {
			c.t.Fatal("the connection was not closed")
		}
		if got := websocket.CloseStatus(err); code != 0 && got != code {
			c.t.Errorf("closed with %d (%v), want %d", got, err, code)
		}
		return
	}
}

func (a *app) expectClosed(t *testing.T, reason string) {
	t.Helper()
	if got := await(t, a.closed); got != reason {
		t.Errorf("the session ended with %q, want %q", got, reason)
	}
}

func await[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatal("waited in vain")
		panic("unreachable")
	}
}

// waitFor looks again and again until it is so.
func (w *world) waitFor(what string, so func() bool) {
	w.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !so(); <-tick.C {
		if time.Now().After(deadline) {
			w.t.Fatalf("%s: waited in vain", what)
		}
	}
}

// metric reads one value from the registry; labels are "name", "value" pairs.
func (w *world) metric(name string, labels ...string) float64 {
	w.t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "presence_test_"+name {
			continue
		}
		for _, m := range f.GetMetric() {
			if len(labels) == 0 || m.GetLabel()[0].GetValue() == labels[1] {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return 0
}
