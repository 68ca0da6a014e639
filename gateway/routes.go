package gateway

import (
	"net/http"
	"strings"
	"time"

	"presence/gateway/auth"
	"presence/gateway/conn"
	"presence/gateway/wire"
	"presence/spaces"
)

// answerTime is how long an ordinary request may take to arrive and its answer
// to leave. Sockets and event streams, which have no end, keep their own
// deadlines.
const answerTime = 30 * time.Second

// routes fills the mux. The page is not on it: as a catch-all it would take
// every request with a wrong method, which then could not be told.
func (g *Gateway) routes() error {
	g.mux.HandleFunc(healthPattern, g.serveHealthz)
	g.mux.HandleFunc(readyPattern, g.readiness.serve)
	if g.metricsListen == "" && g.loopback {
		g.mux.HandleFunc(metricsPattern, g.serveMetricsLocally)
	}
	if g.parts.API == nil {
		return nil
	}
	if err := g.parts.API.Mount(g.mux); err != nil {
		return err
	}
	for _, path := range []string{"/ws/city/presence", "/ws/city/global-presence"} {
		g.mux.HandleFunc("GET "+path, g.parts.City.ServeWebSocket)
	}
	for _, path := range []string{"/presence/stream", "/api/presence/stream"} {
		g.mux.HandleFunc("GET "+path, g.parts.City.ServeSSE)
	}
	if g.parts.Doors != nil {
		g.doors()
	}
	g.mux.HandleFunc("GET /health", g.serveHealth)
	g.mux.HandleFunc("GET /api/health", g.serveHealth)
	g.mux.HandleFunc("GET /api/presence/health", g.serveHealth)
	g.mux.HandleFunc("GET /api/test-connections", g.readiness.serveConnections)
	return nil
}

// The patterns of what operators ask.
const (
	healthPattern  = "GET /healthz"
	readyPattern   = "GET /readyz" // logged by readiness itself, once per change
	metricsPattern = "GET /metrics"
)

// The patterns of the doors.
const (
	nativePattern   = "GET /ws/space"
	socketIOPattern = "/socket.io/"
	nafPattern      = "GET /naf"
	oldNAFPattern   = "GET /api/naf"
)

// doors are the ways into the shared spaces. Engine.IO refuses a wrong method in
// words of its own.
func (g *Gateway) doors() {
	g.mux.Handle(nativePattern, g.parts.Native)
	g.mux.HandleFunc(socketIOPattern, g.parts.Doors.ServeSocketIO)
	for _, pattern := range []string{nafPattern, oldNAFPattern} {
		g.mux.HandleFunc(pattern, g.parts.Doors.ServeNAF)
	}
}

// dispatch sends a request to its handler, and to the page or the one form of
// refusal when the mux has none.
func (g *Gateway) dispatch(w http.ResponseWriter, r *http.Request) {
	handler, pattern := g.mux.Handler(r)
	if g.crowded(w, r, pattern) {
		return
	}
	if !endless(pattern) {
		limitTime(w)
	}
	if pattern == "" {
		g.unrouted(w, r, handler)
		return
	}
	if !g.allowed(w, r, pattern) {
		return
	}
	r = r.WithContext(auth.WithAddress(r.Context(), g.remote(r)))
	if endless(pattern) && !goesOn(r, pattern) {
		var place *conn.Place
		if r, place = g.takePlace(w, r); place == nil {
			return
		}
		defer place.Leave()
	}
	g.mux.ServeHTTP(w, r)
}

// goesOn says that a request belongs to a session that has its place.
func goesOn(r *http.Request, pattern string) bool {
	return pattern == socketIOPattern && r.URL.Query().Has("sid")
}

// limitTime ends a request whose body or whose reader is slower than
// answerTime. net/http lifts both deadlines before the next request of the
// connection. Setting them fails only on writers without a network, in tests.
func limitTime(w http.ResponseWriter) {
	deadline := time.Now().Add(answerTime)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(deadline)
	_ = control.SetWriteDeadline(deadline)
}

func endless(pattern string) bool {
	return strings.Contains(pattern, "/ws/") || strings.HasSuffix(pattern, "/presence/stream") ||
		pattern == socketIOPattern || strings.HasSuffix(pattern, "/naf")
}

// unrouted asks the mux's own answer what is wrong: no such path, a wrong
// method, or a path in need of cleaning.
func (g *Gateway) unrouted(w http.ResponseWriter, r *http.Request, handler http.Handler) {
	probe := &probe{header: http.Header{}}
	handler.ServeHTTP(probe, r)
	switch {
	case probe.status == http.StatusMethodNotAllowed:
		w.Header().Set("Allow", probe.header.Get("Allow"))
		wire.PlainProblem(http.StatusMethodNotAllowed, spaces.CodeInvalid,
			"this path does not know the method; it knows "+probe.header.Get("Allow")).Write(w)
	case probe.status >= 300 && probe.status < 400:
		handler.ServeHTTP(w, r)
	case g.parts.UI != nil && isPage(r):
		page := &pageWriter{ResponseWriter: w}
		g.parts.UI.ServeHTTP(page, r)
		page.finish()
	default:
		wire.WriteProblem(w, noSuchPath())
	}
}

// isPage reports whether a path could be the page's: below these prefixes only
// programs ask.
func isPage(r *http.Request) bool {
	for _, prefix := range []string{"/api/", "/ws/", "/presence/", "/internal/", "/.well-known/", "/metrics"} {
		if strings.HasPrefix(r.URL.Path, prefix) {
			return false
		}
	}
	return true
}

func noSuchPath() *spaces.Error {
	return &spaces.Error{
		Code: spaces.CodeNotFound, Message: "there is nothing at this path",
		Fix: "The paths are listed in /openapi.yaml; the city is at /city",
	}
}

// probe takes an answer of the mux and keeps only what it says.
type probe struct {
	header http.Header
	status int
}

// Header returns the headers of the answer.
func (p *probe) Header() http.Header { return p.header }

// Write drops the text.
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader keeps the status.
func (p *probe) WriteHeader(status int) { p.status = status }

// pageWriter passes a page on and keeps back the plain text of a failure, which
// finish says in the one form.
type pageWriter struct {
	http.ResponseWriter
	failed int
}

// WriteHeader passes the status on unless it is a failure without a page.
func (p *pageWriter) WriteHeader(status int) {
	kind := p.Header().Get("Content-Type")
	if status >= http.StatusBadRequest && !strings.HasPrefix(kind, "text/html") && kind != wire.ProblemType {
		p.failed = status
		return
	}
	p.ResponseWriter.WriteHeader(status)
}

// Write passes the page on.
func (p *pageWriter) Write(b []byte) (int, error) {
	if p.failed != 0 {
		return len(b), nil
	}
	return p.ResponseWriter.Write(b)
}

// Unwrap lets [http.ResponseController] reach the connection.
func (p *pageWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p *pageWriter) finish() {
	switch {
	case p.failed == http.StatusNotFound:
		wire.WriteProblem(p.ResponseWriter, noSuchPath())
	case p.failed >= http.StatusInternalServerError:
		wire.PlainProblem(p.failed, spaces.CodeInternal, "the page cannot be served").Write(p.ResponseWriter)
	case p.failed == http.StatusMethodNotAllowed:
		wire.PlainProblem(p.failed, spaces.CodeInvalid, "this path does not know the method; it knows "+p.Header().Get("Allow")).Write(p.ResponseWriter)
	case p.failed != 0:
		wire.PlainProblem(p.failed, spaces.CodeInvalid, "the page does not understand this request").Write(p.ResponseWriter)
	}
}
