package bus

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"presence/spaces"
)

// Bus is the city's presence on NATS. Its methods may be called from any
// goroutine.
type Bus struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics

	server  *embedded // nil when NATS is a process of its own
	writing *line
	reading *line
	pub     *publisher
	reader  jetstream.JetStream

	historyThere atomic.Bool // the stream of histories was seen, and no publish has failed since

	mu     sync.Mutex // guards moving
	moving *line      // of the gateway; nil until there is one
}

// Open connects to NATS, or starts the built-in server, checks that it can do
// what we need and creates the stream. The caller owns the Bus and closes it
// after every WatchCity and Lead has returned.
//
// Errors say where NATS is, without a password, and name no setting: that is
// for whoever read it.
func Open(ctx context.Context, cfg Config) (*Bus, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	b := &Bus{cfg: cfg, log: cfg.Log.With("part", "bus"), metrics: newMetrics(cfg.Registry)}
	if err := b.open(ctx); err != nil {
		b.Close()
		return nil, cfg.explain(err)
	}
	return b, nil
}

func (b *Bus) open(ctx context.Context) error {
	if err := b.connect(ctx); err != nil {
		return err
	}
	writer, err := jetstream.New(b.writing.nc, jetstream.WithPublishAsyncMaxPending(maxUnacked), jetstream.WithPublishAsyncTimeout(ackWait))
	if err != nil {
		return err
	}
	if b.reader, err = jetstream.New(b.reading.nc); err != nil {
		return err
	}
	if err := checkServer(ctx, b.writing.nc, writer); err != nil {
		return err
	}
	info, err := cityStream.ensure(ctx, writer)
	if err != nil {
		return err
	}
	if _, err := sessionStream.ensure(ctx, writer); err != nil {
		return err
	}
	b.pub = newPublisher(writer, info, b.metrics, b.log)
	if b.server == nil {
		return nil
	}
	// The folder's lock proves that whoever held the lease is dead.
	return dropLease(ctx, writer)
}

func (b *Bus) connect(ctx context.Context) (err error) {
	if b.cfg.URL == "" {
		if b.server, err = startEmbedded(b.cfg.Dir, b.log); err != nil {
			return err
		}
	} else if err := checkURLs(b.cfg.URL); err != nil {
		return err
	}
	if b.writing, err = b.dial(ctx, "writing"); err != nil {
		return err
	}
	b.reading, err = b.dial(ctx, "reading")
	return err
}

func (b *Bus) dial(ctx context.Context, part string, more ...nats.Option) (*line, error) {
	if b.server == nil {
		return dial(ctx, b.cfg, part, b.metrics, more...)
	}
	return dial(ctx, b.cfg, part, b.metrics, append(more, nats.InProcessServer(b.server.srv))...)
}

// Close ends the connections and the built-in server and waits for both.
func (b *Bus) Close() {
	b.mu.Lock()
	moving := b.moving
	b.mu.Unlock()
	for _, l := range []*line{moving, b.reading, b.writing} {
		if l != nil {
			l.close()
		}
	}
	if b.server != nil {
		b.server.stop()
	}
}

// Ready returns nil while NATS can be reached. It asks nobody and never waits.
func (b *Bus) Ready() error {
	for _, l := range []*line{b.writing, b.reading} {
		if lost, _ := l.state(); !lost.IsZero() {
			return &spaces.Error{
				Code: spaces.CodeUnavailable, Message: "NATS cannot be reached since " + lost.UTC().Format("15:04:05 MST"),
				Err: l.nc.LastError(),
			}
		}
		if l.nc.IsClosed() {
			return &spaces.Error{Code: spaces.CodeUnavailable, Message: "the bus is closed", Err: errors.New("connection closed")}
		}
	}
	return nil
}

// ServerVersion returns the version of the NATS server last connected to.
func (b *Bus) ServerVersion() string { return b.writing.nc.ConnectedServerVersion() }
