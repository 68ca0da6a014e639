package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"presence/deploy/testnats"
	"presence/spaces"
	"presence/spaces/bus"
)

// What the first aggregator published, byte for byte, and what we add behind it.
const (
	goldenRoom = `{"type":"room.presence","room_slug":"general","matrix_room_id":"!general:example.org",` +
		`"matrix_room_alias":"#city_general:example.org","online_count":3,"typing_count":1,` +
		`"typing_users":["@alice:example.org"],"last_event_ts":1763712000000`
	goldenAdded = `,"active_count":2,"idle_count":1,"unknown_count":0,"member_count":5,"agent_count":0,"agents":[],` +
		`"source":"matrix","stale":false,"as_of":1763712000001,"epoch":7,"version":8,"received_ts":9,"vr_count":0}`
	goldenUser = `{"type":"user.presence","matrix_user_id":"@al.ice:example.org","status":"online","last_active_ts":4,` +
		`"source":"matrix","as_of":5,"epoch":6}`
)

// A subscriber that knows nothing of streams keeps working: every body it gets
// is a whole payload in the first aggregator's field order, removals and
// expiries included.
func TestPlainSubscribersKeepWorking(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	b := open(t, bus.Config{URL: n.URL(), RoomTTL: time.Second})
	nc, _ := outsider(t, n)
	rooms, err := nc.SubscribeSync("city.presence.room.*")
	must(t, err)
	users, err := nc.SubscribeSync("city.presence.user.*")
	must(t, err)
	must(t, nc.Flush())
	r := watch(t, b)
	r.until(t, "a reset", func() bool { return r.resets > 0 })

	general := spaces.RoomPresence{
		Slug: "general", RoomID: "!general:example.org", Alias: "#city_general:example.org",
		OnlineCount: 3, TypingCount: 1, TypingUsers: []string{"@alice:example.org"}, LastEventTS: 1763712000000,
		ActiveCount: 2, IdleCount: 1, MemberCount: 5, Source: spaces.SourceMatrix, AsOf: 1763712000001,
		Epoch: 7, Version: 8, ReceivedTS: 9,
	}
	must(t, b.PutRooms(t.Context(), []spaces.RoomPresence{general}))
	wantMessage(t, rooms, "city.presence.room.general", goldenRoom+goldenAdded)
	must(t, b.PutUsers(t.Context(), []spaces.UserPresence{{
		UserID: "@al.ice:example.org", Status: "online", LastActiveTS: 4, Source: spaces.SourceMatrix, AsOf: 5, Epoch: 6,
	}}))
	wantMessage(t, users, "city.presence.user.=40al=2eice=3aexample=2eorg", goldenUser)

	must(t, b.DropUser(t.Context(), "@al.ice:example.org"))
	must(t, b.DropRoom(t.Context(), "general"))
	must(t, b.PutRooms(t.Context(), []spaces.RoomPresence{room("expires", 1)}))
	r.until(t, "one room dropped and one expired", func() bool { return r.gone("general") && r.gone("expires") })
	must(t, nc.Flush())
	for range 2 {
		if m, err := rooms.NextMsg(time.Millisecond); err == nil && !json.Valid(m.Data) {
			t.Errorf("a plain subscriber got %q on %s", m.Data, m.Subject)
		}
	}
	if m, err := users.NextMsg(time.Millisecond); err == nil {
		t.Errorf("a plain subscriber got %q on %s", m.Data, m.Subject)
	}
}

func wantMessage(t *testing.T, sub *nats.Subscription, subject, body string) {
	t.Helper()
	m, err := sub.NextMsg(patience)
	must(t, err)
	if m.Subject != subject || string(m.Data) != body {
		t.Errorf("got %s\n%s\nwant %s\n%s", m.Subject, m.Data, subject, body)
	}
}

// A payload of the first aggregator, without our fields, is a room like any other.
func TestTheFirstAggregatorsPayloadIsRead(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	b := open(t, bus.Config{URL: n.URL()})
	nc, _ := outsider(t, n)
	r := watch(t, b)
	must(t, nc.Publish("city.presence.room.general", []byte(goldenRoom+"}")))
	r.untilRooms(t, map[spaces.Slug]int{"general": 3})
	r.mu.Lock()
	defer r.mu.Unlock()
	if got := r.city.Rooms["general"]; got.Agents == nil || got.TypingCount != 1 {
		t.Errorf("read as %+v", got)
	}
}

