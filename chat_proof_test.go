package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"presence/deploy/child"
	"presence/deploy/testnats"
	"presence/deploy/testpg"
)

// TestChatLosesNothing: a hundred people write over two gateway processes
// while one of them is killed and NATS is restarted. Every acknowledged line
// is there once, and everybody who stayed or came back has heard each once and
// in order.
func TestChatLosesNothing(t *testing.T) {
	t.Parallel()
	const writers, lines, listeners = 100, 6, 6
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	broker := testnats.Start(t)
	args := []string{
		"serve", "--parts=gateway", "--listen=127.0.0.1:0", "--nats=" + broker.URL(), "--database=" + testpg.Database(t),
		"--jwt-secret=" + forumSecret,
	}
	f := &forum{t: t, all: writers * lines, gateways: []*process{startProcess(t, args), startProcess(t, args)}}
	var group sync.WaitGroup
	heard := make([][]chatHeard, listeners)
	for i := range listeners {
		group.Go(func() { heard[i] = f.listen(ctx, f.gateways[i%2], forumToken(t, fmt.Sprint("listener-", i))) })
	}
	for i := range writers {
		group.Go(func() { f.write(ctx, f.gateways[i%2], fmt.Sprint("writer-", i), lines) })
	}
	f.after(ctx, f.all/3)
	f.gateways[0].kill()
	f.gateways[0].start()
	f.after(ctx, f.all*2/3)
	broker.Stop()
	broker.Start()
	group.Wait()
	f.check(heard)
}

var forumSecret = strings.Repeat("shared-secret-", 4)

func forumToken(t *testing.T, subject string) string {
	t.Helper()
	return strings.TrimSpace(output(t, "token", subject, "--jwt-secret="+forumSecret, "--data="+t.TempDir()))
}

// forum is the lobby of two gateways.
type forum struct {
	t        *testing.T
	gateways []*process
	all      int
	acked    atomic.Int64
}

// chatHeard is what a listener remembers of an event.
type chatHeard struct {
	Seq     int64 `json:"seq"`
	Message struct {
		Subject  string `json:"subject"`
		ClientID string `json:"client_id"`
	} `json:"message"`
}

func (f *forum) after(ctx context.Context, lines int) {
	for int(f.acked.Load()) < lines && ctx.Err() == nil {
		time.Sleep(5 * time.Millisecond)
	}
}

// write sends lines over REST, each again until it is acknowledged.
func (f *forum) write(ctx context.Context, g *process, subject string, lines int) {
	token := forumToken(f.t, subject)
	for n := range lines {
		body := fmt.Sprintf(`{"content":"line %d, שלום","client_id":"%d"}`, n, n)
		for ctx.Err() == nil && f.post(ctx, g, token, body) != nil {
			time.Sleep(100 * time.Millisecond)
		}
		f.acked.Add(1)
		time.Sleep(250 * time.Millisecond)
	}
}

func (f *forum) post(ctx context.Context, g *process, token, body string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url()+"/api/chat/global/lobby/messages", strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, text)
		if answer.StatusCode < 500 {
			f.t.Error(err)
		}
	}
	return err
}

// listen is a client that comes back: it enters, asks what it missed up to the
// point at which it entered, and goes on. It keeps all that it was given.
func (f *forum) listen(ctx context.Context, g *process, token string) (list []chatHeard) {
	for len(list) < f.all && ctx.Err() == nil {
		c, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(g.url(), "http")+"/ws/space", &websocket.DialOptions{
			Subprotocols: []string{"presence.space.v1", "bearer." + token},
		})
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		c.SetReadLimit(-1)
		list = f.stay(ctx, c, list)
		_ = c.CloseNow()
	}
	return list
}

