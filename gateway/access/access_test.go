package access_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"presence/gateway/access"
	"presence/migrations"
	"presence/spaces"
	"presence/spaces/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is an Access over a real database, with the clock, the homeserver and
// the kicked in the test's hands.
type world struct {
	*access.Access
	t     *testing.T
	store *store.Store

	mu     sync.Mutex
	now    time.Time
	powers map[string]int
	away   bool
	asked  int
	kicked []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := migrations.Open(t.Context(), "", t.TempDir(), slog.New(slog.DiscardHandler))
	ok(t, err)
	t.Cleanup(func() { ok(t, db.Close()) })
	w := &world{t: t, store: store.New(db), now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), powers: map[string]int{}}
	w.Access = access.New(access.Config{Store: w.store, Powers: w, Kicker: w, Admin: w.isAdmin, Now: w.clock, Log: slog.New(slog.DiscardHandler)})
	return w
}

func (w *world) isAdmin(subject string) bool { return subject == "hive:root" }

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) PowerLevels(_ context.Context, room string) (map[string]int, int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	if w.away {
		return map[string]int{"@root:x": 100}, 100, errors.New("away") // levels beside an error count for nothing
	}
	users := map[string]int{}
	for name, level := range w.powers {
		if user, here := strings.CutPrefix(name, room+" "); here {
			users[user] = level
		}
	}
	return users, 0, nil
}

func (w *world) Kick(_ context.Context, key spaces.Key, subject, reason string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kicked = append(w.kicked, key.String()+" "+subject+" "+reason)
	return nil
}

func (w *world) ban(ctx context.Context, v spaces.Viewer, key spaces.Key, subject, reason string, until time.Time) error {
	_, err := w.Ban(ctx, v, key, subject, reason, until)
	return err
}

// role is what a subject is in a space; "-" when the space is not theirs to
// know.
func (w *world) role(subject, key string) string {
	w.t.Helper()
	s, err := w.Check(w.t.Context(), viewer(subject), w.key(key), spaces.ActSee, false)
	if spaces.ErrorCode(err) == spaces.CodeNotFound {
		return "-"
	}
	ok(w.t, err)
	return string(s.Rank())
}

func (w *world) key(text string) spaces.Key {
	w.t.Helper()
	k, err := spaces.ParseKeyText(text)
	ok(w.t, err)
	return k
}

func viewer(subject string) spaces.Viewer {
	return spaces.Viewer{Subject: subject, Guest: len(subject) > 6 && subject[:6] == "guest:"}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code spaces.Code) {
	t.Helper()
	if got := spaces.ErrorCode(err); got != code {
		t.Fatalf("error code %q of %v, want %q", got, err, code)
	}
}

func (w *world) fill() {
	w.t.Helper()
	ctx := w.t.Context()
	hidden := store.Post{Author: "alice", Permlink: "hid", Kind: spaces.KindBlog, Hidden: true, CreatedAt: w.now}
	ok(w.t, w.store.PutPosts(ctx, []store.Post{{Author: "alice", Permlink: "room", Kind: spaces.Kind360, CreatedAt: w.now}, hidden}))
	_, err := w.store.PutDocument(ctx, store.Document{
		ID: 7, Name: "bob/plan", Creator: "bob", CreatedAt: w.now,
		Shares: []store.Share{{Account: "reader", Permission: "read"}, {Account: "writer", Permission: "write"}, {Account: "boss", Permission: "admin"}, {Account: "postable", Permission: "postable"}},
	})
	ok(w.t, err)
	ok(w.t, w.store.PutLink(ctx, store.OriginCLI, link("plaza", true, "")))
	ok(w.t, w.store.PutLink(ctx, store.OriginCLI, link("council", false, "dao")))
}

func link(slug string, public bool, microDAO string) spaces.Link {
	l, err := spaces.Link{Slug: spaces.Slug(slug), RoomID: "!" + slug + ":x", Public: public, MicroDAO: microDAO}.Normalize()
	if err != nil {
		panic(err)
	}
	return l
}

func TestRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill()
	w.powers["!plaza:x @mod:x"], w.powers["!plaza:x @root:x"], w.powers["!plaza:x @user:x"] = 50, 100, 49
	ok(t, w.store.PutGrant(t.Context(), store.Grant{Key: w.key("post:alice/room"), Subject: "hive:helper", Role: spaces.SpaceModerator, CreatedAt: w.now}))
	ok(t, w.store.PutGrant(t.Context(), store.Grant{Key: w.key("post:alice/room"), Subject: "hive:once", Role: spaces.SpaceAdmin, CreatedAt: w.now, ExpiresAt: w.now}))
	ok(t, w.store.PutGrant(t.Context(), store.Grant{Key: w.key("document:7"), Subject: "matrix:@m:x", Role: spaces.SpaceTicketHolder, CreatedAt: w.now}))
	for _, c := range []struct{ subject, key, want string }{
		{"", "post:alice/room", "guest"},
		{"hive:alice", "post:alice/room", "admin"},
		{"hive:alice", "post:alice/room:main-garden", "admin"},
		{"alice", "post:alice/room", "guest"}, // another issuer's alice
		{"matrix:alice", "post:alice/room", "guest"},
		{"hive:helper", "post:alice/room", "moderator"},
		{"hive:once", "post:alice/room", "guest"},
		{"hive:alice", "post:alice/none", "-"},
		{"hive:alice", "post:alice/hid", "-"},
		{"", "document:7", "-"},
		{"hive:bob", "document:7", "admin"},
		{"hive:bob", "document:bob/plan", "admin"},
		{"hive:reader", "document:bob/plan", "subscriber"},
		{"hive:writer", "document:7", "subscriber"},
		{"hive:postable", "document:7", "subscriber"},
		{"hive:boss", "document:7", "admin"},
		{"reader", "document:7", "-"},
		{"guest:reader", "document:7", "-"},
		{"hive:helper", "document:7", "-"},
		{"matrix:@m:x", "document:7", "ticket_holder"},
		{"hive:bob", "document:8", "-"},
		{"", "global:lobby", "guest"},
		{"matrix:@mod:x", "city:plaza", "moderator"},
		{"matrix:@root:x", "city:plaza", "admin"},
		{"matrix:@user:x", "city:plaza", "guest"},
		{"hive:@root:x", "city:plaza", "guest"},
		{"", "city:council", "-"},
		{"", "city:nowhere", "-"},
	} {
		if got := w.role(c.subject, c.key); got != c.want {
			t.Errorf("%q in %s is %s, want %s", c.subject, c.key, got, c.want)
		}
	}
	s, err := w.Check(t.Context(), spaces.Viewer{Subject: "u", MicroDAOs: []string{"dao"}}, w.key("city:council"), spaces.ActEnter, false)
	if err != nil || s.Space.Title != "council" || s.Space.Settings.MaxUsers != spaces.CrowdSeats {
		t.Errorf("a member in their microDAO's room: %+v, %v", s.Space, err)
	}
}

// TestOneDocument: both names of a document are one space.
func TestOneDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill()
	for _, text := range []string{"document:7:attic", "document:bob/plan:attic"} {
		s, err := w.Check(t.Context(), viewer("hive:bob"), w.key(text), spaces.ActEnter, false)
		if err != nil || s.Space.Key.String() != "document:7:attic" || s.Space.Name != "bob/plan" {
			t.Errorf("%s is %+v, %v", text, s.Space, err)
		}
	}
}

// TestHomeserverAway: Matrix power gives less then, never more.
func TestHomeserverAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill()
	w.powers["!plaza:x @root:x"] = 100
	w.away = true
	for range 5 {
		if got := w.role("matrix:@root:x", "city:plaza"); got != "guest" {
			t.Fatalf("%s while the homeserver is away", got)
		}
	}
	if w.asked != 1 {
		t.Errorf("asked %d times within a moment", w.asked)
	}
	w.away = false
	w.advance(time.Minute)
	if got := w.role("matrix:@root:x", "city:plaza"); got != "admin" {
		t.Errorf("%s when it is back", got)
	}
}

// TestChanges: what is changed here holds at once, what others change within
// seconds.
func TestChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill()
	alice, k := viewer("hive:alice"), w.key("post:alice/room")
	if got := w.role("hive:bob", "post:alice/room"); got != "guest" {
		t.Fatal(got)
	}
	ok(t, w.Grant(t.Context(), alice, k, "hive:bob", spaces.SpaceModerator, time.Time{}))
	if got := w.role("hive:bob", "post:alice/room"); got != "moderator" {
		t.Errorf("%s right after a grant", got)
	}
	ok(t, w.store.RemoveGrant(t.Context(), k, "hive:bob"))
	w.advance(5 * time.Second)
	if got := w.role("hive:bob", "post:alice/room"); got != "guest" {
		t.Errorf("%s seconds after somebody else took the role back", got)
	}
	set, err := w.Settings(t.Context(), alice, k, func(s *spaces.Settings) { s.MaxUsers, s.ChatEnabled = 3, false })
	ok(t, err)
	s, err := w.Space(t.Context(), k)
	if err != nil || s.Settings.MaxUsers != 3 || s.Settings.ChatEnabled || set.MaxUsers != 3 {
		t.Errorf("settings %+v, %v", s.Settings, err)
	}
	set.GuestsChat = false // by another gateway, a moment ago
	ok(t, w.store.PutSettings(t.Context(), k, set, "hive:alice", w.now))
	set, err = w.Settings(t.Context(), alice, k, func(s *spaces.Settings) { s.MaxUsers = 4 })
	if err != nil || set.GuestsChat || set.MaxUsers != 4 {
		t.Errorf("a change on top of another one's gives %+v, %v", set, err)
	}
}

