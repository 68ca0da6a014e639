package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
)

const oneRoom = `
rooms:
  - slug: general
    name: General
    zone: central
    matrix_room_alias: "#city_general:localhost"
  - slug: council
    name: Council
    zone: north
    matrix_room_alias: "#city_council:localhost"
    is_public: false
    microdao_id: council
`

// TestFollowsRealHomeserver walks through a day of a room on a real Dendrite:
// presence, typing, join, leave, a restart of presence, a restart of the
// homeserver and a revoked token.
func TestFollowsRealHomeserver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.register("alice"), w.register("bob")
	room := w.room(alice, "general")
	private := w.room(alice, "council")
	setPresence(t, alice, event.PresenceOnline)
	w.writeLinks(oneRoom)

	p := w.start("--matrix-password=password-of-presence_daemon")
	guest := p.guest()
	f := p.feed(guest)
	f.until("general", "alice is here, the daemon is not counted", func(r roomCounts) bool { return r.Online == 1 && !r.Stale })

	join(t, bob, room)
	join(t, bob, private)
	setPresence(t, bob, event.PresenceOnline)
	f.until("general", "bob joined", func(r roomCounts) bool { return r.Online == 2 })
	typing(t, bob, room, true)
	f.until("general", "bob types", func(r roomCounts) bool { return r.Typing == 1 })
	typing(t, bob, room, false)
	f.until("general", "bob stopped", func(r roomCounts) bool { return r.Typing == 0 })
	setPresence(t, bob, event.PresenceOffline)
	f.until("general", "bob went offline", func(r roomCounts) bool { return r.Online == 1 })
	setPresence(t, bob, event.PresenceUnavailable)
	f.until("general", "bob is idle, which is here", func(r roomCounts) bool { return r.Online == 2 })
	leave(t, bob, room)
	f.until("general", "bob left", func(r roomCounts) bool { return r.Online == 1 })
	if _, leaked := f.rooms["council"]; leaked {
		t.Error("a guest was told of the private room")
	}

	t.Log("presence restarts; the count is right at once and changes meanwhile are seen")
	if err := p.stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}
	join(t, bob, room)
	p = w.start("--matrix-password=password-of-presence_daemon")
	f = p.feed(p.guest())
	f.until("general", "bob joined while we were down", func(r roomCounts) bool { return r.Online == 2 && !r.Stale })

	t.Log("the homeserver restarts; numbers stay and follow again")
	if err := w.hs.Restart(t.Context()); err != nil {
		t.Fatalf("restart Dendrite: %v", err)
	}
	leave(t, bob, room)
	f.until("general", "bob left after the restart", func(r roomCounts) bool { return r.Online == 1 })

	t.Log("the daemon's session is revoked; it logs in again with its password")
	w.logoutDaemon()
	join(t, bob, room)
	f.until("general", "bob joined after the log-out", func(r roomCounts) bool { return r.Online == 2 && !r.Stale })
}

// TestRevokedTokenIsSaid: with a bare token and no password there is nothing
// to log in with, so the program stays up with its last numbers and says so.
func TestRevokedTokenIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.register("alice")
	w.room(alice, "general")
	w.room(alice, "council")
	setPresence(t, alice, event.PresenceOnline)
	w.writeLinks(oneRoom)
	p := w.start("--matrix-token=" + w.daemon)
	f := p.feed(p.guest())
	f.until("general", "alice is here", func(r roomCounts) bool { return r.Online == 1 })

	w.logoutDaemon()
	p.untilReadyz(http.StatusServiceUnavailable, "a revoked token")
	var summary struct {
		City struct {
			OnlineTotal int `json:"online_total"`
		}
	}
	if status := p.get("/presence/summary", "", &summary); status != http.StatusOK || summary.City.OnlineTotal != 1 {
		t.Errorf("/presence/summary: status %d, online_total %d; want the last number", status, summary.City.OnlineTotal)
	}
}

// TestUnreachableHomeserver: the program starts without its homeserver, is not
// ready, and tells the public nothing of where it looks for it.
func TestUnreachableHomeserver(t *testing.T) {
	t.Parallel()
	p := startProgram(t, []string{
		"serve", "--homeserver=http://127.0.0.1:1", "--matrix-token=some-token",
		"--data=" + t.TempDir(), "--listen=127.0.0.1:0",
	})
	p.untilReadyz(http.StatusServiceUnavailable, "an unreachable homeserver")
	for _, path := range []string{"/api/presence/summary", "/status"} {
		var view map[string]any
		p.get(path, "", &view)
		if text := fmt.Sprint(view); strings.Contains(text, "127.0.0.1:1") {
			t.Errorf("%s names the homeserver's address: %s", path, text)
		}
	}
}

// untilReadyz waits until /readyz answers with a status. On a loaded machine a
// check may time out, and a program that is ready says for a moment that it is
// not.
func (p *program) untilReadyz(status int, because string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for p.get("/readyz", "", nil) != status {
		select {
		case <-tick.C:
		case <-ctx.Done():
			p.t.Fatalf("/readyz never says %d with %s", status, because)
		}
	}
}

// logoutDaemon ends every session of the daemon, as an administrator would.
func (w *world) logoutDaemon() {
	w.t.Helper()
	c, err := mautrix.NewClient(w.hs.URL(), "", "")
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := c.Login(w.t.Context(), &mautrix.ReqLogin{
		Type:             mautrix.AuthTypePassword,
		Identifier:       mautrix.UserIdentifier{Type: mautrix.IdentifierTypeUser, User: "presence_daemon"},
		Password:         "password-of-presence_daemon",
		StoreCredentials: true,
	}); err != nil {
		w.t.Fatalf("log in as the daemon: %v", err)
	}
	if _, err := c.LogoutAll(w.t.Context()); err != nil {
		w.t.Fatalf("log the daemon out: %v", err)
	}
}
