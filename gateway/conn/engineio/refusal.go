package engineio

import (
	"encoding/json"
	"net/http"

	"presence/gateway/wire"
)

// refusal is the protocol's own error answer.
type refusal struct {
	status  int
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// The errors of the protocol's first server; clients know the codes. It has
// none for a server that is full.
var (
	unknownTransport = refusal{http.StatusBadRequest, 0, "Transport unknown"}
	unknownSession   = refusal{http.StatusBadRequest, 1, "Session ID unknown"}
	badMethod        = refusal{http.StatusBadRequest, 2, "Bad handshake method"}
	badRequest       = refusal{http.StatusBadRequest, 3, "Bad request"}
	tooLarge         = refusal{http.StatusRequestEntityTooLarge, 3, "Bad request"}
	forbidden        = refusal{http.StatusForbidden, 4, "Forbidden"}
	unknownProtocol  = refusal{http.StatusBadRequest, 5, "Unsupported protocol version"}
	full             = refusal{http.StatusServiceUnavailable, 3, "The server is full; try again in a moment"}
	goingAway        = refusal{http.StatusServiceUnavailable, 3, "The server is going away; try again in a moment"}
)

func refuse(w http.ResponseWriter, why refusal) {
	body, _ := json.Marshal(why) // cannot fail
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	if why.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", wire.RetryAfter)
	}
	w.WriteHeader(why.status)
	_, _ = w.Write(body)
}
