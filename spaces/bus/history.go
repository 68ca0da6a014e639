package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"presence/spaces"
)

const (
	historyStream = "SPACE_HISTORY"
	historyPrefix = "space.history."

	// historyAge and historyBytes bound the stream. It carries events to those
	// who listen; what it has forgotten is in the database.
	historyAge   = time.Hour
	historyBytes = 256 << 20
	// historyTwice is how long the server knows an event that it has stored: a
	// gateway that died before it could note the acknowledgement is followed by
	// one that publishes again within seconds.
	historyTwice = 5 * time.Minute
	// historyWait bounds one publish: what was not acknowledged by then waits for
	// the next attempt.
	historyWait = 5 * time.Second
	// historyFlush bounds the wait until the server knows of a new follower.
	historyFlush = time.Second
)

// HistoryEvent is one event of a space's chat, as the database has committed it.
type HistoryEvent struct {
	Key   spaces.Key       `json:"key"`
	Event spaces.ChatEvent `json:"event"`
}

// historySubject is space.history.<type>.<id>.<subspace>, each one token.
func historySubject(key spaces.Key) string {
	return historyPrefix + string(key.Type) + "." + UserToken(key.ID) + "." + UserToken(key.Subspace)
}

// PublishHistory stores events in the durable stream and returns those that
// were acknowledged. Publishing one again is harmless. The order within a space
// is that of publishing, not that of seq: several gateways publish.
func (b *Bus) PublishHistory(ctx context.Context, events []HistoryEvent) (stored []HistoryEvent, err error) {
	ctx, cancel := context.WithTimeout(ctx, historyWait)
	defer cancel()
	ctx, stop := b.writing.whileUp(ctx)
	defer stop()
	// The stream is looked for first: followers listen on the same subjects, and
	// so the server would not say that nobody stores what they receive.
	if !b.historyThere.Load() {
		if err := ensureHistory(ctx, b.pub.js); err != nil {
			return nil, publishError(err)
		}
	}
	stored, err = b.sendHistory(ctx, events)
	b.historyThere.Store(err == nil)
	if err != nil {
		return stored, publishError(err)
	}
	return stored, nil
}

func (b *Bus) sendHistory(ctx context.Context, events []HistoryEvent) (stored []HistoryEvent, err error) {
	acks := make([]jetstream.PubAckFuture, 0, len(events))
	for _, e := range events {
		ack, failed := b.sendEvent(e)
		if failed != nil {
			err = errors.Join(err, failed)
			break
		}
		acks = append(acks, ack)
	}
	for i, ack := range acks {
		select {
		case <-ack.Ok():
			stored = append(stored, events[i])
		case failed := <-ack.Err():
			err = errors.Join(err, failed)
		case <-ctx.Done():
			return stored, errors.Join(err, context.Cause(ctx))
		}
	}
	return stored, err
}

func (b *Bus) sendEvent(e HistoryEvent) (jetstream.PubAckFuture, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	return b.pub.js.PublishMsgAsync(&nats.Msg{Subject: historySubject(e.Key), Data: data, Header: nats.Header{
		jetstream.ExpectedStreamHeader: {historyStream},
		jetstream.MsgIDHeader:          {e.Key.String() + " " + strconv.FormatInt(e.Event.Seq, 10)},
	}}, jetstream.WithRetryAttempts(0))
}

// ensureHistory creates the stream; one that exists is the operator's to tune.
func ensureHistory(ctx context.Context, js jetstream.JetStream) error {
	_, err := js.Stream(ctx, historyStream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = js.CreateStream(ctx, jetstream.StreamConfig{
			Name: historyStream, Description: "What happened in the chats of spaces, from the outbox of the database",
			Subjects: []string{historyPrefix + ">"}, Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy,
			Discard: jetstream.DiscardOld, MaxAge: historyAge, MaxBytes: historyBytes, Duplicates: historyTwice,
		})
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", historyStream, err)
	}
	return nil
}

// FollowHistory gives deliver the events of a space that are published from now
// on, at most once and in the order of publishing, until stop is called: who
// must have all of them compares their seqs with the database. deliver must not
// wait, and may still be running when stop returns. While NATS is away nothing
// comes; the following goes on by itself.
func (b *Bus) FollowHistory(key spaces.Key, deliver func(spaces.ChatEvent)) (stop func(), err error) {
	sub, err := b.reading.nc.Subscribe(historySubject(key), func(m *nats.Msg) {
		var e HistoryEvent
		if err := json.Unmarshal(m.Data, &e); err != nil || e.Key != key || e.Event.Seq <= 0 {
			b.metrics.malformed.Inc()
			return
		}
		deliver(e.Event)
	})
	if err != nil {
		return nil, fmt.Errorf("follow the chat of a space: %w", err)
	}
	// Without an answer the server may not know of the subscription yet, or is
	// away; the follower reads the database in both cases.
	if b.reading.nc.IsConnected() {
		_ = b.reading.nc.FlushTimeout(historyFlush)
	}
	return func() { _ = sub.Unsubscribe() }, nil // it fails only when the connection is closed
}
