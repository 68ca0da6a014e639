package links

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics have closed label sets: origins, outcomes and the fields of a room.
type metrics struct {
	reads  *prometheus.CounterVec
	links  *prometheus.GaugeVec
	faults *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	with := promauto.With(reg)
	return &metrics{
		reads: with.NewCounterVec(prometheus.CounterOpts{
			Name: "presence_links_reads_total",
			Help: "Readings of a source of links by outcome: ok, empty or failed. An unchanged file is not counted.",
		}, []string{"origin", "outcome"}),
		links: with.NewGaugeVec(prometheus.GaugeOpts{
			Name: "presence_links_read",
			Help: "Links in the last good reading of a source.",
		}, []string{"origin"}),
		faults: with.NewCounterVec(prometheus.CounterOpts{
			Name: "presence_links_faults_total",
			Help: "Rooms of a pull that were dropped, or colours left out, by the field that breaks a rule.",
		}, []string{"field"}),
	}
}
