package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"presence/spaces"
)

// Config says where NATS is and how long values live there.
type Config struct {
	URL  string // nats:// or tls://, several separated by commas; empty starts a server inside the process
	Dir  string // folder of the embedded server's files; needed when URL is empty
	Name string // shown in the server's connection list and in the lease

	RoomTTL   time.Duration // rooms, people and city totals; 5 min when zero
	StatusTTL time.Duration // the aggregator's heartbeat; 30 s when zero
	LeaseTTL  time.Duration // how long a silent leader keeps the lease; 10 s when zero
	// GatewayTTL is how long a gateway may be silent before it is dead; 5 s when
	// zero. It gives a sign of life every second, and at least five within it.
	GatewayTTL time.Duration

	Log      *slog.Logger          // nil discards
	Registry prometheus.Registerer // nil keeps the metrics to ourselves
}

// minTTL is NATS's: message lifetimes are whole seconds.
const minTTL = time.Second

func (c Config) withDefaults() Config {
	if c.Name == "" {
		c.Name = "presence"
	}
	if c.RoomTTL == 0 {
		c.RoomTTL = 5 * time.Minute
	}
	if c.StatusTTL == 0 {
		c.StatusTTL = 30 * time.Second
	}
	if c.LeaseTTL == 0 {
		c.LeaseTTL = 10 * time.Second
	}
	if c.GatewayTTL == 0 {
		c.GatewayTTL = 5 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func (c Config) check() error {
	if c.URL == "" && c.Dir == "" {
		return spaces.Invalid("", "give a NATS URL, or a data folder for the built-in server")
	}
	for _, ttl := range []struct {
		name string
		d    time.Duration
	}{{"RoomTTL", c.RoomTTL}, {"StatusTTL", c.StatusTTL}, {"LeaseTTL", c.LeaseTTL}, {"GatewayTTL", c.GatewayTTL}} {
		if ttl.d < minTTL {
			return spaces.Invalid(ttl.name, "must be at least %s, got %s", minTTL, ttl.d)
		}
	}
	return nil
}

// explain adds where NATS is to an error that does not say it.
func (c Config) explain(err error) error {
	if _, ok := errors.AsType[*spaces.Error](err); ok {
		return err
	}
	if c.URL == "" {
		return fmt.Errorf("the built-in NATS server in %s: %w", c.Dir, err)
	}
	return fmt.Errorf("the NATS server at %s: %w", hosts(c.URL), err)
}
