package conn

import (
	"runtime/debug"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"presence/gateway/wire"
)

// metrics of a keeper. All label sets are closed: a client cannot grow them,
// so only closes that we decided on are counted by code.
type metrics struct {
	formats map[string]*counters
	closed  *prometheus.CounterVec
	left    prometheus.Counter
	panics  prometheus.Counter
}

// counters of one format.
type counters struct {
	sockets                  prometheus.Gauge
	frames, bytes, conflated prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, name string, formats []string) *metrics {
	auto := promauto.With(prometheus.WrapRegistererWithPrefix("presence_"+name+"_", reg))
	byFormat := []string{"format"}
	sockets := auto.NewGaugeVec(prometheus.GaugeOpts{Name: "sockets", Help: "Open WebSockets."}, byFormat)
	frames := auto.NewCounterVec(prometheus.CounterOpts{Name: "frames_total", Help: "Messages handed to sockets."}, byFormat)
	bytes := auto.NewCounterVec(prometheus.CounterOpts{Name: "bytes_total", Help: "Bytes handed to sockets."}, byFormat)
	conflated := auto.NewCounterVec(prometheus.CounterOpts{Name: "conflated_total", Help: "Messages that slow sockets did not get because newer ones replaced them."}, byFormat)
	m := &metrics{
		formats: map[string]*counters{},
		closed:  auto.NewCounterVec(prometheus.CounterOpts{Name: "closed_total", Help: "Sockets that the server closed, by reason."}, []string{"code"}),
		left:    auto.NewCounter(prometheus.CounterOpts{Name: "left_total", Help: "Sockets that the client or the network ended."}),
		panics:  auto.NewCounter(prometheus.CounterOpts{Name: "panics_total", Help: "Sockets ended by a fault of ours."}),
	}
	for _, f := range formats {
		m.formats[f] = &counters{
			sockets: sockets.WithLabelValues(f), frames: frames.WithLabelValues(f),
			bytes: bytes.WithLabelValues(f), conflated: conflated.WithLabelValues(f),
		}
	}
	return m
}

func (m *metrics) ended(cause *wire.Close) {
	if cause == nil {
		m.left.Inc()
		return
	}
	m.closed.WithLabelValues(cause.Label).Inc()
}

func stack() string { return string(debug.Stack()) }

// trimmed is a library's error text as one line of ours.
func trimmed(b []byte) string { return strings.TrimSpace(string(b)) }
