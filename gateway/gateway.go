package gateway

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"

	"github.com/prometheus/client_golang/prometheus"

	"presence/gateway/api"
	"presence/gateway/conn"
)

// maxBody bounds what a request may carry; nothing we read is near it.
const maxBody = 1 << 20

// Config is how the gateway is reached.
type Config struct {
	// Listen is the address of the web server, host:port; port 0 takes any.
	Listen string
	// MetricsListen is a second address, for /metrics alone. Empty: /metrics is
	// on the web server when Listen is loopback, and nowhere otherwise, because
	// metrics are nobody's business on the open network.
	MetricsListen string
	// Origins are the web origins besides our own that may call the API, spelled
	// as for sockets: "https://app.example.org"; * stands for anything but a slash.
	Origins []string
	// TrustedProxies are networks (CIDR) whose X-Forwarded-For is believed.
	TrustedProxies []string
	// MaxConnections is how many connections clients may hold in all, and
	// MaxConnectionsOf how many of one address. Zero: [DefaultConnections], or
	// fewer where this process may not have so many open files, and
	// [DefaultConnectionsOf].
	MaxConnections, MaxConnectionsOf int
	// Listening, when set, is called once with the web server's address as soon
	// as requests are accepted.
	Listening func(net.Addr)

	Log      *slog.Logger
	Registry *prometheus.Registry
}

// City is the table of the city and its live feeds; [presence/gateway/city.City]
// is one. The handlers refuse by themselves, before they upgrade or stream.
type City interface {
	api.City
	// Subscribers is how many clients watch now, for /health.
	Subscribers() int
	ServeWebSocket(w http.ResponseWriter, r *http.Request)
	ServeSSE(w http.ResponseWriter, r *http.Request)
}

// Doors let clients of other protocols than ours into spaces;
// [presence/gateway/door.Doors] are.
type Doors interface {
	ServeSocketIO(w http.ResponseWriter, r *http.Request)
	ServeNAF(w http.ResponseWriter, r *http.Request)
}

// Parts are what the gateway puts together. A process that serves no browsers,
// only operators, has Checks alone: /healthz, /readyz and /metrics.
type Parts struct {
	API  *api.API
	City City // not nil when API is not
	// Doors and Native lead into the shared spaces; nil: there are none.
	Doors  Doors
	Native http.Handler
	// UI is the embedded page. It is asked for every path that nobody else has;
	// its answers over 399 that are no page are put into the one form.
	UI http.Handler
	// BusReady says whether NATS answers, for /health.
	BusReady func() error
	// Checks decide /readyz.
	Checks []Check
}

// Gateway is the web server. Its fields never change after New, except for the
// tables inside readiness and allowances, which have their own mutexes.
type Gateway struct {
	listen        string
	metricsListen string
	listening     func(net.Addr)
	log           *slog.Logger
	registry      *prometheus.Registry

	parts      Parts
	mux        *http.ServeMux
	handler    http.Handler
	origins    conn.Origins
	proxies    []netip.Prefix
	loopback   bool
	metrics    *metrics
	readiness  *readiness
	places     *places
	allowances map[string]allowance // by route; never changes, the limiters have their own mutexes
}

// New checks the configuration and assembles the handler; it listens to
// nothing yet.
func New(cfg Config, parts Parts) (*Gateway, error) {
	proxies, err := parsePrefixes(cfg.TrustedProxies)
	if err != nil {
		return nil, err
	}
	origins := conn.Origins(cfg.Origins)
	if err := origins.Check(); err != nil {
		return nil, err
	}
	g := &Gateway{
		listen: cfg.Listen, metricsListen: cfg.MetricsListen, listening: cfg.Listening,
		log: cfg.Log, registry: cfg.Registry,
		parts: parts, mux: http.NewServeMux(), origins: origins, proxies: proxies,
		loopback: isLoopback(cfg.Listen),
		metrics:  newMetrics(cfg.Registry),
	}
	g.allowances = newAllowances(g.metrics)
	g.places = newPlaces(cfg.MaxConnections, cfg.MaxConnectionsOf, g.metrics)
	g.readiness = newReadiness(parts.Checks, cfg.Log, g.loopback)
	if err := g.routes(); err != nil {
		return nil, err
	}
	g.handler = wholeIDs(g.observe(g.recovered(g.headers(g.cors(http.MaxBytesHandler(http.HandlerFunc(g.dispatch), maxBody))))))
	return g, nil
}

// Handler is the whole web server.
func (g *Gateway) Handler() http.Handler { return g.handler }

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func parsePrefixes(networks []string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, n := range networks {
		p, err := netip.ParsePrefix(n)
		if err != nil {
			return nil, fmt.Errorf("trusted proxy %q is not a network such as 10.0.0.0/8: %w", n, err)
		}
		prefixes = append(prefixes, p.Masked())
	}
	return prefixes, nil
}
