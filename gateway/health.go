package gateway

import (
	"encoding/json"
	"net/http"
	"time"

	"presence/spaces"
)

// health is the answer of the first aggregators and what their dashboards read
// from it. It says that the process lives; /readyz says whether it is of use.
// Anybody may ask, so it counts public rooms and the people in them only: the
// aggregator's own counts would say that private rooms exist.
type health struct {
	Status    string `json:"status"`
	Service   string `json:"service"`
	NATS      bool   `json:"nats_connected"`
	Snapshot  bool   `json:"has_snapshot"`
	RoomsSeen int    `json:"rooms_tracked"`
	UsersSeen int    `json:"users_tracked"` // online now; 0 also when that is unknown
	Watchers  int    `json:"subscribers"`   // sockets and event streams now
	Timestamp string `json:"timestamp"`     // RFC 3339; the first API server had it, and the next
	Version   string `json:"version"`       // of the API
}

func (g *Gateway) serveHealth(w http.ResponseWriter, _ *http.Request) {
	view := g.parts.City.Snapshot(spaces.Viewer{})
	body := health{
		Status: "ok", Service: "presence",
		NATS: g.parts.BusReady() == nil, Snapshot: view.Initialized,
		RoomsSeen: len(view.Rooms), Watchers: g.parts.City.Subscribers(),
		Timestamp: time.Now().UTC().Format(time.RFC3339), Version: "1",
	}
	if view.City != nil {
		body.UsersSeen = view.City.OnlineCount
	}
	writeJSON(w, http.StatusOK, body)
}

func (g *Gateway) serveHealthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok", "service": "presence"})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	writeBody(w, status, body)
}

func writeBody(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client went away
}
