package bus_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"presence/deploy/testnats"
	"presence/spaces"
	"presence/spaces/bus"
)

// outsider is somebody else's connection to the same NATS.
func outsider(t *testing.T, n *testnats.Server) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	nc, err := nats.Connect(n.URL(), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	must(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(t, err)
	return nc, js
}

// fill publishes a small city as an aggregator does, status last.
func fill(t *testing.T, b *bus.Bus, online int) {
	t.Helper()
	ctx := t.Context()
	must(t, b.PutLinks(ctx, []spaces.Link{link("a"), link("b")}))
	must(t, b.PutRooms(ctx, []spaces.RoomPresence{room("a", online), room("b", online)}))
	must(t, b.PutStatus(ctx, spaces.Status{Sync: spaces.SyncOK}))
}

// eventually repeats an attempt that fails while NATS is away.
func eventually(t *testing.T, what string, attempt func() error) {
	t.Helper()
	retry := time.NewTicker(50 * time.Millisecond)
	defer retry.Stop()
	deadline := time.Now().Add(patience)
	for {
		err := attempt()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
		<-retry.C
	}
}

func TestRestartWithTheStore(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	b := open(t, bus.Config{URL: n.URL()})
	fill(t, b, 1)
	r := watch(t, b)
	r.untilRooms(t, map[spaces.Slug]int{"a": 1, "b": 1})

	n.Stop()
	r.until(t, "blind", func() bool { return r.blind })
	if b.Ready() == nil {
		t.Error("ready without NATS")
	}
	if err := b.PutRooms(t.Context(), []spaces.RoomPresence{room("a", 2)}); spaces.ErrorCode(err) != spaces.CodeUnavailable || !strings.Contains(err.Error(), "connection to NATS is lost") {
		t.Errorf("publishing without NATS: %v", err)
	}
	n.Start()
	r.untilRooms(t, map[spaces.Slug]int{"a": 1, "b": 1})
	eventually(t, "ready again", b.Ready)
	eventually(t, "publish again", func() error { return b.PutRooms(t.Context(), []spaces.RoomPresence{room("a", 3)}) })
	r.untilRooms(t, map[spaces.Slug]int{"a": 3, "b": 1})
}

// A server that stops breaks the feed and the connection, in any order. What
// it had stored is old when it is back, so the watcher must know of every stop.
func TestEveryOutageIsTold(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	b := open(t, bus.Config{URL: n.URL()})
	fill(t, b, 1)
	r := watch(t, b)
	r.untilRooms(t, map[spaces.Slug]int{"a": 1, "b": 1})
	for stops := 1; stops <= 5; stops++ {
		n.Stop()
		r.until(t, "blind", func() bool { return r.blind && r.blinds >= stops })
		n.Start()
		r.untilRooms(t, map[spaces.Slug]int{"a": 1, "b": 1})
	}
}

// The server comes back empty: the picture is kept, and the publisher fills
// the new stream with everything, although it publishes one room only.
func TestRestartWithoutTheStore(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	b := open(t, bus.Config{URL: n.URL()})
	fill(t, b, 1)
	r := watch(t, b)
	r.untilRooms(t, map[spaces.Slug]int{"a": 1, "b": 1})
	n.Stop()
	wipeStore(t, n)
	n.Start()
	eventually(t, "publish again", func() error { return b.PutRooms(t.Context(), []spaces.RoomPresence{room("b", 2)}) })
	r.untilRooms(t, map[spaces.Slug]int{"a": 1, "b": 2})
	r.until(t, "links", func() bool { return len(r.city.Links) == 2 })
	r.neverLess(t, 2)
}

// neverLess fails when any picture shown held fewer rooms.
func (r *recorder) neverLess(t *testing.T, rooms int) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fewest < rooms {
		t.Errorf("a picture with %d rooms was shown; there were never fewer than %d", r.fewest, rooms)
	}
}

func TestStreamDeleted(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	b := open(t, bus.Config{URL: n.URL()})
	_, js := outsider(t, n)
	fill(t, b, 1)
	r := watch(t, b)
	r.untilRooms(t, map[spaces.Slug]int{"a": 1, "b": 1})
	for round := range 3 {
		must(t, js.DeleteStream(t.Context(), "CITY_PRESENCE"))
		must(t, b.PutRooms(t.Context(), []spaces.RoomPresence{room("a", 10+round)}))
		r.untilRooms(t, map[spaces.Slug]int{"a": 10 + round, "b": 1})
	}
	r.neverLess(t, 2)
}

