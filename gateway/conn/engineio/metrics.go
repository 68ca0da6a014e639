package engineio

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics of a server. All label sets are closed: a client cannot grow them.
type metrics struct {
	sessions map[string]prometheus.Gauge // by transport
	upgraded prometheus.Counter
	failed   prometheus.Counter
	refused  prometheus.Counter
	closed   *prometheus.CounterVec
	received prometheus.Counter
	sent     prometheus.Counter
	dropped  prometheus.Counter
	panics   prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, name string) *metrics {
	auto := promauto.With(prometheus.WrapRegistererWithPrefix("presence_"+name+"_", reg))
	counter := func(name, help string) prometheus.Counter {
		return auto.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	sessions := auto.NewGaugeVec(prometheus.GaugeOpts{Name: "sessions", Help: "Open sessions, by transport."}, []string{"transport"})
	upgrades := auto.NewCounterVec(prometheus.CounterOpts{Name: "upgrades_total", Help: "Upgrades from polling to a WebSocket, by result."}, []string{"result"})
	packets := auto.NewCounterVec(prometheus.CounterOpts{Name: "packets_total", Help: "Messages received, and frames handed to clients."}, []string{"direction"})
	return &metrics{
		sessions: map[string]prometheus.Gauge{polling: sessions.WithLabelValues(polling), websocket: sessions.WithLabelValues(websocket)},
		upgraded: upgrades.WithLabelValues("done"), failed: upgrades.WithLabelValues("failed"),
		received: packets.WithLabelValues("in"), sent: packets.WithLabelValues("out"),
		closed:  auto.NewCounterVec(prometheus.CounterOpts{Name: "closed_total", Help: "Sessions that ended, by reason."}, []string{"reason"}),
		refused: counter("refused_total", "Handshakes refused because the server was full."),
		dropped: counter("dropped_total", "Frames that clients no longer got because they read too slowly."),
		panics:  counter("panics_total", "Sessions ended by a fault of ours."),
	}
}

func (m *metrics) ended(transport, reason string) {
	m.sessions[transport].Dec()
	m.closed.WithLabelValues(reason).Inc()
}
