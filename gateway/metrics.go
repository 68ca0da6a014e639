package gateway

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"presence/gateway/wire"
)

type metrics struct {
	requests *prometheus.CounterVec
	panics   prometheus.Counter
	open     prometheus.Gauge
	unplaced prometheus.Counter

	guestsLimited, ticketsLimited, loginsLimited, spacesLimited prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	auto := promauto.With(reg)
	return &metrics{
		requests: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "presence_http_requests_total", Help: "Answered requests by route and class of status.",
		}, []string{"route", "code"}),
		panics: auto.NewCounter(prometheus.CounterOpts{
			Name: "presence_http_panics_total", Help: "Requests ended by a fault of ours.",
		}),
		open: auto.NewGauge(prometheus.GaugeOpts{
			Name: "presence_connections", Help: "Connections of clients, and sockets, streams and sessions that live on them.",
		}),
		unplaced: auto.NewCounter(prometheus.CounterOpts{
			Name: "presence_connections_refused_total", Help: "Connections, sockets and streams refused because of too many, in all or from one address.",
		}),
		guestsLimited: auto.NewCounter(prometheus.CounterOpts{
			Name: "presence_guests_limited_total", Help: "New guests refused because of too many from one address.",
		}),
		ticketsLimited: auto.NewCounter(prometheus.CounterOpts{
			Name: "presence_tickets_limited_total", Help: "Tickets refused because of too many from one address.",
		}),
		spacesLimited: auto.NewCounter(prometheus.CounterOpts{
			Name: "presence_spaces_limited_total", Help: "Joins, seats, sockets and TURN credentials refused because of too many from one address.",
		}),
		loginsLimited: auto.NewCounter(prometheus.CounterOpts{
			Name: "presence_logins_limited_total", Help: "Challenges, logins, refreshed tokens and signatures refused because of too many from one address.",
		}),
	}
}

// metricsHandler writes the metrics of the whole process.
func (g *Gateway) metricsHandler() http.Handler {
	return promhttp.HandlerFor(g.registry, promhttp.HandlerOpts{Registry: g.registry})
}

// metricsMux is all there is on the second listener.
func (g *Gateway) metricsMux() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", g.metricsHandler())
	return mux
}

// serveMetricsLocally writes the metrics to this machine. A request that a
// reverse proxy on the same machine passed on comes from elsewhere.
func (g *Gateway) serveMetricsLocally(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" {
		wire.WriteProblem(w, noSuchPath())
		return
	}
	g.metricsHandler().ServeHTTP(w, r)
}
