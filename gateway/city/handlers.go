package city

import (
	"net/http"
	"strings"

	"presence/gateway/conn"
	"presence/gateway/wire"
)

// ServeWebSocket serves the city feed in the format of the negotiated
// subprotocol: wire.SubprotocolV2, or the first gateway's format for anybody
// else. A credential is demanded. Refusals come before the upgrade and are
// problems. The handler returns as soon as the socket is handed to Run.
func (c *City) ServeWebSocket(w http.ResponseWriter, r *http.Request) {
	if err := c.keeper.CheckOrigin(r); err != nil {
		wire.WriteProblem(w, err)
		return
	}
	if bearerAlone(r) {
		wire.BearerAlone().Write(w)
		return
	}
	viewer, expires, err := c.auth.FromRequest(r)
	if err != nil {
		wire.WriteProblem(w, err)
		return
	}
	if err := c.Ready(); err != nil {
		wire.WriteProblem(w, err)
		return
	}
	format := wire.FormatOf(conn.Negotiate(r, wire.Subprotocols))
	err = c.keeper.Upgrade(w, r, conn.Terms{
		Subprotocols: wire.Subprotocols, Format: format.String(), Expires: expires,
		Seat: &seat{viewer: viewer, format: format},
	})
	if err != nil {
		c.log.Debug("a request could not become a socket", "err", err)
	}
}

// bearerAlone reports a request that offers its token as a subprotocol and no
// format beside it. A browser would end such a socket as soon as it is open,
// because we select nothing; to select the token would say it aloud.
func bearerAlone(r *http.Request) bool {
	if conn.Negotiate(r, wire.Subprotocols) != "" {
		return false
	}
	offers := strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ",")
	for offer := range strings.SplitSeq(offers, ",") {
		if strings.HasPrefix(strings.TrimSpace(offer), wire.BearerPrefix) {
			return true
		}
	}
	return false
}

// initializing answers in the web application's contract, which knows no
// problems.
func initializing(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write(wire.Initializing)
}
