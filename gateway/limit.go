package gateway

import (
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
)

const (
	guestPattern = "POST /api/auth/guest"
	// A whole school class behind one address may come at once; a program that
	// wants identities by the thousand gets one a second.
	guestBurst = 60
	guestEvery = time.Second

	// maxBuckets bounds the table: a few hundred kilobytes.
	maxBuckets = 10_000
)

// limiter is a token bucket per address. Guarded by mu.
//
// A bucket is one time: the moment at which it is full again, so that a full
// bucket is as good as none.
type limiter struct {
	burst int
	every time.Duration

	mu    sync.Mutex
	fulls map[netip.Addr]time.Time
}

func newLimiter(burst int, every time.Duration) *limiter {
	return &limiter{burst: burst, every: every, fulls: map[netip.Addr]time.Time{}}
}

// take spends one of the address's tokens, or says how long to wait for one.
func (l *limiter) take(now time.Time, addr netip.Addr) (wait time.Duration, ok bool) {
	addr = bucketOf(addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	full := l.fulls[addr]
	if full.Before(now) {
		full = now
	}
	full = full.Add(l.every)
	if over := full.Sub(now) - time.Duration(l.burst)*l.every; over > 0 {
		return over, false
	}
	if _, known := l.fulls[addr]; !known && len(l.fulls) >= maxBuckets {
		l.makeRoom()
	}
	l.fulls[addr] = full
	return 0, true
}

// makeRoom forgets, of a few addresses at random, the one that has waited
// longest: most likely it may ask freely again. Whoever fills the table with
// addresses is not stopped by a limit per address, and must neither stop others
// nor make each request search the whole table.
func (l *limiter) makeRoom() {
	const few = 8
	var victim netip.Addr
	var earliest time.Time
	looked := 0
	for addr, full := range l.fulls {
		if looked == 0 || full.Before(earliest) {
			victim, earliest = addr, full
		}
		if looked++; looked == few {
			break
		}
	}
	delete(l.fulls, victim)
}

// bucketOf takes an IPv6 customer's whole network for one address.
func bucketOf(addr netip.Addr) netip.Addr {
	if !addr.Is6() {
		return addr
	}
	network, err := addr.Prefix(64)
	if err != nil {
		return addr
	}
	return network.Addr()
}

// guestAllowed refuses who asks for new identities too fast.
func (g *Gateway) guestAllowed(w http.ResponseWriter, r *http.Request) bool {
	wait, ok := g.guests.take(time.Now(), g.remote(r))
	if ok {
		return true
	}
	g.metrics.limited.Inc()
	seconds := strconv.Itoa(int(wait/time.Second) + 1)
	w.Header().Set("Retry-After", seconds)
	wire.WriteProblem(w, &spaces.Error{
		Code: spaces.CodeRateLimited, Message: "too many new guests from this address",
		Fix: "Keep the token you have; otherwise try again in " + seconds + " s",
	})
	return false
}
