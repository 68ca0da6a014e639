package api_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"presence/gateway/access"
	"presence/gateway/api"
	"presence/gateway/auth"
	"presence/gateway/conn"
	"presence/gateway/turn"
	"presence/spaces"
	"presence/spaces/store"
)

// square is a world with spaces: posts, documents, rooms, on a real database.
type square struct {
	*world
	store *store.Store

	mu     sync.Mutex
	now    time.Time
	kicked []string
}

func (w *square) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *square) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// Kick notes who would have been put out.
func (w *square) Kick(_ context.Context, key spaces.Key, subject, reason string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kicked = append(w.kicked, key.String()+" "+subject+" "+reason)
	return nil
}

// newSquare has a TURN server with the secret of the contract's vector.
func newSquare(t *testing.T, edit ...func(*api.Config)) *square {
	t.Helper()
	w := &square{now: time.Now()}
	turns, err := turn.New(turn.Config{
		URIs: []string{"stun:turn.example.org:3478", "turn:turn.example.org:3478?transport=udp"}, Secret: "default_secret",
		Now: func() time.Time { return time.Unix(1795255894, 0).Add(-turn.TTL) },
	})
	check(t, err)
	w.world = newWorld(t, append([]func(*api.Config){func(cfg *api.Config) {
		w.store = cfg.Spaces.Rooms.(*store.Store)
		cfg.Spaces = api.SpacesConfig{
			Access: access.New(access.Config{Store: w.store, Kicker: w, Now: w.clock, Log: slog.New(slog.DiscardHandler)}),
			Rooms:  w.store, Joins: cfg.Identity.(*auth.Auth), Turn: turns, Node: "gw-1", Now: w.clock,
			Media: conn.Origins{"https://images.example.org"},
		}
	}}, edit...)...)
	w.fill()
	return w
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *square) fill() {
	w.t.Helper()
	ctx := w.t.Context()
	hour := func(n int) time.Time { return w.now.Add(-time.Duration(n) * time.Hour) }
	check(w.t, w.store.PutPosts(ctx, []store.Post{
		{
			Author: "alice", Permlink: "moon", Kind: spaces.Kind360, Title: "The Moon", Votes: 5, Rating: 4, Block: 99, CreatedAt: hour(1),
			Content: "See https://images.example.org/sky.jpg and https://evil.example.net/track.png", Metadata: `{"image":["https://images.example.org/first.jpg"]}`,
		},
		{Author: "alice", Permlink: "naked", Kind: spaces.KindArt, Title: "Naked", NSFW: true, CreatedAt: hour(2), Content: "bare"},
		{Author: "alice", Permlink: "hidden", Kind: spaces.KindBlog, Hidden: true, CreatedAt: hour(2)},
		{Author: "alice", Permlink: "flagged", Kind: spaces.KindBlog, Flagged: true, CreatedAt: hour(2)},
	}))
	for _, d := range []store.Document{
		{ID: 7, Creator: "bob", Title: "Open", Public: true, CreatedAt: hour(3)},
		{ID: 8, Name: "bob/plan", Creator: "bob", Title: "Plan", CreatedAt: hour(4), Shares: []store.Share{{Account: "carol", Permission: "read"}}},
	} {
		_, err := w.store.PutDocument(ctx, d)
		check(w.t, err)
	}
	for _, l := range []spaces.Link{
		{Slug: "plaza", Name: "Plaza", RoomID: "!plaza:x", Public: true}, {Slug: "council", Name: "Council", RoomID: "!council:x", MicroDAO: "dao"},
	} {
		l, err := l.Normalize()
		check(w.t, err)
		check(w.t, w.store.PutLink(ctx, store.OriginCLI, l))
	}
}

// as is the Authorization of a proven subject.
func (w *square) as(subject string) []string { return w.token(auth.Grant{Subject: subject}) }

// guest is the Authorization of a new guest.
func (w *square) guest() []string {
	token, err := w.auth.Guest("")
	check(w.t, err)
	return []string{"Authorization", "Bearer " + token.Token}
}

// send sends a JSON body, which must not hang.
func (w *square) send(method, url, body string, header ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, url, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	w.mux.ServeHTTP(recorder, r)
	return recorder
}

// answer is a successful answer as any client reads it.
func (w *square) answer(recorder *httptest.ResponseRecorder, status int) map[string]any {
	w.t.Helper()
	if recorder.Code != status {
		w.t.Fatalf("got %d %s, want %d", recorder.Code, recorder.Body, status)
	}
	var body map[string]any
	decode(w.t, recorder, &body)
	return body
}

func (w *square) fetch(url string, header ...string) map[string]any {
	w.t.Helper()
	return w.answer(w.do(http.MethodGet, url, header...), http.StatusOK)
}

// enter seats a socket's session.
func (w *square) enter(id, key, subject string) {
	w.t.Helper()
	k, err := spaces.ParseKeyText(key)
	check(w.t, err)
	v := spaces.Viewer{Subject: subject, Guest: strings.HasPrefix(subject, "guest:")}
	_, err = w.store.Enter(w.t.Context(), spaces.Session{
		ID: id, Gateway: "gw-1", Key: k, Subject: subject, Account: spaces.Account(v), Name: subject, Guest: v.Guest,
		Door: spaces.DoorNative, ConnectedAt: w.clock(),
	}, 50, w.clock())
	check(w.t, err)
}

// keys fails unless an object has these fields.
func keys(t *testing.T, what string, object any, fields ...string) {
	t.Helper()
	m, isObject := object.(map[string]any)
	if !isObject {
		t.Fatalf("%s is %v, not an object", what, object)
	}
	for _, f := range fields {
		if _, has := m[f]; !has {
			t.Errorf("%s has no %s: %v", what, f, m)
		}
	}
}
