package conn_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"presence/gateway/conn"
	"presence/gateway/wire"
)

// soon bounds every wait: long enough for a loaded machine, and reached only by
// a failure.
const soon = 60 * time.Second

// echo is a Feed: its state is one text, what a client says is said back, and
// some words make it panic.
type echo struct {
	mu      sync.Mutex
	version uint64
	text    string
	sockets map[*conn.Socket]bool
}

func (e *echo) Join(s *conn.Socket) {
	if s.Seat == "panic in join" {
		panic("join")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sockets[s] = true
}

func (e *echo) Leave(s *conn.Socket) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.sockets, s)
	if s.Seat == "panic in leave" {
		panic("leave")
	}
}

func (e *echo) Pull(s *conn.Socket, cursor uint64) conn.Batch {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s.Seat == "panic in pull" && cursor > 0 {
		panic("pull")
	}
	return conn.Batch{From: cursor, To: e.version, Bytes: wire.AppendFrame(nil, []byte(e.text)), Frames: 1}
}

func (e *echo) Receive(_ context.Context, s *conn.Socket, m conn.Message) {
	if string(m.Bytes) == "panic" {
		panic("receive")
	}
	s.Reply(wire.AppendFrame(nil, m.Bytes))
}

func (e *echo) Review(s *conn.Socket) {
	if s.Seat == "panic in review" {
		panic("review")
	}
}

// publish makes text the newest, offered to everybody.
func (e *echo) publish(text string) {
	e.mu.Lock()
	from := e.version
	e.version, e.text = from+1, text
	b := conn.Batch{From: from, To: from + 1, Bytes: wire.AppendFrame(nil, []byte(text)), Frames: 1}
	var sockets []*conn.Socket
	for s := range e.sockets {
		sockets = append(sockets, s)
	}
	e.mu.Unlock()
	for _, s := range sockets {
		s.Offer(b)
	}
}

type world struct {
	t        *testing.T
	feed     *echo // nil: the test's own handler
	registry *prometheus.Registry
	server   *httptest.Server
}

func newWorld(t *testing.T, secure bool, change func(*conn.Config)) *world {
	t.Helper()
	feed := &echo{version: 1, text: "hello", sockets: map[*conn.Socket]bool{}}
	w := serve(t, secure, feed, change)
	w.feed = feed
	return w
}

// serve runs a keeper of any handler.
func serve(t *testing.T, secure bool, h conn.Handler, change func(*conn.Config)) *world {
	t.Helper()
	w := &world{t: t, registry: prometheus.NewRegistry()}
	cfg := conn.Config{Name: "test", Formats: []string{"text"}, Log: slog.New(slog.DiscardHandler), Registry: w.registry}
	if change != nil {
		change(&cfg)
	}
	keeper, err := conn.New(cfg, h)
	if err != nil {
		t.Fatal(err)
	}
	handler := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_ = keeper.Upgrade(rw, r, conn.Terms{Format: "text", Seat: r.URL.Query().Get("seat")})
	})
	w.server = httptest.NewUnstartedServer(handler)
	if secure {
		w.server.StartTLS()
	} else {
		w.server.Start()
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- keeper.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		w.server.Close()
	})
	return w
}

func (w *world) connect(seat string) *client {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, w.server.URL+"/?seat="+strings.ReplaceAll(seat, " ", "+"), &websocket.DialOptions{HTTPClient: w.server.Client()})
	if err != nil {
		w.t.Fatal(err)
	}
	ws.SetReadLimit(-1)
	w.t.Cleanup(func() { _ = ws.CloseNow() })
	return &client{w.t, ws}
}

type client struct {
	t  *testing.T
	ws *websocket.Conn
}

func (c *client) read() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	_, b, err := c.ws.Read(ctx)
	return string(b), err
}

func (c *client) want(text string) {
	c.t.Helper()
	if got, err := c.read(); got != text {
		c.t.Fatalf("got %.100q, %v; want %.100q", got, err, text)
	}
}

