package chat

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	events    *prometheus.CounterVec
	batch     prometheus.Histogram
	commit    prometheus.Histogram
	limited   prometheus.Counter
	swept     prometheus.Counter
	reread    prometheus.Counter
	trimmed   prometheus.Counter
	followers prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Namespace: "presence", Subsystem: "chat", Name: name, Help: help})
	}
	return &metrics{
		events: f.NewCounterVec(prometheus.CounterOpts{
			Namespace: "presence", Subsystem: "chat", Name: "events_total", Help: "Events committed by this gateway.",
		}, []string{"kind"}),
		batch: f.NewHistogram(prometheus.HistogramOpts{
			Namespace: "presence", Subsystem: "chat", Name: "batch_size", Help: "Writes committed together.",
			Buckets: []float64{1, 2, 4, 8, 16, 32, 64},
		}),
		commit: f.NewHistogram(prometheus.HistogramOpts{
			Namespace: "presence", Subsystem: "chat", Name: "commit_seconds", Help: "Time of one transaction.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
		}),
		limited:   counter("rate_limited_total", "Writes refused because somebody wrote too fast."),
		swept:     counter("swept_total", "Events published from the outbox after the first attempt failed."),
		reread:    counter("log_reads_total", "Times a follower read the database because an event was missing."),
		trimmed:   counter("trimmed_total", "Rows removed by retention."),
		followers: f.NewGauge(prometheus.GaugeOpts{Namespace: "presence", Subsystem: "chat", Name: "followers", Help: "Spaces whose chat is followed."}),
	}
}
