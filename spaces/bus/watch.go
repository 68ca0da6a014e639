package bus

import (
	"context"
	"fmt"

	"github.com/nats-io/nuid"

	"presence/spaces"
)

// cityWatch is one WatchCity call. It belongs to that call's goroutine.
type cityWatch struct {
	sight
	to   CityWatcher
	name string

	shown *cityFeed // behind the last picture; nil before the first
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
	watch := &cityWatch{sight: sight{bus: b, what: "the city", lost: w.CityBlind}, to: w, name: "city_" + nuid.Next()}
	watch.keep(ctx, watch.follow)
	return nil
}

// ReadCity looks at the city once.
func (b *Bus) ReadCity(ctx context.Context) (CityState, error) {
	ctx, stop := b.reading.whileUp(ctx)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 2*openTimeout)
	defer cancel()
	f, err := b.openCity(ctx, "look_"+nuid.Next())
	if err != nil {
		return CityState{}, fmt.Errorf("read the city: %w", err)
	}
	defer f.close(ctx)
	state, err := f.city(ctx)
	if err != nil {
		return CityState{}, fmt.Errorf("read the city: %w", err)
	}
	return state, nil
}

// follow reads one feed until it breaks.
func (w *cityWatch) follow(ctx context.Context) error {
	f, err := opened(ctx, func(ctx context.Context) (*cityFeed, error) { return w.bus.openCity(ctx, w.name) })
	if err != nil {
		return err
	}
	defer f.close(ctx)
	state, err := f.city(ctx)
	if err != nil {
		return err
	}
	if w.mustHold(f, state) {
		w.goBlind()
		return w.hold(ctx, f, state)
	}
	w.shown = f
	w.see()
	w.to.CityReset(state)
	return w.live(ctx, f)
}

// mustHold reports whether the stream was lost or emptied since the last
// picture and nobody has filled it yet. An aggregator writes its record last
// when it restores a stream, and first when it begins a term; its first status
// that is not "starting" follows its links and rooms.
func (w *cityWatch) mustHold(f *cityFeed, state CityState) bool {
	if w.shown == nil {
		return false
	}
	if w.shown.led && !f.led {
		return true
	}
	lost := !w.shown.created.Equal(f.created) || f.first > w.shown.last
	return lost && (state.Status == nil || state.Status.Sync == spaces.SyncStarting)
}

// hold waits until the stream is filled again. It returns errTerm then: the
// stream must be read anew, because what was stored before the sign that all is
// there may come after it, when it was replaced meanwhile.
func (w *cityWatch) hold(ctx context.Context, f *cityFeed, state CityState) error {
	for w.mustHold(f, state) {
		changes, err := f.next(ctx)
		for _, c := range changes {
			state.apply(c)
		}
		if err != nil {
			return err
		}
	}
	return errTerm
}

// live passes changes on until the feed breaks.
func (w *cityWatch) live(ctx context.Context, f *cityFeed) error {
	for {
		changes, err := f.next(ctx)
		if len(changes) > 0 {
			w.to.CityChanged(changes)
		}
		if err != nil {
			return err
		}
	}
}
