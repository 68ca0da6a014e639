package conn_test

import (
	"context"
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

	"presence/gateway/conn"
	"presence/gateway/wire"
)

// pusher is a Handler that is no Feed: it hands its sockets out, and says every
// message back.
type pusher struct {
	sockets chan *conn.Socket
	broken  chan bool
}

func (p *pusher) Join(s *conn.Socket)  { p.sockets <- s }
func (p *pusher) Review(*conn.Socket)  {}
func (p *pusher) Leave(s *conn.Socket) { p.broken <- s.Broken() }
func (p *pusher) Receive(_ context.Context, s *conn.Socket, m conn.Message) {
	reply := wire.AppendFrame(nil, m.Bytes)
	if m.Binary {
		reply[0] = 0x82
	}
	s.Reply(reply)
}

func startPusher(t *testing.T, secure bool, change func(*conn.Config)) (*pusher, *httptest.Server) {
	t.Helper()
	p := &pusher{sockets: make(chan *conn.Socket, 10), broken: make(chan bool, 10)}
	cfg := conn.Config{Name: "push", Formats: []string{"text"}, Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry()}
	if change != nil {
		change(&cfg)
	}
	keeper, err := conn.New(cfg, p)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_ = keeper.Upgrade(rw, r, conn.Terms{Format: "text"})
	}))
	if secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- keeper.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return p, server
}

func (p *pusher) connect(t *testing.T, server *httptest.Server) (*client, *conn.Socket) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, server.URL, &websocket.DialOptions{HTTPClient: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	ws.SetReadLimit(-1)
	t.Cleanup(func() { _ = ws.CloseNow() })
	return &client{t, ws}, <-p.sockets
}

func text(s string) []byte { return wire.AppendFrame(nil, []byte(s)) }

// TestWrite: frames arrive whole and in order, several in one call, also where
// the connection cannot be written without waiting.
func TestWrite(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, server := startPusher(t, secure, nil)
			c, s := p.connect(t, server)
			write(t, s, text("one"))
			c.want("one")
			write(t, s, text("two"), text("three"), nil, text("four"))
			c.want("two")
			c.want("three")
			c.want("four")
			large := strings.Repeat("x", 4<<20)
			var writer sync.WaitGroup
			writer.Go(func() {
				write(t, s, text("before"), text(large))
				write(t, s, text("after"))
			})
			c.want("before")
			c.want(large)
			c.want("after")
			writer.Wait()
		})
	}
}

// write waits until the socket takes the frames; the client must be reading.
func write(t *testing.T, s *conn.Socket, frames ...[]byte) {
	t.Helper()
	for deadline := time.Now().Add(soon); !s.Write(frames...); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Error("the socket stays busy")
			return
		}
	}
}

// TestWriteToABusySocket: a client that does not read costs one batch; the
// socket refuses the next, and takes everything once it is over.
func TestWriteToABusySocket(t *testing.T) {
	t.Parallel()
	p, server := startPusher(t, false, nil)
	_, s := p.connect(t, server)
	batch := text(strings.Repeat("x", 1<<20))
	for taken := 0; s.Write(batch); taken++ {
		if taken > 100 {
			t.Fatal("the socket takes everything although nobody reads")
		}
	}
	s.Close(wire.CloseExpired)
	if !s.Write(text("over")) {
		t.Error("a socket that is over refuses something")
	}
}

// TestSlowClientIsGivenUp: one that does not take a batch in time counts as a
// connection that broke.
func TestSlowClientIsGivenUp(t *testing.T) {
	t.Parallel()
	p, server := startPusher(t, false, func(c *conn.Config) { c.WriteWait = 50 * time.Millisecond })
	_, s := p.connect(t, server)
	write(t, s, text(strings.Repeat("x", 16<<20))) // more than any kernel keeps
	if broken := <-p.broken; !broken {
		t.Error("a client that was too slow said no goodbye")
	}
}

// TestWritersTakeTurns: whoever writes at the same time, no frame lands inside
// another.
func TestWritersTakeTurns(t *testing.T) {
	t.Parallel()
	p, server := startPusher(t, false, func(c *conn.Config) { c.MessagesPerSecond = 1 << 20 })
	c, s := p.connect(t, server)
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 200 {
				s.Write(text("a frame"), text(strings.Repeat("y", 3000)))
			}
		})
	}
	writers.Go(func() {
		for range 200 {
			c.say("said back")
		}
	})
	var last sync.WaitGroup
	defer last.Wait()
	last.Go(func() {
		writers.Wait()
		write(t, s, text("the end"))
	})
	for said := ""; said != "the end"; {
		var err error
		if said, err = c.read(); err != nil {
			t.Fatal(err)
		}
		if said != "a frame" && said != "said back" && said != "the end" && said != strings.Repeat("y", 3000) {
			t.Fatalf("a mixed frame: %.40q", said)
		}
	}
}

// TestBinaryAndSizes: binary messages are taken where they are allowed, long
// ones up to the limit.
func TestBinaryAndSizes(t *testing.T) {
	t.Parallel()
	p, server := startPusher(t, false, func(c *conn.Config) { c.Binary, c.MaxMessage, c.BytesPerSecond = true, 10_000, 1<<20 })
	c, _ := p.connect(t, server)
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	if err := c.ws.Write(ctx, websocket.MessageBinary, []byte{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	if kind, b, err := c.ws.Read(ctx); err != nil || kind != websocket.MessageBinary || string(b) != "\x01\x02\x03" {
		t.Fatalf("%v %x, %v", kind, b, err)
	}
	if err := c.ws.Close(websocket.StatusNormalClosure, ""); err != nil && !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if <-p.broken {
		t.Error("a client that said goodbye counts as broken")
	}
	c, _ = p.connect(t, server)
	c.say(strings.Repeat("z", 10_001))
	c.wantClose(wire.CloseTooBig)
	<-p.broken
	c, _ = p.connect(t, server)
	if err := c.ws.CloseNow(); err != nil {
		t.Error(err)
	}
	if !<-p.broken {
		t.Error("a connection that broke does not count as broken")
	}
}
