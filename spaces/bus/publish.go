package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"presence/spaces"
)

const (
	// maxUnacked bounds what is on the way to the server at once.
	maxUnacked = 1024
	// ackWait bounds one call, healing included, whatever its context allows.
	ackWait = 10 * time.Second
	// healAttempts: one heal mends a vanished stream; a second one mends a
	// stream that vanished again meanwhile; more would be a fight with somebody.
	healAttempts = 2
)

// ErrDeposed is returned by every publish of a leader that another aggregator
// has taken over from. Nothing of it reached the stream.
var ErrDeposed = errors.New("another aggregator has taken over")

// entry is one value on its way to the stream, or one removal.
type entry struct {
	subject string
	data    []byte        // nil removes the subject's value
	ttl     time.Duration // zero keeps it for ever
}

// publisher writes to the stream, one call after the other, so that values of
// one subject can never overtake each other.
type publisher struct {
	js      jetstream.JetStream
	metrics *metrics
	log     *slog.Logger

	mu      sync.Mutex // guards what follows, and is held while acknowledgements are awaited
	created time.Time  // which incarnation of the stream the journal is in
	journal journal
	term    *term // the last term this process won; nil when it never led
	single  bool  // the stream is replicated: one fenced message at a time
}

func newPublisher(js jetstream.JetStream, info *jetstream.StreamInfo, m *metrics, log *slog.Logger) *publisher {
	p := &publisher{js: js, metrics: m, log: log, journal: journal{}}
	p.found(info)
	return p
}

// found notes which stream is there. A replicated one refuses two fenced
// messages under way at once.
func (p *publisher) found(info *jetstream.StreamInfo) {
	p.created, p.single = info.Created, info.Config.Replicas > 1
}

// publish stores the entries and waits for every acknowledgement. When the
// stream has vanished it is created again and filled with everything else this
// process has published that still lives.
func (p *publisher) publish(ctx context.Context, entries ...entry) error {
	if len(entries) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, ackWait)
	defer cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	sent := time.Now()
	errs := p.send(ctx, entries)
	for attempt := 0; attempt < healAttempts && slices.ContainsFunc(errs, curable); attempt++ {
		if err := p.heal(ctx); err != nil {
			errs = []error{err}
			break
		}
		sent = time.Now()
		errs = p.send(ctx, entries)
	}
	if err := errors.Join(errs...); err != nil {
		p.metrics.refused.Add(float64(len(entries)))
		return publishError(err)
	}
	p.journal.remember(entries, sent)
	p.metrics.published.Add(float64(len(entries)))
	return nil
}

// send publishes all entries without waiting in between. Each is tried even
// when another fails: one oversized room must not hold back the rest.
func (p *publisher) send(ctx context.Context, entries []entry) (errs []error) {
	size := maxUnacked
	if p.single {
		size = 1
	}
	for batch := range slices.Chunk(entries, size) {
		if ctx.Err() != nil {
			return append(errs, ctx.Err())
		}
		errs = append(errs, p.sendBatch(ctx, batch)...)
	}
	return errs
}

func (p *publisher) sendBatch(ctx context.Context, entries []entry) (errs []error) {
	messages := make([]*nats.Msg, len(entries))
	for i, e := range entries {
		messages[i] = p.message(e)
	}
	return sendAll(ctx, p.js, messages)
}

// sendAll publishes messages without waiting in between, then waits for every
// acknowledgement. It returns one error for each that failed.
func sendAll(ctx context.Context, js jetstream.JetStream, messages []*nats.Msg) (errs []error) {
	acks := make([]jetstream.PubAckFuture, 0, len(messages))
	for _, m := range messages {
		ack, err := js.PublishMsgAsync(m, jetstream.WithRetryAttempts(0))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", m.Subject, err))
			continue
		}
		acks = append(acks, ack)
	}
	for _, ack := range acks {
		select {
		case <-ack.Ok():
		case err := <-ack.Err():
			errs = append(errs, fmt.Errorf("%s: %w", ack.Msg().Subject, err))
		case <-ctx.Done():
			return append(errs, ctx.Err())
		}
	}
	return errs
}

func (p *publisher) message(e entry) *nats.Msg {
	m := &nats.Msg{Subject: e.subject, Data: e.data, Header: nats.Header{jetstream.ExpectedStreamHeader: {streamName}}}
	ttl := e.ttl
	if e.data == nil {
		m.Subject, ttl = dropSubject(e.subject), markerTTL
	}
	if ttl > 0 {
		m.Header[jetstream.MsgTTLHeader] = []string{wholeSeconds(ttl)}
	}
	if p.term != nil {
		m.Header[jetstream.ExpectedLastSubjSeqSubjHeader] = []string{subjectTerm}
		m.Header[jetstream.ExpectedLastSubjSeqHeader] = []string{strconv.FormatUint(p.term.fence, 10)}
	}
	return m
}

func wholeSeconds(d time.Duration) string {
	return strconv.FormatInt(int64(max(d+time.Second-1, time.Second)/time.Second), 10)
}

func publishError(err error) error {
	if errors.Is(err, ErrDeposed) {
		return err
	}
	// The client's words for a connection that is lost, once per message.
	if errors.Is(err, nats.ErrReconnectBufExceeded) || errors.Is(err, nats.ErrDisconnected) {
		err = errDisconnected
	}
	return &spaces.Error{Code: spaces.CodeUnavailable, Message: "could not publish to NATS", Err: err}
}
