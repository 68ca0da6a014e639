package gateway

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"presence/gateway/wire"
)

// headers sets what every answer says to browsers; a handler may say otherwise.
// The page brings its own content security policy.
func (g *Gateway) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// recovered ends one request when its handler panics, and nothing else.
func (g *Gateway) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log := g.log.With("path", r.URL.Path)
		defer func() {
			if p := recover(); p != nil {
				g.panicked(w, log, p)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func (g *Gateway) panicked(w http.ResponseWriter, log *slog.Logger, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
		panic(p)
	}
	g.metrics.panics.Inc()
	log.Error("panic in a request", "panic", p, "stack", string(debug.Stack()))
	if a, ok := w.(*answer); ok && a.status != 0 {
		panic(http.ErrAbortHandler) // half an answer cannot be taken back; break the connection
	}
	wire.NewProblem(nil).Write(w)
}

// observe logs and counts requests. The query is left out of the log: a ticket
// or a token may be in it.
func (g *Gateway) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &answer{ResponseWriter: w}
		// Deferred, because a broken connection leaves by a panic.
		defer g.observed(r, a, time.Now())
		next.ServeHTTP(a, r)
	})
}

func (g *Gateway) observed(r *http.Request, a *answer, begin time.Time) {
	_, route := g.mux.Handler(r)
	status := a.code()
	g.metrics.requests.WithLabelValues(routeLabel(route), strconv.Itoa(status/100)+"xx").Inc()
	level := slog.LevelDebug
	if status >= http.StatusInternalServerError && route != readyPattern {
		level = slog.LevelWarn
	}
	g.log.Log(r.Context(), level, "request", "method", r.Method, "path", r.URL.Path, "status", status,
		"remote", g.remote(r).String(), "took", time.Since(begin))
}

// routeLabel keeps the label closed: it is a pattern of ours, never a path.
func routeLabel(pattern string) string {
	if pattern == "" {
		return "page"
	}
	return pattern
}

// answer remembers how a request was answered.
type answer struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers the status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write counts as 200 when no status was set, as in net/http.
func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Flush passes on what was written, for event streams.
func (a *answer) Flush() { _ = http.NewResponseController(a.ResponseWriter).Flush() }

// Unwrap lets [http.ResponseController] reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// code is the status the client saw; a handler that wrote nothing answered 200.
func (a *answer) code() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}
