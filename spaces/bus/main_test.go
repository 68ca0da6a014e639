package bus_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"presence/deploy/testnats"
	"presence/spaces"
	"presence/spaces/bus"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// nats-server 2.15.2 now and then forgets the store of a stream that it
		// deletes while it stops: the store's flusher and the clock it had
		// registered with stay behind. Both are the server's own.
		goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server.(*fileStore).flushStreamStateLoop"),
		goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server/ats.Register.func1"))
}

// patience bounds every wait: far above what is ever needed, so that a slow
// machine is not a failure.
const patience = 60 * time.Second

func open(t testing.TB, cfg bus.Config) *bus.Bus {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	b, err := bus.Open(ctx, cfg)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(b.Close)
	return b
}

// each runs a test on the built-in server and on one that listens.
func each(t *testing.T, test func(t *testing.T, cfg bus.Config)) {
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		test(t, bus.Config{Dir: t.TempDir()})
	})
	t.Run("network", func(t *testing.T) {
		t.Parallel()
		test(t, bus.Config{URL: testnats.Start(t).URL()})
	})
}

// wipeStore removes the store of a server that is stopped.
func wipeStore(t testing.TB, n *testnats.Server) {
	t.Helper()
	must(t, os.RemoveAll(filepath.Join(n.Dir(), "jetstream")))
}

// recorder is a CityWatcher that keeps the picture a gateway would have.
type recorder struct {
	mu      sync.Mutex
	city    bus.CityState
	resets  int
	blinds  int
	blind   bool
	most    int           // rooms in the fullest picture shown
	fewest  int           // rooms in the poorest picture shown since
	needed  []spaces.Slug // rooms that must be in every picture from now on
	missed  []spaces.Slug // those that were not
	batches [][]bus.CityChange
	changed chan struct{}
}

// watch starts watching; the watch ends before the bus is closed.
func watch(t testing.TB, b *bus.Bus) *recorder {
	t.Helper()
	r := &recorder{changed: make(chan struct{})}
	t.Cleanup(follow(t, b, r))
	return r
}

func follow(t testing.TB, b *bus.Bus, w bus.CityWatcher) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.WatchCity(ctx, w) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("WatchCity: %v", err)
		}
	}
}

func (r *recorder) CityReset(s bus.CityState) {
	r.update(func() { r.city, r.blind = s, false; r.resets++ })
}

func (r *recorder) CityBlind(time.Time) { r.update(func() { r.blind = true; r.blinds++ }) }

func (r *recorder) CityChanged(changes []bus.CityChange) {
	r.update(func() {
		r.batches = append(r.batches, changes)
		for _, c := range changes {
			r.apply(c)
		}
	})
}

func (r *recorder) apply(c bus.CityChange) {
	switch {
	case c.Room != nil:
		r.city.Rooms[c.Slug] = *c.Room
	case c.RoomGone:
		delete(r.city.Rooms, c.Slug)
	case c.Link != nil:
		r.city.Links[c.Slug] = *c.Link
	case c.LinkGone:
		delete(r.city.Links, c.Slug)
	case c.City != nil, c.CityGone:
		r.city.City = c.City
	case c.Status != nil, c.StatusGone:
		r.city.Status = c.Status
	}
}

func (r *recorder) update(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	for _, slug := range r.needed {
		if _, there := r.city.Rooms[slug]; !there {
			r.missed = append(r.missed, slug)
		}
	}
	if n := len(r.city.Rooms); n > r.most {
		r.most, r.fewest = n, n
	} else {
		r.fewest = min(r.fewest, n)
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// require names rooms that every picture must have from now on.
func (r *recorder) require(slugs ...spaces.Slug) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.needed = slugs
}

// until waits for a condition on what was recorded.
func (r *recorder) until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		r.mu.Lock()
		met, changed := ok(), r.changed
		r.mu.Unlock()
		if met {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			r.mu.Lock()
			defer r.mu.Unlock()
			t.Fatalf("never saw: %s (resets %d, blinds %d, blind %v, rooms %v)", what, r.resets, r.blinds, r.blind, r.counts())
		}
	}
}

func (r *recorder) counts() map[spaces.Slug]int {
	counts := map[spaces.Slug]int{}
	for slug, room := range r.city.Rooms {
		counts[slug] = room.OnlineCount
	}
	return counts
}

func (r *recorder) untilRooms(t testing.TB, want map[spaces.Slug]int) {
	t.Helper()
	r.until(t, fmt.Sprintf("rooms %v, not blind", want), func() bool { return !r.blind && maps.Equal(r.counts(), want) })
}

// gone reports whether the watcher was told that a room is gone.
func (r *recorder) gone(slug spaces.Slug) bool {
	for _, batch := range r.batches {
		if slices.ContainsFunc(batch, func(c bus.CityChange) bool { return c.Slug == slug && c.RoomGone }) {
			return true
		}
	}
	return false
}

func room(slug spaces.Slug, online int) spaces.RoomPresence {
	return spaces.RoomPresence{
		Slug: slug, RoomID: "!" + string(slug) + ":example.org", Alias: "#city_" + string(slug) + ":example.org",
		OnlineCount: online, ActiveCount: online, MemberCount: online, Source: spaces.SourceMatrix,
	}
}

func link(slug spaces.Slug) spaces.Link {
	return spaces.Link{Slug: slug, ID: "room_city_" + string(slug), RoomID: "!" + string(slug) + ":example.org", Name: string(slug), Zone: "central", Public: true}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
