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

var errGap = errors.New("a message is missing")

// feed is one consumer of the stream: first the last message of every subject,
// then every further one, without a gap. The client library's own ordered
// consumer resumes by sequence after a break and so skips silently what a
// re-created stream, counting from 1 again, holds below it; a feed never
// resumes. Whoever reads it opens a new one, which begins with a snapshot.
//
// It belongs to the goroutine that opened it.
type feed struct {
	js      jetstream.JetStream
	stream  string
	name    string
	cons    jetstream.Consumer
	consume jetstream.ConsumeContext
	created time.Time // which incarnation of the stream this is
	log     *slog.Logger

	msgs chan jetstream.Msg // written by the client's goroutine until done closes
	errs chan error         // the first error; later ones are dropped
	done chan struct{}

	left    uint64 // messages of the snapshot that are still to come
	pending uint64 // messages that the stream had behind the last one
	seq     uint64 // consumer sequence of the last message
	first   uint64 // stream sequence of the first message; zero before it
	last    uint64 // and of the last
}

// openFeed replaces the named consumer: a break can never pile them up.
func openFeed(ctx context.Context, js jetstream.JetStream, stream string, subjects []string, name string, log *slog.Logger) (*feed, error) {
	s, err := js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", stream, err)
	}
	if err := s.DeleteConsumer(ctx, name); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil, fmt.Errorf("replace consumer: %w", err)
	}
	cons, err := s.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Name: name, FilterSubjects: subjects,
		DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, AckPolicy: jetstream.AckNonePolicy,
		MemoryStorage: true, Replicas: 1, InactiveThreshold: consumerLife,
	})
	if err != nil {
		return nil, fmt.Errorf("create consumer: %w", err)
	}
	f := &feed{
		js: js, stream: stream, name: name, cons: cons, created: s.CachedInfo().Created, log: log,
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
	if err := f.js.DeleteConsumer(ctx, f.stream, f.name); err != nil {
		f.log.DebugContext(ctx, "the consumer was not removed", "err", err)
	}
}

// snapshot gives take every message that was stored when the feed was opened,
// until take fails.
func (f *feed) snapshot(ctx context.Context, take func(jetstream.Msg) error) error {
	overdue := time.NewTicker(askAgain)
	defer overdue.Stop()
	for f.left > 0 {
		select {
		case m := <-f.msgs:
			if err := take(m); err != nil {
				return err
			}
		case <-overdue.C:
			if err := f.askEnd(ctx); err != nil {
				return err
			}
		case err := <-f.errs:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
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

// advance checks that nothing is missing before m.
func (f *feed) advance(m jetstream.Msg) (*jetstream.MsgMetadata, error) {
	meta, err := m.Metadata()
	if err != nil {
		return nil, fmt.Errorf("read metadata: %w", err)
	}
	if meta.Sequence.Consumer != f.seq+1 {
		return nil, fmt.Errorf("%w: %d after %d", errGap, meta.Sequence.Consumer, f.seq)
	}
	f.seq, f.last, f.pending = meta.Sequence.Consumer, meta.Sequence.Stream, meta.NumPending
	if f.first == 0 {
		f.first = f.last
	}
	f.left = min(meta.NumPending, max(f.left, 1)-1)
	return meta, nil
}

// ready gives take m and what else has arrived already, until take fails.
func (f *feed) ready(m jetstream.Msg, take func(jetstream.Msg) error) error {
	for range pullAhead {
		if err := take(m); err != nil {
			return err
		}
		select {
		case m = <-f.msgs:
		default:
			return nil
		}
	}
	return nil
}