// Somebody else creates the stream again, empty, before the leader notices that
// it was gone: the missing fence gives it away before anything is stored.
func TestStreamReplacedBehindOurBack(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	b := open(t, bus.Config{URL: n.URL()})
	campaign(t, b).next(t)
	_, js := outsider(t, n)
	fill(t, b, 1)
	r := watch(t, b)
	r.untilRooms(t, map[spaces.Slug]int{"a": 1, "b": 1})
	s, err := js.Stream(t.Context(), "CITY_PRESENCE")
	must(t, err)
	cfg := s.CachedInfo().Config
	must(t, js.DeleteStream(t.Context(), cfg.Name))
	_, err = js.CreateStream(t.Context(), cfg)
	must(t, err)
	must(t, b.PutStatus(t.Context(), spaces.Status{Sync: spaces.SyncOK}))
	r.until(t, "the second picture", func() bool { return r.resets > 1 })
	r.untilRooms(t, map[spaces.Slug]int{"a": 1, "b": 1})
	r.neverLess(t, 2)
}

// A watcher of another process has nobody to restore the stream: it keeps its
// picture until an aggregator has filled the new one.
func TestAnEmptyNewStreamEmptiesNothing(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	gateway := open(t, bus.Config{URL: n.URL()})
	first := open(t, bus.Config{URL: n.URL()})
	_, js := outsider(t, n)
	fill(t, first, 1)
	r := watch(t, gateway)
	r.untilRooms(t, map[spaces.Slug]int{"a": 1, "b": 1})
	must(t, js.DeleteStream(t.Context(), "CITY_PRESENCE"))
	r.until(t, "blind", func() bool { return r.blind })

	second := open(t, bus.Config{URL: n.URL()}) // creates the stream
	must(t, second.PutStatus(t.Context(), spaces.Status{Sync: spaces.SyncStarting}))
	fill(t, second, 5)
	r.untilRooms(t, map[spaces.Slug]int{"a": 5, "b": 5})
	r.neverLess(t, 2)
}

func TestConsumersDoNotPileUp(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	b := open(t, bus.Config{URL: n.URL()})
	_, js := outsider(t, n)
	fill(t, b, 1)
	r := watch(t, b)
	for round := range 4 {
		r.until(t, "a new picture", func() bool { return r.resets > round })
		names := consumers(t, js)
		if len(names) != 1 {
			t.Fatalf("round %d: consumers %v, want one", round, names)
		}
		must(t, js.DeleteConsumer(t.Context(), "CITY_PRESENCE", names[0]))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.blinds > 0 {
		t.Errorf("a consumer replaced at once made the watcher blind %d times", r.blinds)
	}
}

func consumers(t *testing.T, js jetstream.JetStream) (names []string) {
	t.Helper()
	s, err := js.Stream(t.Context(), "CITY_PRESENCE")
	if err != nil {
		return nil // no stream, no consumers
	}
	list := s.ConsumerNames(t.Context())
	for name := range list.Name() {
		names = append(names, name)
	}
	must(t, list.Err())
	return names
}

// Malformed payloads are counted and disturb nothing.
func TestMalformedIsDropped(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	b := open(t, bus.Config{URL: n.URL()})
	nc, _ := outsider(t, n)
	fill(t, b, 1)
	for subject, body := range map[string]string{
		"city.presence.room.c":      `{"type":"room.presence","room_slug":"c","online_count":-1}`,
		"city.presence.room.d":      `not json`,
		"city.presence.room.e":      `{"type":"room.presence","room_slug":"other"}`,
		"city.presence.room.Größe":  `{"type":"room.presence","room_slug":"Größe"}`,
		"city.presence.room.f":      `[]`,
		"city.presence.link.g":      `{"slug":"g"}`,
		"city.presence.link.h":      `{"slug":"h","matrix_room_id":"!h:x","map":{"x":-1}}`,
		"city.presence.drop.room.i": ``,
	} {
		must(t, nc.Publish(subject, []byte(body)))
	}
	must(t, nc.Flush())
	r := watch(t, b)
	r.untilRooms(t, map[spaces.Slug]int{"a": 1, "b": 1})
	must(t, nc.Publish("city.presence.city", []byte(`{"type":"city.presence","online_count":"many"}`)))
	must(t, nc.Publish("city.presence.status", []byte(`"`)))
	must(t, nc.Flush())
	must(t, b.PutRooms(t.Context(), []spaces.RoomPresence{room("a", 2)}))
	r.untilRooms(t, map[spaces.Slug]int{"a": 2, "b": 1})
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.resets != 1 || r.city.Status == nil {
		t.Errorf("resets %d, status %v", r.resets, r.city.Status)
	}
}
