package gateway

import (
	"encoding/json"
	"net/http"

	"presence/spaces"
)

// health is the answer of the first aggregators and what their dashboards read
// from it. It says that the process lives; /readyz says whether it is of use.
type health struct {
	Status    string `json:"status"`
	Service   string `json:"service"`
	NATS      bool   `json:"nats_connected"`
	Snapshot  bool   `json:"has_snapshot"`
	RoomsSeen int    `json:"rooms_tracked"`
	UsersSeen int    `json:"users_tracked"`
	Watchers  int    `json:"subscribers"` // sockets and event streams now
}

func (g *Gateway) serveHealth(w http.ResponseWriter, _ *http.Request) {
	view := g.parts.City.Snapshot(spaces.Viewer{})
	writeJSON(w, http.StatusOK, health{
		Status: "ok", Service: "presence",
		NATS: g.parts.BusReady() == nil, Snapshot: view.Initialized,
		RoomsSeen: view.Status.Rooms, UsersSeen: view.Status.Users,
		Watchers: g.parts.City.Subscribers(),
	})
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