func (c *client) say(text string) {
	c.t.Helper()
	if err := c.ws.Write(context.Background(), websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) wantClose(want wire.Close) {
	c.t.Helper()
	for {
		_, err := c.read()
		if code := websocket.CloseStatus(err); code != -1 {
			if code != websocket.StatusCode(want.Code) {
				c.t.Fatalf("closed with %d, want %d", code, want.Code)
			}
			return
		}
		if err != nil {
			c.t.Fatal(err)
		}
	}
}

// TestPanicIsOneSocketsEnd: a fault in the feed ends the socket it concerns and
// leaves the others alone.
func TestPanicIsOneSocketsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false, nil)
	innocent := w.connect("")
	innocent.want("hello")

	receive := w.connect("")
	receive.want("hello")
	receive.say("panic")
	receive.wantClose(wire.CloseInternal)

	pull := w.connect("panic in pull")
	pull.want("hello")
	w.feed.mu.Lock()
	w.feed.version += 5 // everybody is behind and has to pull
	w.feed.mu.Unlock()
	w.feed.publish("second")
	pull.wantClose(wire.CloseInternal)

	review := w.connect("panic in review")
	review.wantClose(wire.CloseInternal)

	join := w.connect("panic in join")
	join.wantClose(wire.CloseInternal)

	leave := w.connect("panic in leave")
	leave.want("second")
	if err := leave.ws.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}

	innocent.want("second")
	innocent.say("alive")
	innocent.want("alive")
}

// TestTLS is a connection that cannot be written without waiting: everything
// goes through flushers.
func TestTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, nil)
	c := w.connect("")
	c.want("hello")
	large := strings.Repeat("x", 1<<20)
	w.feed.publish(large)
	c.want(large)
	c.say("and back")
	c.want("and back")
	if err := c.ws.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
}

const handshake = "GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"

// raw is a client that can break the protocol.
func (w *world) raw(first ...byte) net.Conn {
	w.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(w.server.URL, "http://"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(soon))
	if _, err := c.Write(append([]byte(handshake), first...)); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// masked is a client's frame with a mask of zeros, which changes nothing.
func masked(first byte, payload string) []byte {
	b := []byte{first, 0x80 | byte(len(payload)), 0, 0, 0, 0}
	return append(b, payload...)
}

// frames reads the handshake and then whole frames up to the end.
func frames(t *testing.T, c net.Conn) [][]byte {
	t.Helper()
	r := bufio.NewReader(c)
	response, err := http.ReadResponse(r, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", response, err)
	}
	var all [][]byte
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(r, head); err != nil {
			if !errors.Is(err, io.EOF) {
				t.Fatalf("the end is not clean: %v", err)
			}
			return all
		}
		body := make([]byte, head[1])
		if _, err := io.ReadFull(r, body); err != nil {
			t.Fatal(err)
		}
		all = append(all, append(head, body...))
	}
}

// TestBrokenProtocol: whatever bytes come, the end is a close frame with a code
// and then the end of the connection, never a reset.
func TestBrokenProtocol(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false, nil)
	// Floods are many times what is allowed in a second: on a loaded machine the
	// server may take some seconds to read them.
	for name, c := range map[string]struct {
		send []byte
		want wire.Close
	}{
		"reserved bits":          {masked(0xf1, "x"), wire.CloseProtocol},
		"unknown opcode":         {masked(0x83, "x"), wire.CloseProtocol},
		"not masked":             {[]byte{0x81, 1, 'x'}, wire.CloseProtocol},
		"lonely continuation":    {masked(0x80, "x"), wire.CloseProtocol},
		"fragmented ping":        {masked(0x09, "x"), wire.CloseProtocol},
		"two messages at once":   {append(masked(0x01, "x"), masked(0x81, "y")...), wire.CloseProtocol},
		"bad close":              {masked(0x88, "x"), wire.CloseProtocol},
		"endless":                {append([]byte{0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 9000)...), wire.CloseTooBig},
		"pings":                  {bytes.Repeat(masked(0x89, ""), 400), wire.CloseFlood},
		"bytes without messages": {append(masked(0x01, ""), bytes.Repeat(masked(0x00, ""), 50_000)...), wire.CloseFlood},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tcp := w.raw()
			_, _ = tcp.Write(c.send) // the server may close before it has read everything
			all := frames(t, tcp)
			last := all[len(all)-1]
			if last[0] != 0x88 || binary.BigEndian.Uint16(last[2:4]) != c.want.Code {
				t.Errorf("the last frame is %q, want a close with %d", last, c.want.Code)
			}
		})
	}
}

// TestEarlyFrame: a frame that came in one packet with the handshake is read.
func TestEarlyFrame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false, nil)
	tcp := w.raw(append(masked(0x81, "early"), masked(0x88, "\x03\xe8")...)...)
	var said []string
	for _, f := range frames(t, tcp) {
		said = append(said, string(f[2:]))
	}
	if got := strings.Join(said, ","); got != "hello,early,\x03\xe8" {
		t.Errorf("the server said %q", got)
	}
}
