package gateway

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"presence/gateway/auth"
	"presence/gateway/conn"
	"presence/gateway/wire"
	"presence/spaces"
)

const (
	// DefaultConnections is some 2 GB of process and kernel memory.
	DefaultConnections = 100_000
	// DefaultConnectionsOf is a festival behind one router, everybody with a
	// space, the city and a browser's idle connections open; and 100 MB.
	DefaultConnectionsOf = 5_000

	// answered is how many connections beyond the bound are told why, in parts of
	// the bound; all others are closed without a word.
	answered = 16
	// ownFiles are the descriptors that databases, NATS and logs need, which
	// clients must not take from them.
	ownFiles = 512
)

// places counts what clients hold open: connections in net/http's hands, and
// what lives longer than a request (sockets, event streams, sessions of
// Engine.IO), all together and for each address. Guarded by mu.
//
// This machine's addresses have no bound of their own: they may be a proxy's
// that nobody told us to trust, and then everybody's. Connections of trusted
// proxies are nobody's; what lives on them is the address's behind.
type places struct {
	most, mostOf int
	open         prometheus.Gauge
	refused      prometheus.Counter

	mu  sync.Mutex
	all int
	of  map[netip.Addr]int
}

// newPlaces with 0 means the defaults.
func newPlaces(most, mostOf int, m *metrics) *places {
	if most == 0 {
		most = DefaultConnections
		if files := maxFiles(); files > 0 {
			most = min(most, max(files-ownFiles, files/2))
		}
	}
	if mostOf == 0 {
		mostOf = DefaultConnectionsOf
	}
	return &places{most: most, mostOf: mostOf, open: m.open, refused: m.unplaced, of: map[netip.Addr]int{}}
}

// enter counts one more from an address, and says by how much that is too many,
// of all and of the address.
func (p *places) enter(from netip.Addr) (over, overOf int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all++
	p.open.Set(float64(p.all))
	if from.IsValid() {
		p.of[from]++
		overOf = max(0, p.of[from]-p.mostOf)
	}
	return max(0, p.all-p.most), overOf
}

func (p *places) leave(from netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all--
	p.open.Set(float64(p.all))
	if !from.IsValid() {
		return
	}
	if p.of[from]--; p.of[from] == 0 {
		delete(p.of, from)
	}
}

// bounded is what an address is counted by; the zero Addr when it has no bound.
func (g *Gateway) bounded(addr netip.Addr) netip.Addr {
	if addr.IsLoopback() || g.trusted(addr) {
		return netip.Addr{}
	}
	return auth.NetworkOf(addr)
}

// arrived is an http.Server's ConnContext: it counts a connection, and notes in
// its context when it is one too many.
func (g *Gateway) arrived(ctx context.Context, c net.Conn) context.Context {
	over, overOf := g.places.enter(g.bounded(hostAddr(c.RemoteAddr().String())))
	if over == 0 && overOf == 0 {
		return conn.Tune(ctx, c)
	}
	g.places.refused.Inc()
	if over > g.places.most/answered+1 || overOf > g.places.mostOf/answered+1 {
		_ = c.Close() // net/http notices, and says so to connState
		return ctx
	}
	return context.WithValue(conn.Tune(ctx, c), tooManyKey{}, tooMany(over > 0))
}

type tooManyKey struct{}

// connState is an http.Server's: connections that are over, or no longer its
// own, are not in its hands any more.
func (g *Gateway) connState(c net.Conn, state http.ConnState) {
	if state == http.StateClosed || state == http.StateHijacked {
		g.places.leave(g.bounded(hostAddr(c.RemoteAddr().String())))
	}
}

func tooMany(ofAll bool) *spaces.Error {
	if ofAll {
		return wire.Full("connections")
	}
	return &spaces.Error{
		Code: spaces.CodeRateLimited, Message: "too many connections from this address",
		Fix: "Close some of those you have, or try again in a moment",
	}
}

// crowded refuses a request whose connection is one too many, but for what
// operators ask.
func (g *Gateway) crowded(w http.ResponseWriter, r *http.Request, route string) bool {
	err, is := r.Context().Value(tooManyKey{}).(*spaces.Error)
	if !is {
		return false
	}
	w.Header().Set("Connection", "close")
	switch route {
	case healthPattern, readyPattern, metricsPattern:
		return false
	}
	g.turnAway(w, err)
	return true
}

// takePlace gives what lives longer than a request a place, or refuses it.
func (g *Gateway) takePlace(w http.ResponseWriter, r *http.Request) (*http.Request, *conn.Place) {
	from := g.bounded(g.remote(r))
	over, overOf := g.places.enter(from)
	if over > 0 || overOf > 0 {
		g.places.leave(from)
		g.places.refused.Inc()
		g.turnAway(w, tooMany(over > 0))
		return nil, nil
	}
	ctx, place := conn.WithPlace(r.Context(), func() { g.places.leave(from) })
	return r.WithContext(ctx), place
}

func (g *Gateway) turnAway(w http.ResponseWriter, err *spaces.Error) {
	w.Header().Set("Retry-After", wire.RetryAfter)
	wire.WriteProblem(w, err)
}
