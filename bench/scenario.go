//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	warmUp   = time.Second
	window   = 5 * time.Second // what is measured of W1
	settle   = 3 * time.Second // between the last snapshot and reading an idle server's memory
	offered  = 50_000          // W1: deliveries a second
	inFlight = 200_000         // W1 saturated: deliveries that may be under way at once
	stormers = 5_000           // W3
	many     = 10_000          // sockets of the large W1 and of W4
	few      = 1_000           // sockets of the small W1
	rampUp   = 4_000           // sockets a second when the storm is not what is measured
	patience = time.Minute
)

// measure is one figure of the table.
type measure uint8

const (
	fewRate measure = iota
	fewCPU
	fewP50
	fewP99
	fewSaturated
	manyRate
	manyCPU
	manyP50
	manyP99
	manySaturated
	stormSeconds
	stormCPU
	idleKB
	measures // how many there are
)

// figures are the results of one peer in one round.
type figures [measures]float64

// round runs every workload on fresh servers of one peer.
func round(ctx context.Context, p peer) (figures, error) {
	var f figures
	for _, scenario := range []struct {
		name string
		run  func(*stage) error
	}{
		{"W1 with 1,000 sockets", func(s *stage) error {
			return s.fanOut(few, f[fewRate:])
		}},
		{"W4, then W1 with 10,000 sockets", func(s *stage) error {
			return errors.Join(s.idle(&f[idleKB]), s.fanOut(many, f[manyRate:]))
		}},
		{"W3", func(s *stage) error { return s.storm(&f[stormSeconds], &f[stormCPU]) }},
	} {
		if err := onStage(ctx, p, scenario.run); err != nil {
			return f, fmt.Errorf("%s, %s: %w", p.name, scenario.name, err)
		}
	}
	return f, nil
}

// stage is a fresh server and the crowd in front of it.
type stage struct {
	server *process
	crowd  *load
}

func onStage(ctx context.Context, p peer, run func(*stage) error) error {
	server, err := startServer(ctx, p)
	if err != nil {
		return err
	}
	defer server.stop()
	crowd, err := newLoad(server.port, p.speak)
	if err != nil {
		return err
	}
	defer crowd.close()
	return run(&stage{server, crowd})
}

// idle is W4.
func (s *stage) idle(kb *float64) error {
	if err := s.crowd.connect(100, 0, patience); err != nil { // what a server allocates once is not counted
		return err
	}
	before, err := s.server.resident()
	if err != nil {
		return err
	}
	const more = many - 100
	if err := s.crowd.connect(more, rampUp, patience); err != nil {
		return err
	}
	if err := s.crowd.run(settle); err != nil {
		return err
	}
	after, err := s.server.resident()
	*kb = (after - before) / more
	return err
}

// fanOut is W1: at a fixed rate, then as fast as the server can. Its figures
// are rate, CPU, p50, p99 and saturated rate.
func (s *stage) fanOut(n int, f []float64) error {
	if err := s.crowd.connect(n-len(s.crowd.clients), rampUp, patience); err != nil {
		return err
	}
	if err := s.server.tell("rate %d", offered/n); err != nil {
		return err
	}
	used, delivered, err := s.window(s.crowd.run)
	if err != nil {
		return err
	}
	f[0] = float64(delivered) / window.Seconds()
	f[1] = used.Seconds() / float64(delivered) * 1e6
	f[2], f[3] = milliseconds(s.crowd.latency.quantile(0.5)), milliseconds(s.crowd.latency.quantile(0.99))
	if err := s.server.tell("rate 0"); err != nil {
		return err
	}
	if err := s.crowd.run(warmUp); err != nil {
		return err
	}
	rush := &rush{stage: s, sockets: int64(n), burst: inFlight / n / 2, expected: s.crowd.deliveries}
	_, delivered, err = s.window(rush.run)
	f[4] = float64(delivered) / window.Seconds()
	return err
}

// window warms up, then measures what run does for the time of the window.
func (s *stage) window(run func(time.Duration) error) (cpu time.Duration, delivered int64, err error) {
	if err := run(warmUp); err != nil {
		return 0, 0, err
	}
	s.crowd.latency = histogram{}
	before, err := s.server.cpu()
	if err != nil {
		return 0, 0, err
	}
	start := s.crowd.deliveries
	if err := run(window); err != nil {
		return 0, 0, err
	}
	after, err := s.server.cpu()
	return after - before, s.crowd.deliveries - start, err
}

// rush keeps a server saturated without drowning it: it orders the next burst
// of changes when half of those ordered before have been delivered. A server
// that is offered more than it can do grows its buffers instead of its rate.
type rush struct {
	*stage
	sockets  int64
	burst    int   // changes per order; two of them are under way at once
	expected int64 // deliveries when everything ordered has arrived
	seen     int64 // deliveries when the last one was noticed
	moved    time.Time
}

// stalled is when a rush takes what is still missing for dropped: a server may
// replace what a slow socket has not taken yet by something newer.
const stalled = 500 * time.Millisecond

func (r *rush) run(d time.Duration) error {
	for end := time.Now().Add(d); time.Now().Before(end); {
		r.notice(time.Now())
		for r.expected-r.seen <= int64(r.burst)*r.sockets {
			if err := r.server.tell("more %d", r.burst); err != nil {
				return err
			}
			r.expected += int64(r.burst) * r.sockets
		}
		if err := r.crowd.poll(time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

func (r *rush) notice(now time.Time) {
	if r.crowd.deliveries != r.seen {
		r.seen, r.moved = r.crowd.deliveries, now
	} else if now.Sub(r.moved) > stalled {
		r.expected, r.moved = r.seen, now
	}
}

// storm is W3.
func (s *stage) storm(seconds, cpu *float64) error {
	before, err := s.server.cpu()
	if err != nil {
		return err
	}
	start := time.Now()
	if err := s.crowd.connect(stormers, 0, patience); err != nil {
		return err
	}
	*seconds = time.Since(start).Seconds()
	after, err := s.server.cpu()
	*cpu = (after - before).Seconds() / stormers * 1000
	return err
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
