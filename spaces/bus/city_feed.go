package bus

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"
)

var errTerm = errors.New("an aggregator has begun a term or restored the stream")

// cityFeed is a feed of the city's presence. It belongs to the goroutine that
// opened it.
type cityFeed struct {
	*feed
	metrics *metrics
	epoch   uint64 // newest epoch seen
	led     bool   // the stream has a term's record
}

func (b *Bus) openCity(ctx context.Context, name string) (*cityFeed, error) {
	f, err := openFeed(ctx, b.reader, streamName, watchedSubjects, name, b.log)
	if err != nil {
		return nil, err
	}
	return &cityFeed{feed: f, metrics: b.metrics}, nil
}

// city reads up to the end of what was stored when the feed was opened.
func (f *cityFeed) city(ctx context.Context) (CityState, error) {
	state := newCityState()
	err := f.snapshot(ctx, func(m jetstream.Msg) error {
		change, ok, err := f.take(m)
		if ok {
			state.apply(change)
		}
		if errors.Is(err, errTerm) { // news only after the snapshot
			return nil
		}
		return err
	})
	return state, err
}

// next waits for changes. It returns those that came before an error with it.
func (f *cityFeed) next(ctx context.Context) (changes []CityChange, err error) {
	select {
	case m := <-f.msgs:
		err = f.ready(m, func(m jetstream.Msg) error {
			change, ok, err := f.take(m)
			if ok {
				changes = append(changes, change)
			}
			return err
		})
		return changes, err
	case err := <-f.errs:
		return nil, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// take decodes m. ok is false for messages that must be ignored; errTerm means
// that m is a term's record.
func (f *cityFeed) take(m jetstream.Msg) (change CityChange, ok bool, err error) {
	meta, err := f.advance(m)
	if err != nil {
		return CityChange{}, false, err
	}
	if m.Subject() == subjectTerm {
		f.led = true
		return CityChange{}, false, errTerm
	}
	change, epoch, err := decode(m.Subject(), m.Data())
	if err != nil {
		f.metrics.malformed.Inc()
		f.log.Debug("dropped a malformed message", "subject", m.Subject(), "err", err)
		return CityChange{}, false, nil
	}
	if f.outdated(change, epoch) {
		f.metrics.outdated.Inc()
		return CityChange{}, false, nil
	}
	f.epoch = max(f.epoch, epoch)
	change.stored = meta.Timestamp
	return change, true, nil
}

// outdated reports whether a deposed aggregator sent the change. Links and
// markers carry no epoch.
func (f *cityFeed) outdated(c CityChange, epoch uint64) bool {
	versioned := c.Room != nil || c.City != nil || c.Status != nil
	return versioned && epoch < f.epoch
}
