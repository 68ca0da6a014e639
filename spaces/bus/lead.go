package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"golang.org/x/sync/errgroup"
)

// ErrLeaseLost is the cause of a leader's context that ended because the lease
// could not be renewed in time, or was taken away.
var ErrLeaseLost = errors.New("the aggregator's lease is lost")

// errTermOver ends a leader's context when lead itself has returned.
var errTermOver = errors.New("the term is over")

// lease is one holder's claim on the leader key. It belongs to the goroutine
// that renews it.
type lease struct {
	js       jetstream.JetStream
	ttl      time.Duration
	holder   string
	revision uint64
	renewed  time.Time // before the last successful renewal was sent
}

// Lead campaigns until ctx ends and runs lead while this process holds the
// lease. The context of lead ends when the lease is lost, with [ErrLeaseLost]
// or [ErrDeposed] as its cause; Lead waits for lead to return and campaigns
// again. epoch is greater in every term than in any before it, whoever led.
//
// Lead returns nil when ctx ends or when lead returns nil of its own accord,
// and lead's error when it fails while the lease is held.
func (b *Bus) Lead(ctx context.Context, lead func(ctx context.Context, epoch uint64) error) error {
	l := &lease{js: b.pub.js, ttl: b.cfg.LeaseTTL, holder: b.holder()}
	for {
		if !l.campaign(ctx, b.log) {
			return nil
		}
		again, err := b.serve(ctx, l, lead)
		if !again {
			return err
		}
	}
}

func (b *Bus) holder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return b.cfg.Name + "@" + host + ":" + strconv.Itoa(os.Getpid()) + "/" + nuid.Next()
}

// serve is one term. It reports whether to campaign again.
func (b *Bus) serve(ctx context.Context, l *lease, lead func(context.Context, uint64) error) (again bool, err error) {
	reign, depose := context.WithCancelCause(ctx)
	defer depose(nil)
	defer l.release(ctx, b.log)
	t, err := b.pub.begin(ctx, l.holder, depose)
	if err != nil {
		b.log.WarnContext(ctx, "could not begin a term", "err", err)
		return pause(ctx, l.ttl/leaseParts), nil
	}
	defer b.pub.end(t)
	b.metrics.leading.Set(1)
	defer b.metrics.leading.Set(0)
	b.log.InfoContext(ctx, "leading", "epoch", t.record.Epoch)

	var g errgroup.Group
	g.Go(func() error { depose(l.keep(reign)); return nil })
	err = lead(reign, t.record.Epoch)
	cause := context.Cause(reign)
	depose(errTermOver)
	_ = g.Wait() // keep ends with reign and returns no error

	lost := errors.Is(cause, ErrLeaseLost) || errors.Is(cause, ErrDeposed)
	b.log.InfoContext(ctx, "the term is over", "epoch", t.record.Epoch, "cause", cause, "err", err)
	if ctx.Err() != nil {
		return false, nil
	}
	if lost {
		return true, nil
	}
	return false, err
}

// leaseParts: the lease is renewed at a third of its lifetime, so that one lost
// renewal costs nothing.
const leaseParts = 3

// campaign takes the lease as soon as nobody holds it. It reports false when
// ctx ended first.
func (l *lease) campaign(ctx context.Context, log *slog.Logger) bool {
	failing := false
	for {
		err := l.take(ctx)
		if err == nil {
			return true
		}
		held := errors.Is(err, jetstream.ErrKeyExists)
		if !held && !failing && ctx.Err() == nil {
			log.WarnContext(ctx, "cannot campaign for the aggregator's lease", "err", err)
		}
		failing = !held
		if !pause(ctx, l.ttl/leaseParts) {
			return false
		}
	}
}

func (l *lease) take(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.ttl/leaseParts)
	defer cancel()
	kv, err := leaseStore(ctx, l.js, l.ttl)
	if err != nil {
		return err
	}
	now := time.Now()
	l.revision, err = kv.Create(ctx, leaseKey, []byte(l.holder))
	l.renewed = now
	return err
}

// keep renews the lease until it is lost or ctx ends, and returns why.
func (l *lease) keep(ctx context.Context) error {
	// The server counts from its receipt, which is later than our sending: a
	// lease we stop trusting here has not expired there yet.
	for wait := l.ttl / leaseParts; time.Since(l.renewed) < l.ttl; {
		if !pause(ctx, min(wait, l.ttl-time.Since(l.renewed))) {
			return ctx.Err()
		}
		switch err := l.renew(ctx); {
		case err == nil:
			wait = l.ttl / leaseParts
		case taken(err):
			return fmt.Errorf("%w: %w", ErrLeaseLost, err)
		default:
			wait = l.ttl / (4 * leaseParts) // the server is away; time is short
		}
	}
	return fmt.Errorf("%w: not renewed for %s", ErrLeaseLost, l.ttl)
}

func (l *lease) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.ttl/leaseParts)
	defer cancel()
	kv, err := l.js.KeyValue(ctx, leaseBucket)
	if err != nil {
		return err
	}
	now := time.Now()
	revision, err := kv.Update(ctx, leaseKey, []byte(l.holder), l.revision)
	if err == nil {
		l.revision, l.renewed = revision, now
	}
	return err
}

// taken reports whether a renewal failed because the lease is not ours any
// more: another revision is there, or the bucket vanished with it.
func taken(err error) bool {
	return errors.Is(err, jetstream.ErrBucketNotFound) || errors.Is(err, jetstream.ErrNoStreamResponse) ||
		errors.Is(err, jetstream.ErrKeyExists) || fenced(err)
}

// release gives the lease back, if it is still ours, so that a standby need not
// wait for it to expire.
func (l *lease) release(ctx context.Context, log *slog.Logger) {
	// The caller's context may be over, and this is its last word.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.ttl/leaseParts)
	defer cancel()
	kv, err := l.js.KeyValue(ctx, leaseBucket)
	if err == nil {
		err = kv.Delete(ctx, leaseKey, jetstream.LastRevision(l.revision))
	}
	if err != nil {
		log.DebugContext(ctx, "the lease was not given back", "err", err)
	}
}

// leaseStore opens the bucket, or creates it. The lifetime is the bucket's:
// a key's own would be dropped by the first update.
func leaseStore(ctx context.Context, js jetstream.JetStream, ttl time.Duration) (jetstream.KeyValue, error) {
	kv, err := js.KeyValue(ctx, leaseBucket)
	if !errors.Is(err, jetstream.ErrBucketNotFound) {
		return kv, err
	}
	return js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: leaseBucket, Description: "Which aggregator publishes",
		TTL: ttl, History: 1, Storage: jetstream.FileStorage,
	})
}

// dropLease forgets whoever holds the lease.
func dropLease(ctx context.Context, js jetstream.JetStream) error {
	err := js.DeleteKeyValue(ctx, leaseBucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return nil
	}
	return err
}

// pause waits and reports whether ctx is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