func TestUnusableSlugsAreRefused(t *testing.T) {
	t.Parallel()
	b, ctx := open(t, bus.Config{Dir: t.TempDir()}), t.Context()
	for _, slug := range []spaces.Slug{"", "a.b", "A", "площадь", "a b", "*", ">", "a:b"} {
		for what, err := range map[string]error{
			"room":      b.PutRooms(ctx, []spaces.RoomPresence{{Slug: slug}}),
			"link":      b.PutLinks(ctx, []spaces.Link{{Slug: slug}}),
			"drop room": b.DropRoom(ctx, slug),
			"drop link": b.DropLink(ctx, slug),
		} {
			if spaces.ErrorCode(err) != spaces.CodeInvalid {
				t.Errorf("%s %q: %v", what, slug, err)
			}
		}
	}
}

func TestConfigurationFaults(t *testing.T) {
	t.Parallel()
	noJetStream, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true})
	must(t, err)
	noJetStream.Start()
	t.Cleanup(func() { noJetStream.Shutdown(); noJetStream.WaitForShutdown() })
	if !noJetStream.ReadyForConnections(patience) {
		t.Fatal("nats-server is not ready")
	}
	for name, cfg := range map[string]bus.Config{
		"nothing given":      {},
		"bad lifetime":       {Dir: t.TempDir(), RoomTTL: time.Millisecond},
		"refused":            {URL: "nats://alice:hunter2@127.0.0.1:1"},
		"refused token":      {URL: "nats://hunter2@127.0.0.1:1"},
		"refused list":       {URL: "nats://alice:hunter2@127.0.0.1:1,nats://bob:hunter2@127.0.0.1:2"},
		"unparsable":         {URL: "nats://alice:hunter2#@127.0.0.1:1"},
		"unparsable port":    {URL: "nats://alice:hun/ter2@127.0.0.1:1"},
		"server without -js": {URL: noJetStream.ClientURL()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_, err := bus.Open(ctx, cfg)
			var shown *spaces.Error
			if !errors.As(err, &shown) {
				t.Fatalf("Open: %v, want an error for people", err)
			}
			if strings.Contains(err.Error(), "NATS_URL") {
				t.Errorf("%v names a setting, which the caller knows better", err)
			}
			if cfg.URL != "" && strings.HasPrefix(name, "refused") && strings.Count(err.Error(), "127.0.0.1:") != 1 {
				t.Errorf("%v does not name the server", err)
			}
			if text := err.Error() + shown.Fix + log.String(); strings.Contains(text, "hunter") || strings.Contains(text, "ter2") {
				t.Errorf("a credential is shown: %s", text)
			}
		})
	}
}

func TestAFolderServesOneProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, bus.Config{Dir: dir})
	if _, err := bus.Open(t.Context(), bus.Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), dir+" cannot be locked; is another presence running on it?") {
		t.Errorf("a second server on the folder: %v", err)
	}
}

func TestServerVersion(t *testing.T) {
	t.Parallel()
	if got := open(t, bus.Config{Dir: t.TempDir()}).ServerVersion(); got != server.VERSION {
		t.Errorf("version %q, want %q", got, server.VERSION)
	}
}

func FuzzUserToken(f *testing.F) {
	for _, id := range []string{"@alice:example.org", "@a.b:x", "@Алиса:москва.рф", "=", "", "*", ">", " ", "a=2eb", "a.b", "\xff\x00"} {
		f.Add(id, "@bob:example.org")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		token := bus.UserToken(a)
		if token == "" || strings.ContainsAny(token, ".*> \t\r\n\x00$") || !validToken(token) {
			t.Errorf("%q gives %q, which is not one NATS token", a, token)
		}
		if a != b && token == bus.UserToken(b) {
			t.Errorf("%q and %q share the token %q", a, b, token)
		}
	})
}

func validToken(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
