package spaces

import (
	"encoding/json"
	"time"
)

// Door is the way a client came in.
type Door string

// The closed set of doors.
const (
	DoorNative   Door = "native"   // our protocol over WebSocket
	DoorSocketIO Door = "socketio" // the first server's events over Socket.IO
	DoorRaw      Door = "raw"      // the wallet script's JSON over a bare WebSocket
	DoorNAF      Door = "naf"      // networked-aframe, uws or socketio adapter
)

// Session is one client inside one space. It is what the bus tells every
// gateway and what operators see in presence_sessions; where the client stands
// at the moment is motion and no part of it.
type Session struct {
	ID          string          `json:"id"` // "socket_id" of the first API; a secret to nobody, a right to nothing
	Gateway     string          `json:"gateway"`
	Key         Key             `json:"key"`
	Subject     string          `json:"subject"` // Viewer.Subject; proven unless Guest
	Account     string          `json:"account"` // what old clients call userAccount; empty for guests
	Name        string          `json:"name"`
	Guest       bool            `json:"guest"`
	Door        Door            `json:"door"`
	Avatar      json.RawMessage `json:"avatar,omitempty"` // avatar_data of the client, at most 2 KB
	Voice       bool            `json:"voice"`
	ConnectedAt time.Time       `json:"connected_at"`
}

// Account is what old clients know a viewer by: the Hive name, the whole
// Matrix id or the city's user id; empty for guests.
func Account(v Viewer) string {
	if v.Guest {
		return ""
	}
	for _, prefix := range []string{"hive:", "matrix:"} {
		if len(v.Subject) > len(prefix) && v.Subject[:len(prefix)] == prefix {
			return v.Subject[len(prefix):]
		}
	}
	return v.Subject
}
