package bus

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	connections prometheus.Gauge
	reconnects  prometheus.Counter
	errors      prometheus.Counter
	published   prometheus.Counter
	refused     prometheus.Counter
	restores    prometheus.Counter
	malformed   prometheus.Counter
	outdated    prometheus.Counter
	rebuilds    prometheus.Counter
	leading     prometheus.Gauge

	ownSessions prometheus.Gauge
	sessions    *prometheus.GaugeVec // by what is known of their gateway
	gateways    *prometheus.GaugeVec
	sent        prometheus.Counter
	dropped     prometheus.Counter
}

// What a watch of sessions knows about a gateway: the values of the label
// "gateway".
const (
	gatewayAlive    = "alive"
	gatewayDoubtful = "doubtful" // not heard since an outage; its last sessions are kept for a moment
)

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Namespace: "presence", Subsystem: "bus", Name: name, Help: help})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return f.NewGauge(prometheus.GaugeOpts{Namespace: "presence", Subsystem: "bus", Name: name, Help: help})
	}
	vec := func(name, help string) *prometheus.GaugeVec {
		return f.NewGaugeVec(prometheus.GaugeOpts{Namespace: "presence", Subsystem: "bus", Name: name, Help: help}, []string{"gateway"})
	}
	return &metrics{
		connections: gauge("connections", "Connections to NATS that are up (two when all is well, three for a gateway)."),
		reconnects:  counter("reconnects_total", "Connections to NATS that came back after a loss."),
		errors:      counter("errors_total", "Errors the NATS client reported outside any call."),
		published:   counter("published_total", "Messages the stream acknowledged."),
		refused:     counter("publish_failures_total", "Messages the stream did not acknowledge."),
		restores:    counter("stream_restores_total", "Times a vanished stream was filled again from memory."),
		malformed:   counter("malformed_total", "Messages dropped because their payload breaks the contract."),
		outdated:    counter("outdated_total", "Messages dropped because a deposed aggregator sent them."),
		rebuilds:    counter("consumer_rebuilds_total", "Consumers opened again after continuity was in doubt."),
		leading:     gauge("leading", "1 while this process holds the aggregator's lease."),

		ownSessions: gauge("own_sessions", "Sessions inside spaces that this gateway keeps on the bus."),
		sessions:    vec("sessions", "Sessions inside spaces of all gateways, by what is known of their gateway."),
		gateways:    vec("gateways", "Gateways on the bus, by what is known of them."),
		sent:        counter("space_sent_total", "Messages about spaces sent to other gateways."),
		dropped:     counter("space_dropped_total", "Messages about spaces dropped because NATS was away or too slow."),
	}
}
