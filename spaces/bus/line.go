package bus

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"presence/spaces"
)

const (
	dialTimeout  = 5 * time.Second
	pingInterval = 5 * time.Second // two unanswered pings are a lost connection
	minRedial    = 50 * time.Millisecond
	maxRedial    = 5 * time.Second
)

// line is one NATS connection and what is known about its health. Publishing
// and watching have one each, so that a burst of reading never delays an
// acknowledgement.
type line struct {
	nc     *nats.Conn
	closed chan struct{} // closed by the client after its last callback

	mu      sync.Mutex // guards what follows; the client's callbacks write it
	since   time.Time  // when the connection was lost; zero while it is up
	changed chan struct{}
	up      context.Context // of the connection, not of a call: ends when it is lost
	down    context.CancelCauseFunc
}

var errDisconnected = errors.New("the connection to NATS is lost")

// dial connects to URLs that checkURLs has passed, unless an option of more
// names a server.
func dial(ctx context.Context, cfg Config, part string, m *metrics, more ...nats.Option) (*line, error) {
	l := &line{closed: make(chan struct{}), changed: make(chan struct{})}
	l.up, l.down = context.WithCancelCause(context.Background())
	log := cfg.Log.With("connection", part)
	opts := append(l.handlers(log, m),
		nats.Name(cfg.Name+" "+part),
		nats.NoEcho(),
		nats.Timeout(dialBudget(ctx)),
		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(2),
		nats.MaxReconnects(-1),
		nats.CustomReconnectDelay(redialDelay),
		// A publish that waited out an outage in a buffer is old news, and its
		// sender may have been deposed meanwhile: fail it at once instead.
		nats.ReconnectBufSize(-1),
	)
	nc, err := nats.Connect(cfg.URL, append(opts, more...)...)
	if err != nil {
		return nil, &spaces.Error{
			Code:    spaces.CodeUnavailable,
			Message: "cannot connect to NATS at " + hosts(cfg.URL),
			Fix:     "start nats-server with JetStream (-js), or leave NATS_URL empty for the built-in one", Err: err,
		}
	}
	l.nc = nc
	m.connections.Inc()
	return l, nil
}

func (l *line) handlers(log *slog.Logger, m *metrics) []nats.Option {
	return []nats.Option{
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			m.errors.Inc()
			log.Warn("NATS reported an error", "err", err)
		}),
		nats.DisconnectErrHandler(func(nc *nats.Conn, err error) {
			m.connections.Dec()
			if nc.IsClosed() {
				return
			}
			l.mark(time.Now())
			log.Warn("NATS connection lost", "err", err)
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			m.connections.Inc()
			m.reconnects.Inc()
			l.mark(time.Time{})
			log.Info("NATS connection is back")
		}),
		nats.ClosedHandler(func(*nats.Conn) { close(l.closed) }),
	}
}

func (l *line) mark(lost time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since = lost
	close(l.changed)
	l.changed = make(chan struct{})
	l.down(errDisconnected)
	if lost.IsZero() {
		l.up, l.down = context.WithCancelCause(context.Background())
	}
}

// whileUp returns a context that ends with ctx or, with errDisconnected as its
// cause, when the connection is lost.
func (l *line) whileUp(ctx context.Context) (context.Context, context.CancelFunc) {
	l.mu.Lock()
	up := l.up
	l.mu.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(up, func() { cancel(context.Cause(up)) })
	return ctx, func() { stop(); cancel(nil) }
}

// state returns when the connection was lost (zero while it is up) and a
// channel that closes at the next loss or return.
func (l *line) state() (lost time.Time, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.since, l.changed
}

// close ends the connection and waits for the client's last callback: a server
// stopped before that would be complained about as a lost connection.
func (l *line) close() {
	l.nc.Close()
	<-l.closed
}

func dialBudget(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return dialTimeout
	}
	return max(time.Millisecond, min(dialTimeout, time.Until(deadline)))
}

func redialDelay(attempts int) time.Duration {
	return min(maxRedial, minRedial<<min(attempts, 10))
}

// checkURLs refuses what the client could not parse without repeating it: a
// parse error quotes the text, and the text may hold a password.
func checkURLs(urls string) error {
	for one := range strings.SplitSeq(urls, ",") {
		one = strings.TrimSpace(one)
		if !strings.Contains(one, "://") {
			one = "nats://" + one // the client accepts bare host:port as well
		}
		if u, err := url.Parse(one); err != nil || u.Host == "" {
			return &spaces.Error{
				Code:    spaces.CodeInvalid,
				Message: "this is no NATS URL",
				Fix:     "write nats://host:4222, with special characters of a password percent-encoded",
			}
		}
	}
	return nil
}

// hosts names the last server of a URL list. Everything before the last @ may
// be part of a credential and is left out.
func hosts(urls string) string {
	safe := urls[strings.LastIndexByte(urls, '@')+1:]
	return strings.TrimPrefix(strings.TrimPrefix(safe, "nats://"), "tls://")
}
