package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	pullAhead    = 512                    // messages the server may send ahead of us
	idleBeat     = time.Second            // the server's sign of life; two missing ones break the feed
	pullLife     = 30 * time.Second       // one pull request; idleBeat must be below half of it
	consumerLife = 30 * time.Second       // the server forgets a feed whose process died
	askAgain     = 250 * time.Millisecond // when a snapshot's end is overdue, ask whether it was the end
	tidyTimeout  = time.Second
)

var (
	errGap  = errors.New("a message is missing")
	errTerm = errors.New("an aggregator has begun a term or restored the stream")
)

// feed is one consumer of the stream: first the last message of every subject,
// then every further one, without a gap. The client library's own ordered
// consumer resumes by sequence after a break and so skips silently what a
// re-created stream, counting from 1 again, holds below it; a feed never
// resumes. Whoever reads it opens a new one, which begins with a snapshot.
//
// It belongs to the goroutine that opened it.
type feed struct {
	js      jetstream.JetStream
	name    string
	cons    jetstream.Consumer
	consume jetstream.ConsumeContext
	created time.Time // which incarnation of the stream this is
	metrics *metrics
	log     *slog.Logger

	msgs chan jetstream.Msg // written by the client's goroutine until done closes
	errs chan error         // the first error; later ones are dropped
	done chan struct{}

	left  uint64 // messages of the snapshot that are still to come
	seq   uint64 // consumer sequence of the last message
	epoch uint64 // newest epoch seen
	led   bool   // the stream has a term's record
}

// openFeed replaces the named consumer: a break can never pile them up.
func openFeed(ctx context.Context, js jetstream.JetStream, name string, m *metrics, log *slog.Logger) (*feed, error) {
	s, err := js.Stream(ctx, streamName)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", streamName, err)
	}
	if err := s.DeleteConsumer(ctx, name); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil, fmt.Errorf("replace consumer: %w", err)
	}
	cons, err := s.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Name: name, FilterSubjects: watchedSubjects,
		DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, AckPolicy: jetstream.AckNonePolicy,
		MemoryStorage: true, Replicas: 1, InactiveThreshold: consumerLife,
	})
	if err != nil {
		return nil, fmt.Errorf("create consumer: %w", err)
	}
	f := &feed{
		js: js, name: name, cons: cons, created: s.CachedInfo().Created, metrics: m, log: log,
		msgs: make(chan jetstream.Msg, pullAhead), errs: make(chan error, 1), done: make(chan struct{}),
		left: cons.CachedInfo().NumPending,
	}
	f.consume, err = cons.Consume(f.receive, jetstream.PullMaxMessages(pullAhead),
		jetstream.PullExpiry(pullLife), jetstream.PullHeartbeat(idleBeat), jetstream.ConsumeErrHandler(f.fail))
	if err != nil {
		return nil, fmt.Errorf("consume: %w", err)
	}
	return f, nil
}

func (f *feed) receive(m jetstream.Msg) {
	select {
	case f.msgs <- m:
	case <-f.done:
	}
}

func (f *feed) fail(_ jetstream.ConsumeContext, err error) {
	select {
	case f.errs <- err:
	default:
	}
}

// close ends the consumer. A server that cannot be reached forgets it by itself.
func (f *feed) close(ctx context.Context) {
	close(f.done)
	f.consume.Stop()
	<-f.consume.Closed()
	if !f.js.Conn().IsConnected() {
		return
	}
	// The caller's context is over by now.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTimeout)
	defer cancel()
	if err := f.js.DeleteConsumer(ctx, streamName, f.name); err != nil {
		f.log.DebugContext(ctx, "the consumer was not removed", "err", err)
	}
}

// snapshot reads up to the end of what was stored when the feed was opened.
func (f *feed) snapshot(ctx context.Context) (CityState, error) {
	state := newCityState()
	overdue := time.NewTicker(askAgain)
	defer overdue.Stop()
	for f.left > 0 {
		select {
		case m := <-f.msgs:
			change, ok, err := f.take(m)
			if err != nil && !errors.Is(err, errTerm) { // news only after the snapshot
				return state, err
			}
			if ok {
				state.apply(change)
			}
		case <-overdue.C:
			if err := f.askEnd(ctx); err != nil {
				return state, err
			}
		case err := <-f.errs:
			return state, err
		case <-ctx.Done():
			return state, context.Cause(ctx)
		}
	}
	return state, nil
}

// askEnd finds the end of a snapshot whose last message was replaced or removed
// before it could be sent: no message then says that none is pending.
func (f *feed) askEnd(ctx context.Context) error {
	info, err := f.cons.Info(ctx)
	if err != nil {
		return fmt.Errorf("ask the consumer: %w", err)
	}
	if info.NumPending == 0 && info.Delivered.Consumer == f.seq {
		f.left = 0
	}
	return nil
}

// take checks that nothing is missing before m and decodes it. ok is false for
// messages that must be ignored; errTerm means that m is a term's record.
func (f *feed) take(m jetstream.Msg) (change CityChange, ok bool, err error) {
	meta, err := m.Metadata()
	if err != nil {
		return CityChange{}, false, fmt.Errorf("read metadata: %w", err)
	}
	if meta.Sequence.Consumer != f.seq+1 {
		return CityChange{}, false, fmt.Errorf("%w: %d after %d", errGap, meta.Sequence.Consumer, f.seq)
	}
	f.seq = meta.Sequence.Consumer
	f.left = min(meta.NumPending, max(f.left, 1)-1)
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
func (f *feed) outdated(c CityChange, epoch uint64) bool {
	versioned := c.Room != nil || c.City != nil || c.Status != nil
	return versioned && epoch < f.epoch
}

// ready returns m and what else has arrived already, decoded.
func (f *feed) ready(m jetstream.Msg) (changes []CityChange, err error) {
	for range pullAhead {
		change, ok, err := f.take(m)
		if ok {
			changes = append(changes, change)
		}
		if err != nil {
			return changes, err
		}
		select {
		case m = <-f.msgs:
		default:
			return changes, nil
		}
	}
	return changes, nil
}
