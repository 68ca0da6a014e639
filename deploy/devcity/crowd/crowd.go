package crowd

import (
	"context"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// day is short so that somebody who looks for a few minutes sees the city
	// fall asleep and wake up.
	day = 12 * time.Minute
	// firstHour is the hour of the city's day at which every run begins.
	firstHour = 9
	// awakeHours leaves nine hours of sleep.
	awakeHours = 15
)

// Account is what a resident can do on the homeserver.
type Account interface {
	Presence(ctx context.Context, state, status string) error
	Typing(ctx context.Context, room string, typing bool, atMost time.Duration) error
	Say(ctx context.Context, room, text string) (event string, err error)
	Read(ctx context.Context, room, event string) error
	Join(ctx context.Context, room string) error
	Leave(ctx context.Context, room string) error
	Rooms(ctx context.Context) ([]string, error)
}

// Place is a room a resident goes to.
type Place struct {
	Slug string
	Room string // Matrix room id
	Home bool   // never left
}

// Resident is one who lives in the city.
type Resident struct {
	Name    string
	Account Account
	Wakes   float64 // hour of the city's day, 0 to 24
	Haunts  []Place // at least one, dearest first
	Agent   bool    // never sleeps or walks, speaks seldom
}

// Crowd is all who live in the city.
type Crowd struct {
	residents []Resident
	log       *slog.Logger
	seed      uint64

	mu     sync.Mutex
	newest map[string]string // room: the last message said by the crowd, which the others then read; guarded by mu
}

// New returns a crowd that makes the same choices for the same seed.
func New(residents []Resident, seed uint64, log *slog.Logger) *Crowd {
	return &Crowd{residents: residents, seed: seed, log: log, newest: map[string]string{}}
}

// Run lets everybody live until ctx ends. A homeserver that fails is tried
// again; Run never fails because of it.
func (c *Crowd) Run(ctx context.Context) error {
	start := time.Now()
	var group errgroup.Group
	for _, r := range c.residents {
		l := &life{
			Resident: r, crowd: c, start: start,
			rng: rand.New(rand.NewPCG(c.seed, hash(r.Name))), //nolint:gosec // moods, not secrets
		}
		group.Go(func() error {
			l.live(ctx)
			return nil
		})
	}
	return group.Wait()
}

func (c *Crowd) said(room, event string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.newest[room] = event
}

func (c *Crowd) lastSaid(room string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newest[room]
}

func hash(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64()
}

// pause waits and reports whether there is still time to live.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
