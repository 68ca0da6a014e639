package city

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
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
	// Current returns what the viewer may see now, false when their right to
	// listen was taken away. It is asked about every socket every second.
	Current(v spaces.Viewer) (spaces.Viewer, bool)
}

// Config is what a [City] needs to know. Zero durations mean the defaults said
// here.
type Config struct {
	Auth    Authenticator
	Origins []string // as in [conn.Config]

	Tick      time.Duration // the least time between two passes over the sockets; 40 ms
	StatusTTL time.Duration // numbers are stale without a heartbeat for this long; 30 s
	RoomTTL   time.Duration // numbers stale for this long are unknown; 5 min

	WriteWait time.Duration // as in [conn.Config], and for event streams
	PingEvery time.Duration // as in [conn.Config]
	PongWait  time.Duration // as in [conn.Config]
	KeepAlive time.Duration // silence after which an event stream gets a comment; 15 s

	Now func() time.Time // time.Now when nil
}

// tick trades delay against CPU: a write costs about 4 µs whether it carries one
// room or ten, so at 50 changes a second 40 ms halve the cost of an update.
// After a quiet time the first change is not delayed at all.
const tick = 40 * time.Millisecond

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
	table       table
	initialized bool // the bus has told the whole city at least once
	streams     map[streamKey]*stream
	moved       []*conn.Socket // whose rights changed since the last pass
	passed      chan struct{}  // closed by the next pass

	updates updates // encoded for event streams; has its own lock
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
		WriteWait: cfg.WriteWait, PingEvery: cfg.PingEvery, PongWait: cfg.PongWait,
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

// fanOut makes a pass for every change, at most one per tick: the first change
// after a quiet time is told at once, and those within a tick of it together.
func (c *City) fanOut(ctx context.Context) error {
	pause := time.NewTimer(c.cfg.Tick)
	defer pause.Stop()
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		select {
		case <-c.news:
			pause.Reset(c.cfg.Tick)
			c.pass()
			select {
			case <-pause.C:
			case <-ctx.Done():
				return nil
			}
		case <-look.C:
			c.refresh()
		case <-ctx.Done():
			return nil
		}
	}
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

// CityReset takes over the whole city. Called by the bus.
func (c *City) CityReset(state bus.CityState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.table.reset(c.now(), state)
	if !c.initialized {
		c.initialized = true
		c.table.passed = c.table.seq
	}
	c.wake()
}

// CityChanged takes over changes. Called by the bus.
func (c *City) CityChanged(changes []bus.CityChange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.table.apply(c.now(), changes)
	c.wake()
}

// CityBlind notes that the bus is away: from since on, the numbers are old.
// Called by the bus.
func (c *City) CityBlind(since time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.table.fresh.blind = since
	c.table.refresh(c.now())
	c.wake()
}

// refresh finds what became stale or unknown by time alone.
func (c *City) refresh() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.initialized {
		return
	}
	before := c.table.seq
	c.table.refresh(c.now())
	if c.table.seq != before {
		c.wake()
	}
}
