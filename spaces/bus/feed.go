package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	pullAhead    = 512                    // messages the server may send ahead of us
	idleBeat     = time.Second            // the server's sign of life; two missing ones break the feed
	pullLife     = 30 * time.Second       // one pull request; idleBeat must be below half of it
	consumerLife = 30 * time.Second       // the server forgets a feed whose process died
	askAgain     = 250 * time.Millisecond // when a snapshot's end is overdue, ask whether the rest is still there
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
	from    jetstream.Stream
	name    string
	consume jetstream.ConsumeContext
	created time.Time // which incarnation of the stream this is
	log     *slog.Logger

	msgs chan jetstream.Msg // written by the client's goroutine until done closes
	errs chan error         // the first error; later ones are dropped
	done chan struct{}

	filters []string
	owed    map[string]struct{}   // subjects of the snapshot that are still to come
	before  jetstream.StreamState // of the stream, before it was opened

	seq   uint64 // consumer sequence of the last message
	first uint64 // stream sequence of the first message; zero before it
	last  uint64 // and of the last
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
	created, before := s.CachedInfo().Created, s.CachedInfo().State
	owed, err := listed(ctx, s, subjects)
	if err != nil {
		return nil, err
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
		js: js, from: s, name: name, created: created, log: log,
		filters: subjects, owed: owed, before: before,
		msgs: make(chan jetstream.Msg, pullAhead), errs: make(chan error, 1), done: make(chan struct{}),
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
	if err := f.from.DeleteConsumer(ctx, f.name); err != nil {
		f.log.DebugContext(ctx, "the consumer was not removed", "err", err)
	}
}

// listed returns the subjects that the stream has a message of.
func listed(ctx context.Context, s jetstream.Stream, filters []string) (map[string]struct{}, error) {
	there := map[string]struct{}{}
	for _, filter := range filters {
		info, err := s.Info(ctx, jetstream.WithSubjectFilter(filter))
		if err != nil {
			return nil, fmt.Errorf("list the subjects of stream %s: %w", s.CachedInfo().Config.Name, err)
		}
		for subject := range info.State.Subjects {
			there[subject] = struct{}{}
		}
	}
	return there, nil
}

// snapshot gives take what was stored when the feed was opened, or what has
// replaced it since, until take fails. The server's count of pending messages
// does not tell the end: a message that is replaced before it was sent is taken
// off at once, and the new one, which comes last, is added a moment later.
func (f *feed) snapshot(ctx context.Context, take func(jetstream.Msg) error) error {
	overdue := time.NewTicker(askAgain)
	defer overdue.Stop()
	for len(f.owed) > 0 {
		select {
		case m := <-f.msgs:
			if err := take(m); err != nil {
				return err
			}
		case <-overdue.C:
			if err := f.writeOff(ctx); err != nil {
				return err
			}
		case err := <-f.errs:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return f.standing(ctx)
}

// writeOff waits no longer for what is gone without a trace, such as a marker
// whose time was over.
func (f *feed) writeOff(ctx context.Context) error {
	there, err := listed(ctx, f.from, f.filters)
	if err != nil {
		return err
	}
	maps.DeleteFunc(f.owed, func(subject string, _ struct{}) bool {
		_, still := there[subject]
		return !still
	})
	return nil
}

// standing returns errGap when the stream was emptied or made anew since the
// feed was opened: a part of the snapshot may then be of before and the rest of
// after.
func (f *feed) standing(ctx context.Context) error {
	info, err := f.from.Info(ctx)
	if err != nil {
		return fmt.Errorf("look at the stream again: %w", err)
	}
	emptied := f.before.Msgs > 0 && info.State.FirstSeq > f.before.LastSeq
	if emptied || !info.Created.Equal(f.created) {
		return errGap
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
	f.seq, f.last = meta.Sequence.Consumer, meta.Sequence.Stream
	delete(f.owed, m.Subject())
	if f.first == 0 {
		f.first = f.last
	}
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
