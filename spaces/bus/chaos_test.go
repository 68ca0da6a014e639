package bus_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"presence/deploy/testnats"
	"presence/spaces"
	"presence/spaces/bus"
)

// publisher publishes a model of the city as an aggregator does: everything at
// the beginning of a term, then what changed, again and again until it arrives,
// and the status last.
type publisher struct {
	bus *bus.Bus

	mu    sync.Mutex
	rooms map[spaces.Slug]int
	dirty map[spaces.Slug]bool
}

func (p *publisher) set(slug spaces.Slug, online int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dirty[slug] = true
	if online < 0 {
		delete(p.rooms, slug)
		return
	}
	p.rooms[slug] = online
}

func (p *publisher) model() map[spaces.Slug]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.rooms)
}

func (p *publisher) lead(ctx context.Context, epoch uint64) error {
	p.mu.Lock()
	for slug := range p.rooms {
		p.dirty[slug] = true
	}
	p.mu.Unlock()
	beat := time.NewTicker(10 * time.Millisecond)
	defer beat.Stop()
	for {
		p.publish(ctx, epoch)
		select {
		case <-beat.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// publish sends what is dirty; what fails stays so.
func (p *publisher) publish(ctx context.Context, epoch uint64) {
	p.mu.Lock()
	rooms, dropped := []spaces.RoomPresence{}, []spaces.Slug{}
	for slug := range p.dirty {
		if online, there := p.rooms[slug]; there {
			rooms = append(rooms, at(epoch, room(slug, online)))
		} else {
			dropped = append(dropped, slug)
		}
	}
	clear(p.dirty)
	p.mu.Unlock()
	err := p.bus.PutRooms(ctx, rooms)
	for _, slug := range dropped {
		if err == nil {
			err = p.bus.DropRoom(ctx, slug)
		}
	}
	if err == nil {
		err = p.bus.PutStatus(ctx, spaces.Status{Epoch: epoch, Sync: spaces.SyncOK})
	}
	if err == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range rooms {
		p.dirty[r.Slug] = true
	}
	for _, slug := range dropped {
		p.dirty[slug] = true
	}
}

// Whatever happens to NATS, in any order: the watcher's picture always ends
// equal to the model, and rooms that were never dropped are in every picture.
func TestAnyTroubleHeals(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	n := testnats.Start(t)
	_, js := outsider(t, n)
	gateway := open(t, bus.Config{URL: n.URL()})
	p := &publisher{
		bus:   open(t, bus.Config{URL: n.URL(), LeaseTTL: time.Second}),
		rooms: map[spaces.Slug]int{"stays": 0, "remains": 0}, dirty: map[spaces.Slug]bool{},
	}
	stop := leadWith(t, p.bus, p.lead)
	defer stop()
	r := watch(t, gateway)
	r.untilRooms(t, p.model())
	r.require("stays", "remains")

	troubles := []struct {
		name string
		make func()
	}{
		{"restart", func() { n.Stop(); n.Start() }},
		{"restart without the store", func() { n.Stop(); wipeStore(t, n); n.Start() }},
		{"stream deleted", func() { _ = js.DeleteStream(t.Context(), "CITY_PRESENCE") }},
		{"stream purged", func() { purge(t, js) }},
		{"lease deleted", func() { _ = js.DeleteKeyValue(t.Context(), "CITY_PRESENCE_LEASE") }},
		{"consumers deleted", func() {
			for _, name := range consumers(t, js) {
				_ = js.DeleteConsumer(t.Context(), "CITY_PRESENCE", name)
			}
		}},
	}
	for step := range 12 {
		trouble := troubles[random.IntN(len(troubles))]
		t.Logf("step %d: %s", step, trouble.name)
		for range random.IntN(4) {
			p.set(spaces.Slug(fmt.Sprintf("room-%d", random.IntN(5))), random.IntN(100)-20)
		}
		trouble.make()
		p.set("stays", step)
		r.untilRooms(t, p.model())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.missed) > 0 {
		t.Errorf("pictures without rooms that were always there: %v", r.missed)
	}
}

func purge(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	if s, err := js.Stream(t.Context(), "CITY_PRESENCE"); err == nil {
		_ = s.Purge(t.Context())
	}
}

func leadWith(t *testing.T, b *bus.Bus, lead func(context.Context, uint64) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Lead(ctx, lead) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Lead: %v", err)
		}
	}
}
