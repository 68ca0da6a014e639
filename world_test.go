package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"presence/deploy/dendrite"
)

// patience is how long a test waits for something that should take
// milliseconds: it is only ever spent when the thing does not happen.
const patience = 60 * time.Second

// world is a real homeserver with people and rooms, and our program's
// surroundings; every test makes its own.
type world struct {
	t      *testing.T
	hs     *dendrite.Server
	data   string
	links  string
	daemon string // access token of the daemon
}

// newWorld starts a Dendrite and registers the daemon.
func newWorld(t *testing.T) *world {
	t.Helper()
	bin, err := dendrite.Build(t.Context(), func(line string) { t.Log(line) })
	if err != nil {
		t.Fatalf("build Dendrite: %v", err)
	}
	dir := t.TempDir()
	hs, err := dendrite.Start(t.Context(), dendrite.Options{Bin: bin})
	if err != nil {
		t.Fatalf("start Dendrite: %v", err)
	}
	t.Cleanup(func() {
		if err := hs.Wipe(); err != nil {
			t.Errorf("remove Dendrite: %v", err)
		}
	})
	w := &world{t: t, hs: hs, data: filepath.Join(dir, "presence"), links: filepath.Join(dir, "links.yaml")}
	w.daemon = w.register("presence_daemon").AccessToken
	return w
}

// register makes an account and returns a client of it.
func (w *world) register(name string) *mautrix.Client {
	w.t.Helper()
	token, err := w.hs.Register(w.t.Context(), name, "password-of-"+name)
	if err != nil {
		w.t.Fatalf("register %s: %v", name, err)
	}
	c, err := mautrix.NewClient(w.hs.URL(), id.NewUserID(name, "localhost"), token)
	if err != nil {
		w.t.Fatalf("client of %s: %v", name, err)
	}
	return c
}

// room makes a room with the alias of a city room and returns its id.
func (w *world) room(owner *mautrix.Client, slug string) id.RoomID {
	w.t.Helper()
	r, err := owner.CreateRoom(w.t.Context(), &mautrix.ReqCreateRoom{
		Preset: "public_chat", RoomAliasName: "city_" + slug, Name: slug,
	})
	if err != nil {
		w.t.Fatalf("create %s: %v", slug, err)
	}
	return r.RoomID
}

// writeLinks writes the YAML file that presence reads its rooms from.
func (w *world) writeLinks(yaml string) {
	w.t.Helper()
	if err := os.WriteFile(w.links, []byte(yaml), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// program is our whole program, running in this process so that the race
// detector sees it.
type program struct {
	t    *testing.T
	base string // http://127.0.0.1:port
	stop func() error
	logs *logBuffer
}

// start runs `presence serve` with the world's homeserver and waits until it
// is ready.
func (w *world) start(extra ...string) *program {
	w.t.Helper()
	args := append([]string{
		"serve",
		"--homeserver=" + w.hs.URL(),
		"--matrix-user=@presence_daemon:localhost",
		"--links-file=" + w.links,
		"--data=" + w.data,
		"--listen=127.0.0.1:0",
		"--throttle-ms=200",
		"--grace-ms=100",
		"--log-level=debug",
	}, extra...)
	return startProgram(w.t, args)
}

func startProgram(t *testing.T, args []string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	out, outWriter := io.Pipe()
	p := &program{t: t, logs: &logBuffer{}}
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, args, outWriter, p.logs)
		_ = outWriter.CloseWithError(err)
		ended <- err
	}()
	var once sync.Once
	var stopErr error
	p.stop = func() error {
		once.Do(func() {
			cancel()
			select {
			case stopErr = <-ended:
			case <-time.After(patience):
				stopErr = fmt.Errorf("the program did not stop within %s", patience)
			}
		})
		return stopErr
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		if t.Failed() {
			t.Logf("log of the program:\n%s", p.logs.String())
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "ready: "); ok {
			p.base = address[:strings.LastIndex(address, "/")]
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return p
		}
	}
	t.Fatalf("the program ended before it was ready: %v\n%s", lines.Err(), p.logs.String())
	return nil
}

// logBuffer keeps the program's log for a failing test.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// get reads a JSON answer and its status.
func (p *program) get(path, token string, into any) int {
	p.t.Helper()
	return p.request(http.MethodGet, path, token, into)
}

