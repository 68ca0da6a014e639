package main

import (
	"net/http"
	"strings"
	"testing"

	"maunium.net/go/mautrix/event"

	"presence/deploy/testnats"
	"presence/deploy/testpg"
)

// TestTwoProcessesOneCity: two whole programs share NATS and PostgreSQL. One of
// them publishes, both serve the same city, and when the publisher goes the
// other takes over without a wrong number.
func TestTwoProcessesOneCity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.register("alice"), w.register("bob")
	room := w.room(alice, "general")
	w.room(alice, "council")
	setPresence(t, alice, event.PresenceOnline)
	w.writeLinks(oneRoom)
	shared := []string{
		"--matrix-password=password-of-presence_daemon",
		"--nats=" + testnats.Start(t).URL(), "--database=" + testpg.Database(t),
		"--jwt-secret=" + strings.Repeat("shared-secret-", 4),
	}
	first := w.start(append(shared, "--data="+t.TempDir())...)
	second := w.start(append(shared, "--data="+t.TempDir())...)

	// A token of one gateway is good at the other: they have the same secret.
	f := second.feed(first.guest())
	f.until("general", "alice is here", func(r roomCounts) bool { return r.Online == 1 && !r.Stale })
	join(t, bob, room)
	setPresence(t, bob, event.PresenceOnline)
	f.until("general", "bob came", func(r roomCounts) bool { return r.Online == 2 })

	if err := first.stop(); err != nil {
		t.Fatalf("stop the publisher: %v", err)
	}
	leave(t, bob, room)
	f.until("general", "bob left, seen by the one that took over", func(r roomCounts) bool { return r.Online == 1 && !r.Stale })
}

// TestPartsApart: an aggregator and a gateway in two processes are one city,
// and operators can watch the one that serves no browsers.
func TestPartsApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.register("alice")
	room := w.room(alice, "general")
	w.room(alice, "council")
	setPresence(t, alice, event.PresenceOnline)
	w.writeLinks(oneRoom)
	shared := []string{
		"--matrix-token=" + w.daemon, "--nats=" + testnats.Start(t).URL(), "--database=" + testpg.Database(t),
	}
	watcher := w.start(append(shared, "--data="+t.TempDir(), "--parts=aggregator")...)
	web := w.start(append(shared, "--data="+t.TempDir(), "--parts=gateway")...)
	f := web.feed(web.guest())
	f.until("general", "alice is here", func(r roomCounts) bool { return r.Online == 1 && !r.Stale })
	typing(t, alice, room, true)
	f.until("general", "alice types", func(r roomCounts) bool { return r.Typing == 1 })
	watcher.untilReadyz(http.StatusOK, "the aggregator alone")
	if status := watcher.get("/city", "", nil); status != http.StatusNotFound {
		t.Errorf("/city of the aggregator: status %d, want 404", status)
	}
}
