package links

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"presence/spaces/store"
)

const (
	// defaultEvery is how often the original aggregator asked.
	defaultEvery = 5 * time.Minute
	// firstRetry comes after a failure; each further one waits twice as long,
	// up to Every. A city service that starts after us is heard in seconds.
	firstRetry = 2 * time.Second
	// fileEvery is how soon a saved file shows in the city. The file is read
	// and compared whole: times and sizes miss a quick second save.
	fileEvery = time.Second
)

// Config says where links come from. An origin that is left empty is not
// followed, and its links from an earlier run are dropped from the store.
type Config struct {
	File string // YAML file
	URL  string // city service, the address before /internal/city/rooms
	Key  string // sent to the city service as X-Internal-API-Key; may be empty

	Every     time.Duration     // between two pulls; zero means 5 minutes
	Transport http.RoundTripper // for pulls; nil means one like http.DefaultTransport
}

// Poller copies links from their sources into the store.
type Poller struct {
	store   *store.Store
	log     *slog.Logger
	metrics *metrics
	sources []*source
	unused  []string // origins without a source
}

// New reads the file once and checks it, so that a mistake in it stops the
// start instead of an empty city. It asks nobody and starts nothing.
func New(cfg Config, s *store.Store, log *slog.Logger, reg prometheus.Registerer) (*Poller, error) {
	p := &Poller{store: s, log: log.With("part", "links"), metrics: newMetrics(reg)}
	if cfg.File == "" {
		p.unused = append(p.unused, store.OriginYAML)
	} else {
		if _, err := ReadFile(cfg.File); err != nil {
			return nil, err
		}
		p.sources = append(p.sources, &source{origin: store.OriginYAML, every: fileEvery, read: fileReader(cfg.File)})
	}
	if cfg.URL == "" {
		p.unused = append(p.unused, store.OriginHTTP)
		return p, nil
	}
	service, err := newCityService(cfg.URL, cfg.Key, cfg.Transport)
	if err != nil {
		return nil, err
	}
	p.sources = append(p.sources, &source{origin: store.OriginHTTP, every: cmp.Or(cfg.Every, defaultEvery), read: pullReader(service)})
	return p, nil
}

// Run follows the sources until ctx ends, and returns nil then.
func (p *Poller) Run(ctx context.Context) error {
	var running sync.WaitGroup
	for _, src := range p.sources {
		running.Go(func() { p.follow(ctx, src) })
	}
	for _, origin := range p.unused {
		running.Go(func() { p.drop(ctx, origin) })
	}
	running.Wait()
	<-ctx.Done()
	return nil
}

// follow reads src, at once and then every so often, until ctx ends.
func (p *Poller) follow(ctx context.Context, src *source) {
	shortest := min(firstRetry, src.every)
	for retry := shortest; ; {
		pause := src.every
		if err := p.round(ctx, src); err != nil {
			pause, retry = retry, min(2*retry, src.every)
		} else {
			retry = shortest
		}
		if !sleep(ctx, pause) {
			return
		}
	}
}

// drop forgets the links of an origin that is not configured any more; until
// the store has done so it tries again.
func (p *Poller) drop(ctx context.Context, origin string) {
	for pause := firstRetry; ; pause = min(2*pause, defaultEvery) {
		dropped, err := p.store.DropOrigin(ctx, origin)
		if dropped > 0 {
			p.log.WarnContext(ctx, "dropped the links of a source that is not configured any more", "origin", origin, "links", dropped)
		}
		if err == nil || !sleep(ctx, pause) {
			return
		}
		p.log.WarnContext(ctx, "cannot drop the links of a source that is not configured any more", "origin", origin, "error", err)
	}
}

func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
