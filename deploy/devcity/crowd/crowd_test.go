package crowd_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"presence/deploy/devcity/crowd"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// home is a homeserver that believes what it is told and checks what a real
// one would refuse. Its fields are guarded by mu.
type home struct {
	mu     sync.Mutex
	calls  int
	faults []string
	in     map[string]map[string]bool // resident, room
	state  map[string]string
	kinds  map[string]int
	down   bool
}

// hand is one resident's account on it.
type hand struct {
	*home
	name string
}

func (h hand) did(kind string, needs string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls++
	if h.down {
		return errors.New("connection refused")
	}
	h.kinds[kind]++
	if needs != "" && !h.in[h.name][needs] {
		h.faults = append(h.faults, fmt.Sprintf("%s: %s in %s without being in it", h.name, kind, needs))
	}
	return nil
}

func (h hand) Presence(_ context.Context, state, _ string) error {
	if err := h.did(state, ""); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state[h.name] = state
	return nil
}

func (h hand) Typing(_ context.Context, room string, typing bool, _ time.Duration) error {
	return h.did(fmt.Sprint("typing ", typing), room)
}

func (h hand) Say(_ context.Context, room, text string) (string, error) {
	if strings.TrimSpace(text) == "" {
		return "", errors.New("nothing said")
	}
	return "$event", h.did("say", room)
}

func (h hand) Read(_ context.Context, room, _ string) error { return h.did("read", room) }

func (h hand) Join(_ context.Context, room string) error {
	err := h.did("join", "")
	h.mu.Lock()
	defer h.mu.Unlock()
	h.in[h.name][room] = err == nil || h.in[h.name][room]
	return err
}

func (h hand) Leave(_ context.Context, room string) error {
	err := h.did("leave", room)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.in[h.name][room] = err != nil && h.in[h.name][room]
	return err
}

func (h hand) Rooms(context.Context) ([]string, error) {
	err := h.did("rooms", "")
	h.mu.Lock()
	defer h.mu.Unlock()
	var rooms []string
	for room, in := range h.in[h.name] {
		if in {
			rooms = append(rooms, room)
		}
	}
	return rooms, err
}

func (h *home) online() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.state {
		if s == "online" {
			n++
		}
	}
	return n
}

// settle makes twenty people with five haunts each, at home in the first.
func settle(h *home) []crowd.Resident {
	var all []crowd.Resident
	for i := range 20 {
		name := fmt.Sprint("resident", i)
		r := crowd.Resident{Name: name, Account: hand{h, name}, Wakes: float64(i * 24 / 20), Agent: i == 0}
		for j := range 5 {
			room := fmt.Sprint("!room", (i+j)%8)
			r.Haunts = append(r.Haunts, crowd.Place{Slug: "library", Room: room, Home: j == 0})
		}
		h.in[name] = map[string]bool{r.Haunts[0].Room: true}
		all = append(all, r)
	}
	return all
}

func newHome() *home {
	return &home{in: map[string]map[string]bool{}, state: map[string]string{}, kinds: map[string]int{}}
}

// TestDay lets a crowd live for a whole city day and checks that the city
// moves, gently, and that nobody does what a homeserver would refuse.
func TestDay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHome()
		residents := settle(h)
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
		defer cancel()
		least, most := len(residents), 0
		sampled := make(chan struct{})
		go func() {
			defer close(sampled)
			time.Sleep(30 * time.Second) // fake time: everybody has shown up
			for ctx.Err() == nil {
				least, most = min(least, h.online()), max(most, h.online())
				time.Sleep(10 * time.Second)
			}
		}()
		if err := crowd.New(residents, 1, slog.New(slog.DiscardHandler)).Run(ctx); err != nil {
			t.Fatal(err)
		}
		<-sampled
		for _, f := range h.faults {
			t.Error(f)
		}
		for _, kind := range []string{"online", "unavailable", "offline", "typing true", "typing false", "say", "read", "join", "leave"} {
			if h.kinds[kind] < 10 {
				t.Errorf("%s happened %d times in a day", kind, h.kinds[kind])
			}
		}
		if least == most || most-least < 3 {
			t.Errorf("between %d and %d online all day: the city does not move", least, most)
		}
		if rate := float64(h.calls) / (12 * 60); rate > 20 {
			t.Errorf("%.0f requests a second are not gentle", rate)
		}
		for _, r := range residents {
			if !h.in[r.Name][r.Haunts[0].Room] {
				t.Errorf("%s left home", r.Name)
			}
		}
	})
}

// TestOutage takes the homeserver away for a minute: the crowd must wait
// without hammering, and go on by itself.
func TestOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHome()
		h.down = true
		var log strings.Builder
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		time.AfterFunc(time.Minute, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			if h.calls > 200 {
				t.Errorf("%d requests in a minute without a homeserver", h.calls)
			}
			h.down = false
		})
		if err := crowd.New(settle(h), 1, slog.New(slog.NewTextHandler(&log, nil))).Run(ctx); err != nil {
			t.Fatal(err)
		}
		if h.kinds["say"] == 0 {
			t.Error("nobody spoke after the homeserver came back")
		}
		if n := strings.Count(log.String(), "\n"); n != 20 {
			t.Errorf("%d lines logged for 20 residents and one outage", n)
		}
	})
}
