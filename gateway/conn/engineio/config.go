package engineio

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"presence/gateway/conn"
)

// Config is what a [Server] needs to know. Zero values mean the defaults said
// here.
type Config struct {
	// Name tells one server's metrics from another's on the same registry;
	// "engineio".
	Name string

	PingInterval   time.Duration // 25 s
	PingTimeout    time.Duration // a ping unanswered for so long ends the session; 20 s
	UpgradeTimeout time.Duration // from the WebSocket's handshake to the end of the upgrade; 10 s
	WriteWait      time.Duration // a client that does not take one batch in this time is too slow; 10 s
	MaxPayload     int           // bytes of one message, or of one POST; 1,000,000

	// ConnectTimeout ends a session that is not [Session.Established] in time.
	// Zero: sessions need not be.
	ConnectTimeout time.Duration
	MaxSessions    int // more are refused; 100,000
	MaxPending     int // more sessions that are not established are refused; 5,000

	MaxQueue          int // bytes of [Session.Send] that may wait for one client; 8 MB
	MessagesPerSecond int // a client may send in the long run, and five times as many at once; 1,000
	BytesPerSecond    int // the same for bytes, one MaxPayload more at once; 1 MB

	// Origins are the web origins whose pages may connect besides those of the
	// host itself: one list for polling (CORS) and for WebSockets.
	Origins conn.Origins

	Log      *slog.Logger          // nil: nothing is logged
	Registry prometheus.Registerer // nil: nothing is counted
}

func (c *Config) setDefaults() {
	defaultTo(&c.Name, "engineio")
	defaultTo(&c.PingInterval, 25*time.Second)
	defaultTo(&c.PingTimeout, 20*time.Second)
	defaultTo(&c.UpgradeTimeout, 10*time.Second)
	defaultTo(&c.WriteWait, 10*time.Second)
	defaultTo(&c.MaxPayload, 1_000_000)
	defaultTo(&c.MaxSessions, 100_000)
	defaultTo(&c.MaxPending, 5_000)
	defaultTo(&c.MaxQueue, 8<<20)
	defaultTo(&c.MessagesPerSecond, 1_000)
	defaultTo(&c.BytesPerSecond, 1<<20)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

func defaultTo[T comparable](v *T, fallback T) {
	var zero T
	if *v == zero {
		*v = fallback
	}
}
