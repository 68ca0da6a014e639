package hub

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"presence/gateway/wire"
	"presence/spaces"
)

// BenchmarkTick is what one tick of a space costs without the kernel's part: a
// full square of people who all have moved since the last one. The second
// figure is what each client is told.
func BenchmarkTick(b *testing.B) {
	for _, people := range []int{100, 1000, 5000} {
		for _, crowd := range []int{10_000, 100} {
			b.Run(fmt.Sprintf("people=%d/crowd=%d", people, crowd), func(b *testing.B) { benchmarkTick(b, people, crowd) })
		}
	}
}

type everybody struct{}

func (everybody) Check(context.Context, spaces.Viewer, spaces.Key, spaces.Action, bool) (spaces.Standing, error) {
	return spaces.Standing{}, nil
}

type sink struct{ bytes int }

func (s *sink) Write(frames ...[]byte) bool {
	for _, f := range frames {
		s.bytes += len(f)
	}
	return true
}

func (*sink) Close(wire.Close) {}

func benchmarkTick(b *testing.B, people, crowd int) {
	h, err := New(Config{Access: everybody{}, Crowd: crowd, Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry()})
	if err != nil {
		b.Fatal(err)
	}
	s := &space{
		hub: h, byID: map[string]*person{}, byName: map[uint64]*person{}, refs: newRefs(),
		typing: typing{until: map[*person]time.Time{}}, now: time.Now(), wake: make(chan struct{}, 1),
	}
	s.peers.space = s
	side := int(math.Sqrt(float64(people)))
	out := &sink{}
	members := make([]*Member, people)
	for i := range members {
		pose := spaces.Pose{Position: spaces.Vec{X: 1.2 * float64(i%side), Z: 1.2 * float64(i/side)}, Rotation: spaces.Quat{W: 1}}
		m := h.newMember(Arrival{Key: s.key, ID: fmt.Sprint(i), Door: spaces.DoorNative, Encoder: wire.Native{}, Conn: out, Pose: &pose}, spaces.Standing{})
		m.space, m.inside = s, true
		members[i] = m
		s.admit(m)
	}
	s.doTick()
	out.bytes = 0
	for b.Loop() {
		s.now = s.now.Add(s.interval())
		for _, m := range members {
			m.mu.Lock()
			err := m.moveTo(s.now, m.place.pose, nil, nil)
			m.mu.Unlock()
			if err != nil {
				b.Fatal(err)
			}
			s.stir(m)
		}
		s.doTick()
	}
	b.ReportMetric(float64(out.bytes)/float64(people)/float64(b.N), "B/client")
}
