//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// sizes are the crowds of W2.
var sizes = []int{50, 200, 500, 1000}

// vast is the crowd that only our own native door is asked to hold.
const vast = 5000

// spacePeer is one way of being in a space.
type spacePeer struct {
	peer

	say  func() speech
	vast bool // also measured with a vast crowd
}

// spaceFigures are what one run of W2 tells.
type spaceFigures struct {
	covered, nearCovered float64 // % of pairs refreshed within 200 ms
	lost                 float64 // % of pairs without news for 2 s
	p99                  float64 // ms
	bytes                float64 // KB a second and viewer
	cores                float64
	memory               float64 // MB
	own                  float64 // cores that the load generator used
	late                 float64 // ms that the load generator was behind, p99
}

// What the load generator cannot do is not the server's fault: a row is marked
// when it used a whole core, or sent poses so late that coverage suffers.
const (
	busyCores = 0.95
	lateMS    = 25
)

func (f *spaceFigures) doubtful() bool { return f.own >= busyCores || f.late >= lateMS }

// spaceRound runs W2 with one peer and crowd.
func spaceRound(ctx context.Context, p spacePeer, n int) (f spaceFigures, err error) {
	err = onStage(ctx, p.peer, func(s *stage) error {
		m := newMovers(s.crowd, n, p.say())
		if err := m.enter(patience); err != nil {
			return err
		}
		if err := m.move(2*warmUp, func() {}); err != nil {
			return err
		}
		return s.watchSpace(m, &f)
	})
	if err != nil {
		return f, fmt.Errorf("W2 with %d, %s: %w", n, p.name, err)
	}
	return f, nil
}

func (s *stage) watchSpace(m *movers, f *spaceFigures) error {
	before, err := s.server.cpu()
	if err != nil {
		return err
	}
	own, err := ownCPU()
	if err != nil {
		return err
	}
	var seen staleness
	m.late = histogram{}
	received, start := m.received, time.Now()
	if err := m.move(window, func() { seen.sample(m) }); err != nil {
		return err
	}
	took := time.Since(start).Seconds()
	after, err := s.server.cpu()
	if err != nil {
		return err
	}
	ownAfter, err := ownCPU()
	if err != nil {
		return err
	}
	kb, err := s.server.resident()
	*f = spaceFigures{
		covered: share(seen.covered, seen.pairs), nearCovered: share(seen.nearPairs-seen.nearOld, seen.nearPairs),
		lost: share(seen.lost, seen.pairs), p99: milliseconds(seen.ages.quantile(0.99)),
		bytes: float64(m.received-received) / 1024 / took / float64(m.n),
		cores: (after - before).Seconds() / took, memory: kb / 1024,
		own: (ownAfter - own).Seconds() / took, late: milliseconds(m.late.quantile(0.99)),
	}
	return err
}

// measureSpaces measures W2 with every peer and prints its table.
func measureSpaces(ctx context.Context, out io.Writer, rounds int, all []spacePeer) error {
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintf(t, "\nW2: everybody moves ten times a second, medians of %d rounds\n\npeople\tserver\tpairs within 200 ms, %%\tnearest 64 within 200 ms, %%\tno news for 2 s, %%\tp99 age ms\tKB/s per viewer\tcores\tMB\tload generator: cores\tp99 ms late\t\n", rounds)
	defer t.Flush() // what was measured is shown, also when something fails later
	for _, n := range append(slices.Clone(sizes), vast) {
		for _, p := range all {
			if n == vast && !p.vast {
				continue
			}
			var runs []spaceFigures
			for range rounds {
				fmt.Fprintf(out, "W2 with %d people: %s\n", n, p.name)
				f, err := spaceRound(ctx, p, n)
				if err != nil {
					return err
				}
				runs = append(runs, f)
			}
			of := func(pick func(spaceFigures) float64) float64 { return middle(runs, pick) }
			fmt.Fprintf(t, "%d\t%s\t%.1f\t%.1f\t%.1f\t%.0f\t%.0f\t%.2f\t%.0f\t%.2f\t%.0f\t%s\n", n, p.name,
				of(func(f spaceFigures) float64 { return f.covered }), of(func(f spaceFigures) float64 { return f.nearCovered }),
				of(func(f spaceFigures) float64 { return f.lost }), of(func(f spaceFigures) float64 { return f.p99 }),
				of(func(f spaceFigures) float64 { return f.bytes }), of(func(f spaceFigures) float64 { return f.cores }),
				of(func(f spaceFigures) float64 { return f.memory }), of(func(f spaceFigures) float64 { return f.own }),
				of(func(f spaceFigures) float64 { return f.late }), doubt(runs))
		}
	}
	return nil
}

// doubt marks a row of which the load generator's own limits decide.
func doubt(runs []spaceFigures) string {
	for i := range runs {
		if runs[i].doubtful() {
			return "the load generator was saturated: ages are its own"
		}
	}
	return ""
}

// middle is the median of one figure.
func middle(runs []spaceFigures, pick func(spaceFigures) float64) float64 {
	values := make([]float64, len(runs))
	for i, r := range runs {
		values[i] = pick(r)
	}
	slices.Sort(values)
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}
