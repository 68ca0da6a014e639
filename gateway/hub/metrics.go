package hub

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"presence/spaces"
)

// metrics of the spaces. All label sets are closed: no client can grow them.
type metrics struct {
	spaces, waiting  prometheus.Gauge
	doors            map[spaces.Door]prometheus.Gauge
	ticks            prometheus.Histogram
	posesIn          prometheus.Counter
	posesOut         prometheus.Counter
	conflated, bytes prometheus.Counter
	refusals         *prometheus.CounterVec
	kicked, panics   prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	auto := promauto.With(prometheus.WrapRegistererWithPrefix("presence_hub_", reg))
	members := auto.NewGaugeVec(prometheus.GaugeOpts{Name: "members", Help: "Clients of this gateway that are inside a space, by door."}, []string{"door"})
	m := &metrics{
		spaces:  auto.NewGauge(prometheus.GaugeOpts{Name: "spaces", Help: "Spaces with somebody inside or in line."}),
		waiting: auto.NewGauge(prometheus.GaugeOpts{Name: "waiting", Help: "Clients of this gateway that wait for a seat."}),
		doors:   map[spaces.Door]prometheus.Gauge{},
		ticks: auto.NewHistogram(prometheus.HistogramOpts{
			Name: "tick_seconds", Help: "How long telling everybody in one space took.",
			Buckets: []float64{.0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25},
		}),
		posesIn:   auto.NewCounter(prometheus.CounterOpts{Name: "poses_in_total", Help: "Newest places that ticks took over; what a client sent in between was overwritten."}),
		posesOut:  auto.NewCounter(prometheus.CounterOpts{Name: "poses_out_total", Help: "Places that clients were told."}),
		conflated: auto.NewCounter(prometheus.CounterOpts{Name: "conflated_total", Help: "Ticks that a client missed because it had not taken the one before."}),
		bytes:     auto.NewCounter(prometheus.CounterOpts{Name: "bytes_total", Help: "Bytes handed to clients."}),
		refusals:  auto.NewCounterVec(prometheus.CounterOpts{Name: "refused_total", Help: "What clients wanted to do and may not, by kind of rule."}, []string{"code"}),
		kicked:    auto.NewCounter(prometheus.CounterOpts{Name: "put_out_total", Help: "Stays that ended because the client may not be inside any more."}),
		panics:    auto.NewCounter(prometheus.CounterOpts{Name: "panics_total", Help: "Spaces ended by a fault of ours."}),
	}
	for _, d := range []spaces.Door{spaces.DoorNative, spaces.DoorSocketIO, spaces.DoorRaw, spaces.DoorNAF} {
		m.doors[d] = members.WithLabelValues(string(d))
	}
	return m
}

func (m *metrics) door(d spaces.Door) prometheus.Gauge { return m.doors[d] }

func (m *metrics) refuse(err error) { m.refusals.WithLabelValues(string(spaces.ErrorCode(err))).Inc() }

func (m *metrics) ticked(took time.Duration, c *counted) {
	m.ticks.Observe(took.Seconds())
	m.posesIn.Add(float64(c.in))
	m.posesOut.Add(float64(c.out))
	m.conflated.Add(float64(c.conflated))
	m.bytes.Add(float64(c.bytes))
	*c = counted{}
}
