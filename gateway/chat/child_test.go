package chat_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"presence/deploy/child"
	"presence/spaces"
)

// The chat as a process of its own, which a test can kill: this test binary,
// started again. It speaks JSON lines over TCP.

const childVariable = "PRESENCE_CHAT_CHILD"

type childConfig struct{ Database, NATS, Address string }

// asGateway runs this process as a gateway if it was started as one.
func asGateway() bool {
	text := os.Getenv(childVariable)
	if text == "" {
		return false
	}
	var cfg childConfig
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		panic(err)
	}
	g, err := openGateway(context.Background(), cfg.Database, "", cfg.NATS)
	if err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	announced := cfg.Address + ".new"
	if err := errors.Join(os.WriteFile(announced, []byte(listener.Addr().String()), 0o600), os.Rename(announced, cfg.Address)); err != nil {
		panic(err)
	}
	for {
		c, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		go serveChild(g, c)
	}
}

// ask is what a client sends, answer what it gets. An answer without an Op is
// live events.
type (
	ask struct {
		Op, Subject, ClientID, Content string
		Seq                            int64
	}
	answer struct {
		Op, Error string
		Seq       int64
		More      bool
		Events    []heard `json:",omitempty"`
	}
	heard struct {
		Seq      int64
		By, Line string
		At       time.Time
	}
)

func heardOf(events []spaces.ChatEvent) []heard {
	list := make([]heard, len(events))
	for i, e := range events {
		list[i] = heard{e.Seq, e.By, e.Message.ClientID, e.At}
	}
	return list
}

func serveChild(g *gateway, c net.Conn) {
	defer c.Close()
	var mu sync.Mutex
	encoder := json.NewEncoder(c)
	write := func(a answer) {
		mu.Lock()
		defer mu.Unlock()
		_ = encoder.Encode(a) // the reader ends with the connection
	}
	decoder := json.NewDecoder(bufio.NewReader(c))
	for {
		var a ask
		if decoder.Decode(&a) != nil {
			return
		}
		v := spaces.Viewer{Subject: a.Subject}
		out := answer{Op: a.Op}
		var err error
		switch a.Op {
		case "send":
			_, err = g.Send(context.Background(), v, lobby, spaces.Draft{ClientID: a.ClientID, Content: a.Content})
		case "since":
			var since spaces.ChatSince
			since, err = g.Since(context.Background(), v, lobby, a.Seq, 0)
			out.Events, out.Seq, out.More = heardOf(since.Events), since.Next, since.More
		case "follow":
			var stop func()
			out.Seq, stop, err = g.Follow(lobby, func(events []spaces.ChatEvent) { write(answer{Events: heardOf(events)}) })
			if err == nil {
				defer stop()
			}
		}
		if err != nil {
			out.Error = err.Error()
		}
		write(out)
	}
}

// childGateway is a gateway process that is killed and started again.
type childGateway struct {
	t       testing.TB
	cfg     childConfig
	log     string
	process *child.Process
}

func startChild(t testing.TB, database, nats string) *childGateway {
	t.Helper()
	dir := t.TempDir()
	g := &childGateway{t: t, cfg: childConfig{database, nats, filepath.Join(dir, "address")}, log: filepath.Join(dir, "log")}
	g.start()
	t.Cleanup(g.kill)
	return g
}

func (g *childGateway) start() {
	g.t.Helper()
	text, err := json.Marshal(g.cfg)
	ok(g.t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	g.process, err = child.Start(cmd, g.log)
	ok(g.t, err)
	until(g.t, "the gateway listens", func() bool {
		select {
		case <-g.process.Done():
			log, _ := os.ReadFile(g.log)
			g.t.Fatalf("the gateway ended: %s", log)
		default:
		}
		_, err := os.Stat(g.cfg.Address)
		return err == nil
	})
}

// kill gives the process no chance to say anything.
func (g *childGateway) kill() {
	_ = os.Remove(g.cfg.Address)
	if err := g.process.Kill(); err != nil {
		g.t.Error(err)
	}
}

// link is a client's connection to a gateway process.
type link struct {
	net.Conn
	*json.Encoder
	*json.Decoder
}

// dial connects once the gateway is there.
func (g *childGateway) dial(ctx context.Context) (*link, error) {
	for {
		if address, err := os.ReadFile(g.cfg.Address); err == nil {
			var dialer net.Dialer
			if c, err := dialer.DialContext(ctx, "tcp", string(address)); err == nil {
				return &link{c, json.NewEncoder(c), json.NewDecoder(bufio.NewReader(c))}, nil
			}
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return nil, fmt.Errorf("dial: %w", ctx.Err())
		}
	}
}

// do asks and returns the answer; live events that come before it go to live.
func (l *link) do(a ask, live func([]heard)) (answer, error) {
	if err := l.Encode(a); err != nil {
		return answer{}, err
	}
	for {
		var got answer
		if err := l.Decode(&got); err != nil {
			return got, err
		}
		if got.Op == a.Op {
			return got, nil
		}
		live(got.Events)
	}
}
