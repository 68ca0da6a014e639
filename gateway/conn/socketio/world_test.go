package socketio_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"presence/deploy/testnet"
	"presence/gateway/conn/engineio"
	"presence/gateway/conn/socketio"
	"presence/gateway/wire"
	"presence/spaces"
)

// patience is for what must happen, however loaded the machine is.
const patience = time.Minute

// world is one server with the namespaces "/" and "/custom".
type world struct {
	t         *testing.T
	client    *http.Client
	url       string
	connected chan *app
}

// app is the application's end of one socket. What it does is asked for by the
// names of events; anything else is said back as NAME-back, or as the ack.
type app struct {
	socket *socketio.Socket
	left   chan string
}

func (w *world) connect(_ context.Context, s *socketio.Socket, auth json.RawMessage, r *http.Request) (socketio.Client, error) {
	var asked struct{ Token string }
	_ = json.Unmarshal(auth, &asked)
	switch asked.Token {
	case "bad":
		return nil, &spaces.Error{Code: spaces.CodeUnauthenticated, Field: "auth.token", Message: "no such token", Fix: "get another", Err: errors.New("a secret")}
	case "broken":
		return nil, errors.New("a secret")
	case "panic":
		panic("told to")
	case "turn away":
		s.Disconnect()
	}
	if s.Write(wire.PingFrame) {
		w.t.Error("frames were taken before the client was connected")
	}
	s.Emit("hello", auth, json.RawMessage(`"`+r.URL.Query().Get("EIO")+`"`))
	a := &app{socket: s, left: make(chan string, 10)}
	w.connected <- a
	return a, nil
}

func (a *app) Event(_ context.Context, e socketio.Event) {
	switch {
	case e.Name == "leave":
		a.socket.Disconnect()
	case e.Name == "close":
		a.socket.Close(wire.CloseExpired)
	case e.Ack != nil:
		e.Ack(e.Data)
		e.Ack(socketio.Data{}) // does not count
	default:
		a.socket.Send(e.Name+"-back", e.Data)
	}
}

func (a *app) Disconnected(_ context.Context, reason string) { a.left <- reason }

func start(t *testing.T, cfg engineio.Config) *world {
	t.Helper()
	w := &world{t: t, connected: make(chan *app, 100)}
	web := serve(t, cfg, w.connect)
	w.client, w.url = web.Client(), web.URL
	return w
}

// startInBubble is start for a test in fake time.
func startInBubble(t *testing.T, cfg engineio.Config) *world {
	t.Helper()
	w := &world{t: t, connected: make(chan *app, 100)}
	handler, stop := run(t, cfg, w.connect)
	w.client, w.url = testnet.Serve(t, &http.Server{Handler: handler}), testnet.URL
	t.Cleanup(stop)
	return w
}

// serve runs one server until the test ends.
func serve(t *testing.T, cfg engineio.Config, connect socketio.Connect) *httptest.Server {
	t.Helper()
	handler, stop := run(t, cfg, connect)
	web := httptest.NewServer(handler)
	t.Cleanup(func() {
		stop()
		web.Close()
	})
	return web
}

func run(t *testing.T, cfg engineio.Config, connect socketio.Connect) (handler http.Handler, stop func()) {
	t.Helper()
	io, err := socketio.New(cfg, map[string]socketio.Connect{"/": connect, "/custom": connect})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- io.Run(ctx) }()
	return mux, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// client is a WebSocket on which Engine.IO has been opened.
type client struct {
	t  *testing.T
	ws *websocket.Conn
}

func (w *world) dial() *client {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, w.url+"/socket.io/?EIO=4&transport=websocket", &websocket.DialOptions{HTTPClient: w.client})
	if err != nil {
		w.t.Fatal(err)
	}
	ws.SetReadLimit(-1)
	w.t.Cleanup(func() { _ = ws.CloseNow() })
	c := &client{w.t, ws}
	c.hear()
	return c
}

// join connects to a namespace ("" or "/custom,").
func (w *world) join(c *client, namespace string) *app {
	w.t.Helper()
	c.say("40" + namespace)
	a := await(w.t, w.connected)
	c.expect(fmt.Sprintf(`40%s{"sid":"%s"}`, namespace, a.socket.ID()))
	c.expect(`42` + namespace + `["hello",null,"4"]`)
	return a
}

func (c *client) say(text string) { c.write(websocket.MessageText, text) }

func (c *client) write(kind websocket.MessageType, data string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.ws.Write(ctx, kind, []byte(data)); err != nil {
		c.t.Fatalf("say %.20q: %v", data, err)
	}
}

func (c *client) tryHear() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, data, err := c.ws.Read(ctx)
	return string(data), err
}

func (c *client) hear() string {
	c.t.Helper()
	text, err := c.tryHear()
	if err != nil {
		c.t.Fatalf("nothing to hear: %v", err)
	}
	return text
}

func (c *client) expect(want string) {
	c.t.Helper()
	if got := c.hear(); got != want {
		c.t.Errorf("heard %.100q, want %.100q", got, want)
	}
}

func (c *client) expectClosed(code websocket.StatusCode) {
	c.t.Helper()
	for {
		text, err := c.tryHear()
		if err == nil && !strings.HasPrefix(text, "4") {
			continue
		}
		if got := websocket.CloseStatus(err); got != code {
			c.t.Errorf("heard %q, %v; want the close code %d", text, err, code)
		}
		return
	}
}

func (a *app) expectLeft(t *testing.T, reason string) {
	t.Helper()
	if got := await(t, a.left); got != reason {
		t.Errorf("the socket ended with %q, want %q", got, reason)
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
