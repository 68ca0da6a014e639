package engineio

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Names of the transports.
const (
	polling   = "polling"
	websocket = "websocket"
)

// ServeHTTP answers handshakes, polls, posts and upgrades.
func (v *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !v.passOrigin(w, r) || !v.started(w, r) {
		return
	}
	query := r.URL.Query()
	transport := query.Get("transport")
	switch sid := query.Get("sid"); {
	case transport != polling && transport != websocket:
		refuse(w, unknownTransport)
	case query.Get("EIO") != "4":
		refuse(w, unknownProtocol)
	case query.Has("j"): // JSONP
		refuse(w, badRequest)
	case sid == "":
		v.handshake(w, r, transport)
	default:
		v.resume(w, r, transport, v.find(sid)) //nolint:contextcheck // a WebSocket outlives its request: see link.next
	}
}

// started waits for Run.
func (v *Server) started(w http.ResponseWriter, r *http.Request) bool {
	select {
	case <-v.ready:
		return true
	case <-r.Context().Done():
		refuse(w, goingAway)
		return false
	}
}

// handshake opens a session.
func (v *Server) handshake(w http.ResponseWriter, r *http.Request, transport string) {
	switch {
	case r.Method != http.MethodGet:
		refuse(w, badMethod)
	case isUpgrade(r) != (transport == websocket):
		refuse(w, badRequest)
	case transport == polling:
		v.openPolling(w, r)
	default:
		v.openWebSocket(w, r)
	}
}

func (v *Server) openPolling(w http.ResponseWriter, r *http.Request) {
	s, why := v.admit(r)
	if s == nil {
		refuse(w, why)
		return
	}
	v.metrics.sessions[polling].Inc()
	s.opened(r)
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(v.cfg.WriteWait))
	if writePayload(w, control, s.greeting(websocket)) != nil {
		s.end(lost)
	}
}

// resume goes on with a session.
func (v *Server) resume(w http.ResponseWriter, r *http.Request, transport string, s *Session) {
	switch {
	case s == nil:
		refuse(w, unknownSession)
	case isUpgrade(r) != (transport == websocket):
		refuse(w, badRequest)
	case transport == websocket:
		v.upgradeSession(w, r, s)
	case r.Method == http.MethodGet:
		s.servePoll(w, r)
	case r.Method == http.MethodPost:
		s.servePost(w, r)
	default:
		refuse(w, badRequest)
	}
}

// greeting is the open packet.
func (s *Session) greeting(upgrades ...string) []byte {
	cfg := &s.server.cfg
	if upgrades == nil {
		upgrades = []string{}
	}
	text, _ := json.Marshal(struct { // cannot fail
		SID          string   `json:"sid"`
		Upgrades     []string `json:"upgrades"`
		PingInterval int64    `json:"pingInterval"`
		PingTimeout  int64    `json:"pingTimeout"`
		MaxPayload   int      `json:"maxPayload"`
	}{s.id, upgrades, cfg.PingInterval.Milliseconds(), cfg.PingTimeout.Milliseconds(), cfg.MaxPayload})
	return append([]byte{kindOpen}, text...)
}

func isUpgrade(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), websocket)
}

// passOrigin refuses pages of foreign origins, tells browsers that the allowed
// ones may read answers, and answers preflights. The same list holds for
// WebSockets. Programs send no Origin and pass.
func (v *Server) passOrigin(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	if !v.cfg.Origins.AllowAt(origin, r.Host) {
		refuse(w, forbidden)
		return false
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true") // for balancers that route by cookie; we have none
	h.Add("Vary", "Origin")
	if r.Method != http.MethodOptions {
		return true
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return false
}
