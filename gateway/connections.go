package gateway

import (
	"net/http"
	"slices"
	"time"
)

// connections are the checks that the first server's /api/test-connections is
// about: what the program keeps its data in. It had two databases and Redis.
var connections = []string{"database", "nats"}

// connection is what that server said of each of them.
type connection struct {
	Status    string `json:"status"`    // connected or error
	Timestamp string `json:"timestamp"` // RFC 3339; when it was asked, at most half a second ago
	Error     string `json:"error,omitempty"`
}

// serveConnections says of each connection whether it answers, from the same
// round of checks as /readyz and with no more words. Beside that the status is
// 503, not the first server's 500: nothing is wrong with the program itself.
func (c *readiness) serveConnections(w http.ResponseWriter, r *http.Request) {
	results, _ := c.ask(r.Context())
	now := time.Now().UTC().Format(time.RFC3339)
	status, body := http.StatusOK, map[string]any{"timestamp": now}
	for _, result := range results {
		switch {
		case !slices.Contains(connections, result.Name):
		case result.OK:
			body[result.Name] = connection{Status: "connected", Timestamp: now}
		default:
			status, body[result.Name] = http.StatusServiceUnavailable, connection{Status: "error", Timestamp: now, Error: result.Error}
		}
	}
	writeJSON(w, status, body)
}
