package city

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"presence/gateway/wire"
)

type metrics struct {
	snapshots   prometheus.Counter
	overwritten prometheus.Counter
	malformed   prometheus.Counter
	unknown     prometheus.Counter
	latency     prometheus.Histogram
	passes      prometheus.Histogram
	streams     prometheus.Gauge
	events      prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	auto := promauto.With(prometheus.WrapRegistererWithPrefix("presence_city_", reg))
	bad := auto.NewCounterVec(prometheus.CounterOpts{Name: "bad_input_total", Help: "Messages of clients that were not understood, by fault."}, []string{"kind"})
	return &metrics{
		snapshots:   auto.NewCounter(prometheus.CounterOpts{Name: "snapshots_total", Help: "Whole cities sent to new sockets."}),
		overwritten: auto.NewCounter(prometheus.CounterOpts{Name: "overwritten_total", Help: "Changes of a room that a newer one replaced before any socket was told."}),
		malformed:   bad.WithLabelValues(wire.ErrMalformed.Error()),
		unknown:     bad.WithLabelValues(wire.ErrUnknown.Error()),
		latency: auto.NewHistogram(prometheus.HistogramOpts{
			Name: "matrix_to_socket_seconds", Help: "From the arrival of a sync response to the last socket that was told.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
		passes: auto.NewHistogram(prometheus.HistogramOpts{
			Name: "pass_seconds", Help: "How long one pass over all sockets took.",
			Buckets: []float64{.0001, .0005, .001, .005, .01, .025, .05, .1, .25, .5, 1},
		}),
		streams: auto.NewGauge(prometheus.GaugeOpts{Name: "event_streams", Help: "Open event streams (SSE)."}),
		events:  auto.NewCounter(prometheus.CounterOpts{Name: "events_total", Help: "Events written to event streams (SSE)."}),
	}
}

func (m *metrics) bad(err error) {
	if errors.Is(err, wire.ErrUnknown) {
		m.unknown.Inc()
		return
	}
	m.malformed.Inc()
}
