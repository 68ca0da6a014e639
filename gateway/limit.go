package gateway

import (
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"presence/gateway/auth"
	"presence/gateway/wire"
	"presence/spaces"
)

const (
	guestPattern = "POST /api/auth/guest"
	// A whole school class behind one address may come at once; a program that
	// wants identities by the thousand gets one a second.
	guestBurst = 60
	guestEvery = time.Second

	ticketPattern = "POST /api/auth/ticket"
	// Every ticket is a write to the database that the aggregator saves to as
	// well, and a guest's token is good for any number of them.
	ticketBurst = 120
	ticketEvery = time.Second / 4

	challengePattern = "POST /api/auth/hive/challenge"
	hivePattern      = "POST /api/auth/hive"
	matrixPattern    = "POST /api/auth/matrix"
	refreshPattern   = "POST /api/auth/refresh"
	// Each may be a write to the database and a question to somebody else's
	// server. People log in once; a page of many tabs refreshes all of them.
	loginBurst   = 60
	loginEvery   = 2 * time.Second
	refreshBurst = 120
	refreshEvery = time.Second

	// Old clients sign once and send the signature with every request, so these
	// may be as many as requests of one page; made-up ones cost us a question to
	// a Hive node each.
	signatureBurst = 300
	signatureEvery = time.Second / 10

	// Joining checks rights in the database and may make a guest; a whole class
	// walks from space to space together.
	joinBurst = 300
	joinEvery = time.Second / 10

	// A seat without a socket is held for a minute by whoever asks once.
	seatBurst = 60
	seatEvery = time.Second

	// Each credential opens a relay for an hour.
	turnBurst = 120
	turnEvery = time.Second

	// Each socket of the doors may be a new guest with a seat, and is work until
	// it has proven what it is. A festival behind one address comes back at once
	// after a restart; one machine cannot use up all room for newcomers.
	openBurst = 2000
	openEvery = time.Second / 20

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
	addr = auth.NetworkOf(addr)
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

// allowance is what one address may ask of a path that costs us more than it
// costs the asker.
type allowance struct {
	limiter *limiter
	refused prometheus.Counter
	message string
	fix     string
}

// anySignature is the allowance of requests to whatever path that carry a Hive
// signature; no route has this name.
const anySignature = "signature"

// allowances by route.
func newAllowances(m *metrics) map[string]allowance {
	logins := allowance{
		limiter: newLimiter(loginBurst, loginEvery), refused: m.loginsLimited,
		message: "too many logins from this address", fix: "Keep the login you have and refresh its token",
	}
	joins := allowance{
		limiter: newLimiter(joinBurst, joinEvery), refused: m.spacesLimited,
		message: "too many joins from this address", fix: "Stay in the space you joined",
	}
	turns := allowance{
		limiter: newLimiter(turnBurst, turnEvery), refused: m.spacesLimited,
		message: "too many TURN credentials from this address", fix: "Use the ones you have for their hour",
	}
	opens := allowance{
		limiter: newLimiter(openBurst, openEvery), refused: m.spacesLimited,
		message: "too many sockets opened from this address", fix: "Keep the one you have",
	}
	return map[string]allowance{
		nativePattern: opens, socketIOPattern: opens, nafPattern: opens, oldNAFPattern: opens,
		"POST /api/spaces/{space_type}/{space_id}/join":          joins,
		"POST /api/presence/spaces/{space_type}/{space_id}/join": joins,
		"POST /api/presence/sessions": {
			limiter: newLimiter(seatBurst, seatEvery), refused: m.spacesLimited,
			message: "too many seats from this address", fix: "Keep the seat you have by PUT",
		},
		"GET /api/turn-credentials":          turns,
		"GET /api/presence/turn-credentials": turns,
		"GET /api/webrtc/turn-config":        turns,
		challengePattern: {
			limiter: newLimiter(loginBurst, loginEvery), refused: m.loginsLimited,
			message: "too many challenges from this address", fix: "Sign the one you have",
		},
		hivePattern:   logins,
		matrixPattern: logins,
		refreshPattern: {
			limiter: newLimiter(refreshBurst, refreshEvery), refused: m.loginsLimited,
			message: "too many refreshed tokens from this address", fix: "Use a token until it expires",
		},
		anySignature: {
			limiter: newLimiter(signatureBurst, signatureEvery), refused: m.loginsLimited,
			message: "too many signatures from this address", fix: "Log in by POST /api/auth/hive and send the token",
		},
		guestPattern: {
			limiter: newLimiter(guestBurst, guestEvery), refused: m.guestsLimited,
			message: "too many new guests from this address", fix: "Keep the token you have",
		},
		ticketPattern: {
			limiter: newLimiter(ticketBurst, ticketEvery), refused: m.ticketsLimited,
			message: "too many tickets from this address", fix: "Send the token itself where a header can be set",
		},
	}
}

// allowed refuses who asks one of these paths too fast.
func (g *Gateway) allowed(w http.ResponseWriter, r *http.Request, route string) bool {
	if auth.Signed(r) && !g.spend(w, r, g.allowances[anySignature]) {
		return false
	}
	if goesOn(r, route) {
		return true
	}
	a, limited := g.allowances[route]
	return !limited || g.spend(w, r, a)
}

func (g *Gateway) spend(w http.ResponseWriter, r *http.Request, a allowance) bool {
	wait, ok := a.limiter.take(time.Now(), g.remote(r))
	if ok {
		return true
	}
	a.refused.Inc()
	seconds := strconv.Itoa(int(wait/time.Second) + 1)
	w.Header().Set("Retry-After", seconds)
	wire.WriteProblem(w, &spaces.Error{
		Code: spaces.CodeRateLimited, Message: a.message,
		Fix: a.fix + "; otherwise try again in " + seconds + " s",
	})
	return false
}