func TestGoverning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill()
	ctx, k := t.Context(), w.key("post:alice/room:cellar")
	alice, mod, bob, guest := viewer("hive:alice"), viewer("hive:mod"), viewer("hive:bob"), viewer("guest:12345")
	ok(t, w.Grant(ctx, alice, k, "hive:mod", spaces.SpaceModerator, time.Time{}))

	_, err := w.Settings(ctx, mod, k, func(*spaces.Settings) {})
	wantCode(t, err, spaces.CodeForbidden)
	wantCode(t, w.Grant(ctx, mod, k, "hive:bob", spaces.SpaceAdmin, time.Time{}), spaces.CodeForbidden)
	wantCode(t, w.Grant(ctx, guest, k, "hive:bob", spaces.SpaceAdmin, time.Time{}), spaces.CodeUnauthenticated)
	wantCode(t, w.Grant(ctx, alice, k, "guest:1", spaces.SpaceAdmin, time.Time{}), spaces.CodeInvalid)
	wantCode(t, w.Grant(ctx, alice, k, "hive:bob", "owner", time.Time{}), spaces.CodeInvalid)
	wantCode(t, w.ban(ctx, bob, k, "hive:mod", "", time.Time{}), spaces.CodeForbidden)
	wantCode(t, w.ban(ctx, mod, k, "hive:alice", "", time.Time{}), spaces.CodeForbidden) // above
	wantCode(t, w.Access.Kick(ctx, mod, k, "hive:root", ""), spaces.CodeForbidden)       // an admin of the city
	wantCode(t, w.Access.Kick(ctx, mod, k, "hive:mod", ""), spaces.CodeInvalid)          // oneself
	wantCode(t, w.Access.Kick(ctx, mod, w.key("document:7"), "hive:bob", ""), spaces.CodeNotFound)
	wantCode(t, w.Unban(ctx, mod, k, "hive:bob"), spaces.CodeNotFound)
	ok(t, w.AddSubspace(ctx, alice, k, "The cellar"))
	wantCode(t, w.AddSubspace(ctx, alice, k, "Again"), spaces.CodeConflict)

	for _, words := range [][2]string{{"hive:b\x00b", ""}, {"", ""}, {"hive:bob", "a\x00b"}, {"hive:bob", "two\nlines"}, {"hive:bob", strings.Repeat("x", 201)}} {
		wantCode(t, w.Access.Kick(ctx, mod, k, words[0], words[1]), spaces.CodeInvalid)
		wantCode(t, w.ban(ctx, mod, k, words[0], words[1], time.Time{}), spaces.CodeInvalid)
	}
	wantCode(t, w.Unban(ctx, mod, k, "hive:b\x00b"), spaces.CodeInvalid)
	wantCode(t, w.Revoke(ctx, alice, k, "hive:b\x00b"), spaces.CodeInvalid)
	ok(t, w.Access.Kick(ctx, mod, k, "hive:bob", "too loud"))
	ok(t, w.ban(ctx, mod, k, "hive:bob", "spam", w.now.Add(time.Hour)))
	ok(t, w.ban(ctx, mod, k, "guest:12345", "", time.Time{}))
	_, err = w.Check(ctx, bob, k, spaces.ActEnter, false)
	wantCode(t, err, spaces.CodeForbidden)
	_, err = w.Check(ctx, guest, k, spaces.ActEnter, false)
	wantCode(t, err, spaces.CodeForbidden)
	ok(t, w.Unban(ctx, mod, k, "guest:12345"))
	_, err = w.Check(ctx, guest, k, spaces.ActEnter, false)
	ok(t, err)
	w.advance(time.Hour)
	_, err = w.Check(ctx, bob, k, spaces.ActEnter, false)
	ok(t, err)

	if want := "post:alice/room:main hive:bob too loud|post:alice/room:main hive:bob spam|post:alice/room:main guest:12345 "; join(w.kicked) != want {
		t.Errorf("kicked %q, want %q", join(w.kicked), want)
	}
	log, err := w.store.AuditLog(ctx, k.Parent(), 0, 100)
	ok(t, err)
	var acts []string
	for _, row := range log {
		acts = append(acts, row.Action+" "+row.Subject+" "+row.Target)
	}
	const want = "unban hive:mod guest:12345|ban hive:mod guest:12345|ban hive:mod hive:bob|kick hive:mod hive:bob|subspace hive:alice cellar|grant hive:alice hive:mod"
	if join(acts) != want {
		t.Errorf("audit %q, want %q", join(acts), want)
	}
}

func join(list []string) string {
	text := ""
	for i, one := range list {
		if i > 0 {
			text += "|"
		}
		text += one
	}
	return text
}