// stay listens until the connection breaks or everything has come.
func (f *forum) stay(ctx context.Context, c *websocket.Conn, list []chatHeard) []chatHeard {
	if wsjson.Write(ctx, c, map[string]any{"type": "join", "space": "global:lobby"}) != nil {
		return list
	}
	entered, caughtUp := int64(-1), false
	var live []chatHeard
	for len(list) < f.all {
		kind, data, err := c.Read(ctx)
		if err != nil {
			return list
		}
		var m struct {
			Type    string
			ChatSeq int64 `json:"chat_seq"`
			Event   chatHeard
			Events  []chatHeard
			Message string
		}
		if kind != websocket.MessageText || json.Unmarshal(data, &m) != nil {
			continue
		}
		switch m.Type {
		case "joined":
			entered = m.ChatSeq
		case "ack":
			for _, e := range m.Events {
				if e.Seq <= entered {
					list = append(list, e)
				}
			}
		case "chat":
			live = append(live, m.Event)
			if !caughtUp {
				continue
			}
		case "error":
			f.t.Errorf("a listener was refused: %s", data)
			return list
		default:
			continue
		}
		if entered < 0 {
			continue
		}
		if caughtUp = int64(len(list)) >= entered; caughtUp {
			list, live = append(list, live...), nil
			continue
		}
		if wsjson.Write(ctx, c, map[string]any{"type": "chat.since", "id": 1, "seq": len(list)}) != nil {
			return list
		}
	}
	return list
}

// check: each line once, in its writer's order, and the same for everybody.
func (f *forum) check(heard [][]chatHeard) {
	f.t.Helper()
	next := map[string]int{}
	for i, e := range heard[0] {
		if e.Seq != int64(i+1) || e.Message.ClientID != fmt.Sprint(next[e.Message.Subject]) {
			f.t.Fatalf("event %d of %d is %+v; the writer's line %d was due", i+1, f.all, e, next[e.Message.Subject])
		}
		next[e.Message.Subject]++
	}
	for i, list := range heard {
		if len(list) != f.all || !slices.Equal(list, heard[0]) {
			f.t.Errorf("listener %d heard %d events of %d, or others than the first one", i, len(list), f.all)
		}
	}
}

// programVariable holds the arguments of this test binary when it is started
// again as the whole program.
const programVariable = "PRESENCE_TEST_PROGRAM"

// asProgram runs the program if this process was started as it.
func asProgram() bool {
	args := os.Getenv(programVariable)
	if args == "" {
		return false
	}
	if err := run(context.Background(), strings.Split(args, "\n"), io.Discard, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return true
}

// process is the whole program as a process that is killed and started again.
type process struct {
	t    *testing.T
	args []string
	log  string
	proc *child.Process
	base atomic.Pointer[string]
}

func startProcess(t *testing.T, args []string) *process {
	t.Helper()
	dir := t.TempDir()
	p := &process{t: t, args: append(slices.Clone(args), "--data="+filepath.Join(dir, "data")), log: filepath.Join(dir, "log")}
	p.start()
	t.Cleanup(func() {
		p.kill()
		if text, err := os.ReadFile(p.log); t.Failed() && err == nil {
			t.Logf("log of the process:\n%s", text[max(0, len(text)-4000):])
		}
	})
	return p
}

var listening = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// start waits until the log of this start says where the program listens.
func (p *process) start() {
	p.t.Helper()
	if err := os.WriteFile(p.log, nil, 0o600); err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), programVariable+"="+strings.Join(p.args, "\n"))
	var err error
	if p.proc, err = child.Start(cmd, p.log); err != nil {
		p.t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile(p.log)
		if at := bytes.Index(text, []byte("listening")); at >= 0 {
			if base := string(listening.Find(text[at:])); base != "" {
				p.base.Store(&base)
				return
			}
		}
		if err = errors.Join(err, p.ended()); err != nil || time.Now().After(deadline) {
			p.t.Fatalf("the program does not listen: %v\n%s", err, text)
		}
	}
}

func (p *process) ended() error {
	select {
	case <-p.proc.Done():
		return errors.New("it ended")
	default:
		return nil
	}
}

// kill gives the program no chance to say anything.
func (p *process) kill() {
	if err := p.proc.Kill(); err != nil {
		p.t.Error(err)
	}
}

func (p *process) url() string { return *p.base.Load() }
