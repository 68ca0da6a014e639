package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"presence/spaces"
)

const (
	openTimeout = 5 * time.Second
	minPause    = 50 * time.Millisecond
	maxPause    = 2 * time.Second
	// healthy is how long a feed must last before a break counts as the first
	// one again; shorter ones would hide a consumer that is rebuilt in a loop.
	healthy = 5 * time.Second
)

// cityWatch is one WatchCity call. It belongs to that call's goroutine.
type cityWatch struct {
	bus  *Bus
	to   CityWatcher
	name string

	created  time.Time // incarnation of the stream behind the last CityReset; zero before the first
	led      bool      // it had a term's record
	blind    bool      // CityBlind was told and no CityReset since
	broken   time.Time // when the trouble began; zero when there is none
	failures int       // breaks in a row
}

// WatchCity tells w about the city until ctx ends: first everything, then every
// change. It heals by itself (connection lost, server restarted, stream or
// consumer deleted, a new aggregator): then w gets CityBlind if the picture
// cannot be renewed at once, and CityReset when it is. It returns nil when ctx
// ends.
//
// When the stream was lost or emptied, the last picture is kept until an
// aggregator has filled it again: an empty stream says nothing about rooms.
func (b *Bus) WatchCity(ctx context.Context, w CityWatcher) error {
	watch := &cityWatch{bus: b, to: w, name: "city_" + nuid.Next()}
	for ctx.Err() == nil {
		opened := time.Now()
		err := watch.follow(ctx)
		if ctx.Err() == nil {
			b.metrics.rebuilds.Inc()
			b.log.DebugContext(ctx, "the city's feed broke", "err", err)
			watch.recover(ctx, err, time.Since(opened))
		}
	}
	return nil
}

// ReadCity looks at the city once.
func (b *Bus) ReadCity(ctx context.Context) (CityState, error) {
	ctx, stop := b.reading.whileUp(ctx)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 2*openTimeout)
	defer cancel()
	f, err := openFeed(ctx, b.reader, "look_"+nuid.Next(), b.metrics, b.log)
	if err != nil {
		return CityState{}, fmt.Errorf("read the city: %w", err)
	}
	defer f.close(ctx)
	state, err := f.snapshot(ctx)
	if err != nil {
		return CityState{}, fmt.Errorf("read the city: %w", err)
	}
	return state, nil
}

// follow reads one feed until it breaks.
func (w *cityWatch) follow(ctx context.Context) error {
	ctx, stop := w.bus.reading.whileUp(ctx)
	defer stop()
	f, err := w.open(ctx)
	if err != nil {
		return err
	}
	defer f.close(ctx)
	state, err := f.snapshot(ctx)
	if err != nil {
		return err
	}
	for w.mustHold(f, state) {
		w.goBlind()
		if err := w.hold(ctx, f, &state); err != nil {
			return err
		}
	}
	w.created, w.led, w.blind, w.broken = f.created, f.led, false, time.Time{}
	w.to.CityReset(state)
	return w.live(ctx, f)
}

func (w *cityWatch) open(ctx context.Context) (*feed, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	f, err := openFeed(ctx, w.bus.reader, w.name, w.bus.metrics, w.bus.log)
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return f, err
}

// mustHold reports whether the stream was lost or emptied since the last
// picture and nobody has filled it yet. An aggregator writes its record last
// when it restores a stream, and first when it begins a term; its first status
// that is not "starting" follows its links and rooms.
func (w *cityWatch) mustHold(f *feed, state CityState) bool {
	lost := !w.created.IsZero() && !w.created.Equal(f.created)
	emptied := w.led && !f.led
	return emptied || lost && (state.Status == nil || state.Status.Sync == spaces.SyncStarting)
}

// hold adds what arrives next to a state that is not shown yet.
func (w *cityWatch) hold(ctx context.Context, f *feed, state *CityState) error {
	changes, err := w.next(ctx, f)
	for _, c := range changes {
		state.apply(c)
	}
	return err
}

// live passes changes on until the feed breaks.
func (w *cityWatch) live(ctx context.Context, f *feed) error {
	for {
		changes, err := w.next(ctx, f)
		if len(changes) > 0 {
			w.to.CityChanged(changes)
		}
		if err != nil {
			return err
		}
	}
}

func (w *cityWatch) next(ctx context.Context, f *feed) ([]CityChange, error) {
	select {
	case m := <-f.msgs:
		return f.ready(m)
	case err := <-f.errs:
		return nil, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// recover decides what a break means and waits before the next attempt. A new
// term is no failure: the city is simply read again.
func (w *cityWatch) recover(ctx context.Context, err error, lasted time.Duration) {
	if errors.Is(err, errTerm) {
		return
	}
	if lasted > healthy {
		w.failures = 0
	}
	w.failed(err)
	w.pause(ctx)
}

// failed notes a break. The watcher goes blind when the server is out of reach,
// or when opening a new feed at once did not help either.
func (w *cityWatch) failed(err error) {
	w.failures++
	first, silent := w.broken.IsZero(), errors.Is(err, jetstream.ErrNoHeartbeat)
	if first {
		w.broken = time.Now()
	}
	if first && silent {
		w.broken = w.broken.Add(-2 * idleBeat) // it takes two missing ones to notice
	}
	if !first || silent || errors.Is(err, errDisconnected) {
		w.goBlind()
	}
}

func (w *cityWatch) goBlind() {
	if w.blind {
		return
	}
	w.blind = true
	if w.broken.IsZero() {
		w.broken = time.Now()
	}
	w.to.CityBlind(w.broken)
}

// pause waits before the next attempt: not at all after a first break, then
// twice as long each time, and while the connection is lost until it is back.
func (w *cityWatch) pause(ctx context.Context) {
	for {
		lost, changed := w.bus.reading.state()
		if lost.IsZero() {
			break
		}
		w.goBlind() // the feed may have broken before the connection did
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
	if w.failures > 1 {
		pause(ctx, min(maxPause, minPause<<min(w.failures-2, 10)))
	}
}
