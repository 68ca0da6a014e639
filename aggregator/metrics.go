package aggregator

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"presence/aggregator/matrix"
)

type metrics struct {
	linked        prometheus.Gauge
	joined        prometheus.Gauge
	lastSync      prometheus.Gauge
	batches       prometheus.Counter
	bytes         prometheus.Counter
	initialSyncs  prometheus.Counter
	syncErrors    prometheus.Counter
	applySeconds  prometheus.Histogram
	corrections   prometheus.Counter
	published     prometheus.Counter
	suppressed    prometheus.Counter
	publishErrors prometheus.Counter
	saveErrors    prometheus.Counter
	joins         prometheus.Counter
	joinErrors    prometheus.Counter
	visits        prometheus.Gauge
	dropped       *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Namespace: "presence", Subsystem: "aggregator", Name: name, Help: help})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return f.NewGauge(prometheus.GaugeOpts{Namespace: "presence", Subsystem: "aggregator", Name: name, Help: help})
	}
	return &metrics{
		linked:   gauge("rooms_linked", "Linked rooms. More than rooms_joined for long: the daemon was kicked, or needs an invitation."),
		joined:   gauge("rooms_joined", "Linked rooms the daemon is in."),
		lastSync: gauge("last_sync_timestamp_seconds", "When the last /sync response was applied; now minus this is the sync lag."),
		applySeconds: f.NewHistogram(prometheus.HistogramOpts{
			Namespace: "presence", Subsystem: "aggregator", Name: "apply_seconds",
			Help: "Time to put a decoded /sync response into the tables.", Buckets: prometheus.ExponentialBuckets(1e-5, 4, 9),
		}),
		batches:       counter("batches_total", "Responses of /sync applied."),
		bytes:         counter("sync_bytes_total", "Bytes of /sync responses."),
		initialSyncs:  counter("initial_syncs_total", "Responses of /sync that began afresh."),
		syncErrors:    counter("sync_errors_total", "Polls that failed."),
		corrections:   counter("corrections_total", "Members that reconciliation found wrong in our tables."),
		published:     counter("published_total", "Values published."),
		suppressed:    counter("suppressed_total", "Values not published because they equal the last published ones."),
		publishErrors: counter("publish_errors_total", "Publishes that failed and will be tried again."),
		saveErrors:    counter("save_errors_total", "Saves of the sync position that failed and will be tried again."),
		joins:         counter("joins_total", "Rooms joined."),
		visits:        gauge("visits", "People in the spaces of linked rooms, once for each room."),
		joinErrors:    counter("join_errors_total", "Joins that failed and will be tried again."),
		dropped: f.NewCounterVec(prometheus.CounterOpts{
			Namespace: "presence", Subsystem: "aggregator", Name: "dropped_total",
			Help: "Parts of /sync responses that could not be understood, by section.",
		}, []string{"section"}),
	}
}

func (m *metrics) response(r *matrix.Response) {
	m.batches.Inc()
	m.bytes.Add(float64(r.Bytes))
	m.lastSync.Set(float64(r.Batch.At.UnixMilli()) / 1e3)
	if r.Batch.Initial {
		m.initialSyncs.Inc()
	}
	for section, n := range map[string]int{
		"rooms": r.Dropped.Rooms, "events": r.Dropped.Events, "presence": r.Dropped.Presence, "ephemeral": r.Dropped.Ephemeral,
	} {
		if n > 0 {
			m.dropped.WithLabelValues(section).Add(float64(n))
		}
	}
}
