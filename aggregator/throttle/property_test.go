package throttle_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"presence/aggregator/throttle"
)

// TestLastValueAlwaysArrives drives random sets, drops, failures and late
// answers through the throttle and checks every publish against the rules, then
// stops changing and expects the bus to hold exactly the last values within
// window, retry and the time the budget needs.
func TestLastValueAlwaysArrives(t *testing.T) {
	t.Parallel()
	for range 300 {
		seed := rand.Uint64()
		if !t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { newStorm(t, seed).run() }) {
			return
		}
	}
}

const stormKeys = 12

// storm is one random run against a bus that is just a map.
type storm struct {
	*bench
	rng    *rand.Rand
	cfg    throttle.Config[int]
	want   map[string]int // the last values set
	bus    map[string]int
	sentAt map[string]time.Time
	unsure map[string]bool // a publish of the key failed since the last good one
	sent   int
	flying []throttle.Item[string, int]
	flewAt time.Time
}

func newStorm(t *testing.T, seed uint64) *storm {
	rng := rand.New(rand.NewPCG(seed, 1))
	cfg := config()
	cfg.PerSec, cfg.Burst = rng.IntN(30), 1+rng.IntN(5)
	if rng.IntN(2) == 0 {
		cfg.Renew = time.Duration(1+rng.IntN(60)) * time.Second
	}
	return &storm{
		bench: newBench(t, cfg), rng: rng, cfg: cfg, want: map[string]int{}, bus: map[string]int{},
		sentAt: map[string]time.Time{}, unsure: map[string]bool{},
	}
}

func (s *storm) run() {
	for range 400 {
		s.now = s.now.Add(time.Duration(s.rng.IntN(800)) * time.Millisecond)
		s.change()
		s.land()
		s.launch()
	}
	s.flyHome()
	quiet := s.now
	for s.now.Sub(quiet) < s.bound() {
		next, ok := s.th.Next()
		if !ok || next.Sub(quiet) > s.bound() {
			break
		}
		if next.After(s.now) {
			s.now = next
		}
		s.launch()
		s.flyHome()
	}
	if !maps.Equal(s.bus, s.want) {
		s.t.Errorf("%v after the last change the bus holds %v, want %v", s.bound(), s.bus, s.want)
	}
	if budget := s.now.Sub(s.base).Seconds()*float64(s.cfg.PerSec) + float64(s.cfg.Burst); s.cfg.PerSec > 0 && float64(s.sent) > budget+1 {
		s.t.Errorf("%d messages in %v are more than %d/s", s.sent, s.now.Sub(s.base), s.cfg.PerSec)
	}
}

// bound is the longest the last value may take.
func (s *storm) bound() time.Duration {
	d := window + throttle.DefaultRetry
	if s.cfg.PerSec > 0 {
		d += 3 * stormKeys * time.Second / time.Duration(s.cfg.PerSec)
	}
	return d
}

func (s *storm) change() {
	key := string(rune('a' + s.rng.IntN(stormKeys)))
	if s.rng.IntN(8) == 0 {
		delete(s.want, key)
		s.th.Drop(s.now, key)
		return
	}
	s.want[key] = s.rng.IntN(4)
	s.th.Set(s.now, key, s.want[key])
}

func (s *storm) launch() {
	if len(s.flying) > 0 {
		return
	}
	s.flying, s.flewAt = s.th.Due(s.now), s.now
	for _, it := range s.flying {
		s.check(it)
	}
	s.sent += len(s.flying)
}

// check holds one publish against the window of its key and the value wanted.
func (s *storm) check(it throttle.Item[string, int]) {
	value, wanted := s.want[it.Key]
	if it.Gone == wanted || wanted && value != it.Value {
		s.t.Errorf("published %+v, wanted %v %v", it, value, wanted)
	}
	old, known := s.bus[it.Key]
	if !known || it.Gone || s.unsure[it.Key] || old == it.Value && s.cfg.Renew > 0 {
		return
	}
	if gap := s.now.Sub(s.sentAt[it.Key]); gap < s.cfg.Window(old, it.Value) {
		s.t.Errorf("%s: %d after %d within %v", it.Key, it.Value, old, gap)
	}
}

// land lets what flies arrive, or be lost, or stay in the air a while.
func (s *storm) land() {
	switch {
	case len(s.flying) == 0 || s.rng.IntN(3) == 0:
	case s.rng.IntN(4) == 0:
		arrived := s.rng.IntN(2) == 0 // a lost acknowledgement, or a lost message
		for _, it := range s.flying {
			s.unsure[it.Key] = true
			if arrived {
				s.store(it)
			}
		}
		s.th.Failed(s.now, s.flying)
		s.flying = nil
	default:
		s.flyHome()
	}
}

func (s *storm) flyHome() {
	for _, it := range s.flying {
		s.store(it)
		s.unsure[it.Key] = false
		s.sentAt[it.Key] = s.flewAt
	}
	s.th.Sent(s.flying)
	s.flying = nil
}

func (s *storm) store(it throttle.Item[string, int]) {
	if it.Gone {
		delete(s.bus, it.Key)
		return
	}
	s.bus[it.Key] = it.Value
}