func (p *program) request(method, path, token string, into any) int {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	if into != nil {
		if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
			p.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return resp.StatusCode
}

// guest returns a token of a new guest.
func (p *program) guest() string {
	p.t.Helper()
	var answer struct{ Token string }
	if status := p.request(http.MethodPost, "/api/auth/guest", "", &answer); status != http.StatusOK || answer.Token == "" {
		p.t.Fatalf("POST /api/auth/guest: status %d, token %q", status, answer.Token)
	}
	return answer.Token
}

// roomCounts is what the feed says of a room.
type roomCounts struct {
	Slug    string `json:"room_slug"`
	Online  int    `json:"online_count"`
	Typing  int    `json:"typing_count"`
	Stale   bool   `json:"stale"`
	Unknown bool   `json:"unknown"`
	VR      int    `json:"vr_count"`
}

// feed follows /ws/city/global-presence as the old web client did. It reads all
// the time, as a browser does: a parallel test may wait for minutes between two
// questions, and the server closes who does not answer its pings.
type feed struct {
	t      *testing.T
	conn   *websocket.Conn
	frames chan []byte // closed with the connection
	ended  error       // why; set before frames is closed
	rooms  map[string]roomCounts
}

// feedBuffer is more than a server sends while nobody asks.
const feedBuffer = 1 << 16

func (p *program) feed(token string) *feed {
	p.t.Helper()
	conn, _, err := websocket.Dial(p.t.Context(), "ws"+strings.TrimPrefix(p.base, "http")+"/ws/city/global-presence",
		&websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + token}}})
	if err != nil {
		p.t.Fatalf("open the feed: %v", err)
	}
	conn.SetReadLimit(1 << 20)
	p.t.Cleanup(func() { _ = conn.CloseNow() })
	f := &feed{t: p.t, conn: conn, frames: make(chan []byte, feedBuffer), rooms: map[string]roomCounts{}}
	go f.read(context.WithoutCancel(p.t.Context()))
	return f
}

func (f *feed) read(ctx context.Context) {
	defer close(f.frames)
	for {
		_, data, err := f.conn.Read(ctx)
		if err != nil {
			f.ended = err
			return
		}
		f.frames <- data
	}
}

// until reads the feed until the room satisfies the condition.
func (f *feed) until(slug, what string, holds func(roomCounts) bool) roomCounts {
	f.t.Helper()
	limit := time.After(patience)
	for {
		if r, known := f.rooms[slug]; known && holds(r) {
			return r
		}
		select {
		case data, open := <-f.frames:
			if !open {
				f.t.Fatalf("waiting for %s (%s): %v; last %+v", slug, what, f.ended, f.rooms[slug])
			}
			f.apply(data)
		case <-limit:
			f.t.Fatalf("%s (%s) did not come within %s; last %+v", slug, what, patience, f.rooms[slug])
		}
	}
}

func (f *feed) apply(data []byte) {
	var m struct {
		Type  string
		Rooms []roomCounts
		roomCounts
	}
	if err := json.Unmarshal(data, &m); err != nil {
		f.t.Fatalf("frame %s: %v", data, err)
	}
	switch m.Type {
	case "snapshot":
		for _, r := range m.Rooms {
			f.rooms[r.Slug] = r
		}
	case "room.presence":
		f.rooms[m.Slug] = m.roomCounts
	case "room.removed":
		delete(f.rooms, m.Slug)
	}
}

func setPresence(t *testing.T, c *mautrix.Client, state event.Presence) {
	t.Helper()
	if err := c.SetPresence(t.Context(), mautrix.ReqPresence{Presence: state}); err != nil {
		t.Fatalf("presence of %s: %v", c.UserID, err)
	}
}

func join(t *testing.T, c *mautrix.Client, room id.RoomID) {
	t.Helper()
	if _, err := c.JoinRoomByID(t.Context(), room); err != nil {
		t.Fatalf("%s joins: %v", c.UserID, err)
	}
}

func leave(t *testing.T, c *mautrix.Client, room id.RoomID) {
	t.Helper()
	if _, err := c.LeaveRoom(t.Context(), room); err != nil {
		t.Fatalf("%s leaves: %v", c.UserID, err)
	}
}

func typing(t *testing.T, c *mautrix.Client, room id.RoomID, on bool) {
	t.Helper()
	if _, err := c.UserTyping(t.Context(), room, on, 30*time.Second); err != nil {
		t.Fatalf("%s types: %v", c.UserID, err)
	}
}
