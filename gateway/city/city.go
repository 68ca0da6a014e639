package city

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"presence/gateway/conn"
	"presence/gateway/wire"
	"presence/spaces"
	"presence/spaces/bus"
)

// Authenticator proves who looks at the city. All methods are called from many
// goroutines; errors are [spaces.Error]s. A zero time means never.
type Authenticator interface {
	// FromRequest demands a good credential and returns when it ends.
	FromRequest(r *http.Request) (spaces.Viewer, time.Time, error)
	// Anyone takes a request without a credential for the zero Viewer; a bad
	// credential is still an error.
	Anyone(r *http.Request) (spaces.Viewer, time.Time, error)
	// Current returns the viewer with the rights they have now, and false once
	// their login was revoked. It is asked about every socket every second.
	Current(v spaces.Viewer) (current spaces.Viewer, ok bool)
}

// Config is what a [City] needs to know. Zero durations mean the defaults said
// here.
type Config struct {
	Auth    Authenticator
	Origins []string // as in [conn.Config]

	Tick      time.Duration // the least time between two passes over the sockets; 20 ms
	StatusTTL time.Duration // numbers are stale without a heartbeat for this long; 30 s
	RoomTTL   time.Duration // numbers stale for this long are unknown; 5 min

	WriteWait time.Duration // as in [conn.Config], and for event streams
	PingEvery time.Duration // as in [conn.Config]
	PongWait  time.Duration // as in [conn.Config]
	KeepAlive time.Duration // silence after which an event stream gets a comment; 15 s

	MaxSockets int // as in [conn.Config]
	MaxStreams int // event streams beyond these are refused; 10,000: each costs a goroutine with its stack and net/http's buffers

	Now func() time.Time // time.Now when nil
}

// The time between two passes trades delay against CPU: a write costs 4 to 8 µs
// of kernel time whether it carries one room or ten. So it grows with what a
// pass costs: passes take at most a twelfth of one core's time (1,000 sockets:
// about 60 ms apart, three rooms to a write at 50 changes a second), unless
// changes would wait longer than four ticks. After a quiet time the first
// change is not delayed at all.
const (
	tick     = 20 * time.Millisecond
	restPart = 12
	maxTicks = 4
)

// City is the live city: the table of what the bus tells and everybody who
// watches it. See the package comment for how it works.
type City struct {
	cfg     Config
	auth    Authenticator
	log     *slog.Logger
	now     func() time.Time
	metrics *metrics
	keeper  *conn.Keeper
	news    chan struct{} // there is something for a pass; never more than one
	stopped chan struct{} // closed when Run ends; lets event streams go

	mu          sync.Mutex
	inbox       []func(*table, time.Time) // what the bus told since the last pass
	table       table
	initialized bool // the bus has told the whole city at least once
	streams     map[streamKey]*stream
	moved       []*conn.Socket // whose rights changed since the last pass
	passed      chan struct{}  // closed by the next pass

	scratch []*conn.Socket // of the pass; Run's

	updates   updates      // encoded for event streams; has its own lock
	listeners atomic.Int64 // open event streams
}

var _ bus.CityWatcher = (*City)(nil)

// New checks the settings. Nothing is started; until the bus has called
// CityReset, everybody is told to come back later.
func New(cfg Config, log *slog.Logger, reg prometheus.Registerer) (*City, error) {
	if cfg.Auth == nil {
		return nil, errors.New("city: an Authenticator is needed")
	}
	defaultTo(&cfg.Tick, tick)
	defaultTo(&cfg.StatusTTL, 30*time.Second)
	defaultTo(&cfg.RoomTTL, 5*time.Minute)
	defaultTo(&cfg.WriteWait, 10*time.Second)
	defaultTo(&cfg.KeepAlive, 15*time.Second)
	if cfg.MaxStreams == 0 {
		cfg.MaxStreams = 10_000
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	c := &City{
		cfg: cfg, auth: cfg.Auth, log: log, now: cfg.Now, metrics: newMetrics(reg),
		news: make(chan struct{}, 1), stopped: make(chan struct{}),
		table:   *newTable(lifetimes{status: cfg.StatusTTL, room: cfg.RoomTTL}),
		streams: map[streamKey]*stream{}, passed: make(chan struct{}),
	}
	keeper, err := conn.New(conn.Config{
		Name: "city", Formats: []string{wire.FormatV1.String(), wire.FormatV2.String()}, Origins: cfg.Origins,
		WriteWait: cfg.WriteWait, PingEvery: cfg.PingEvery, PongWait: cfg.PongWait, MaxSockets: cfg.MaxSockets,
		Log: log, Registry: reg,
	}, feed{c})
	if err != nil {
		return nil, err
	}
	c.keeper = keeper
	return c, nil
}

func defaultTo(d *time.Duration, fallback time.Duration) {
	if *d == 0 {
		*d = fallback
	}
}

// Run serves sockets and event streams until ctx ends; then every socket is
// told "going away", and no goroutine of the city is left when Run returns.
func (c *City) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return c.keeper.Run(ctx) })
	group.Go(func() error { return c.fanOut(ctx) })
	err := group.Wait()
	close(c.stopped)
	return err
}

// fanOut makes a pass when something changed, and then rests for a while: what
// changes meanwhile is told together by the next one.
func (c *City) fanOut(ctx context.Context) error {
	rest := time.NewTimer(0)
	defer rest.Stop()
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		select {
		case <-c.news:
			rest.Reset(c.restAfter(c.pass()))
			select {
			case <-rest.C:
			case <-ctx.Done():
				return nil
			}
		case <-look.C: // numbers grow old by time alone
			c.pass()
		case <-ctx.Done():
			return nil
		}
	}
}

// restAfter is how long to wait after a pass of the given length.
func (c *City) restAfter(pass time.Duration) time.Duration {
	return min(max(restPart*pass, c.cfg.Tick), maxTicks*c.cfg.Tick)
}

// Ready says whether the city is known; until then nobody is served.
func (c *City) Ready() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.initialized {
		return &spaces.Error{
			Code: spaces.CodeUnavailable, Message: "the city is not known yet",
			Fix: "Try again in a moment",
		}
	}
	return nil
}

// Subscribers is how many clients watch now: sockets and event streams.
func (c *City) Subscribers() int { return c.keeper.Sockets() + int(c.listeners.Load()) }

// CityReset takes over the whole city. Called by the bus.
func (c *City) CityReset(state bus.CityState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.initialized { // nobody is being told anything yet
		c.table.reset(c.now(), state)
		c.initialized = true
		return
	}
	c.deliver(func(t *table, now time.Time) { t.reset(now, state) })
}

// CityChanged takes over changes. Called by the bus.
func (c *City) CityChanged(changes []bus.CityChange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deliver(func(t *table, now time.Time) { t.apply(now, changes) })
}

// CityBlind notes that the bus is away: from since on, the numbers are old.
// Called by the bus.
func (c *City) CityBlind(since time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.initialized { // the first CityReset does not wait for a pass either
		c.table.fresh.blind = since
		return
	}
	c.deliver(func(t *table, _ time.Time) { t.fresh.blind = since })
}

// deliver leaves something for the next pass. Called with mu held.
func (c *City) deliver(apply func(*table, time.Time)) {
	c.inbox = append(c.inbox, apply)
	c.wake()
}
