package spaces

import (
	"encoding/json"
	"strings"
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
// at the moment is motion and no part of it, only where it came in.
type Session struct {
	ID          string          `json:"id"` // "socket_id" of the first API; a secret to nobody, a right to nothing
	Gateway     string          `json:"gateway"`
	Key         Key             `json:"key"`
	Subject     string          `json:"subject"` // Viewer.Subject; proven unless Guest
	Account     string          `json:"account"` // what old clients call userAccount; empty for guests
	Name        string          `json:"name"`
	Guest       bool            `json:"guest"`
	Network     string          `json:"network,omitempty"` // Viewer.Network of a guest; empty for all others, who are bounded by who they are
	Door        Door            `json:"door"`
	Avatar      json.RawMessage `json:"avatar,omitempty"` // avatar_data of the client, at most 2 KB
	Voice       bool            `json:"voice"`
	Arrival     *Pose           `json:"arrival,omitempty"` // where it came in; nil: it did not say
	ConnectedAt time.Time       `json:"connected_at"`
}

// cityAccount begins the account of a city user whose id could be taken for
// somebody else's.
const cityAccount = "city:"

// Account is what old clients know a viewer by: the Hive name, the whole
// Matrix id or the city's user id; empty for guests. An id of the city that
// looks like a Hive name or a Matrix id is written "city:<id>": old clients
// know nobody by anything but the account.
func Account(v Viewer) string {
	if v.Guest {
		return ""
	}
	if name, ok := strings.CutPrefix(v.Subject, "hive:"); ok && name != "" {
		return name
	}
	if id, ok := strings.CutPrefix(v.Subject, "matrix:"); ok && strings.HasPrefix(id, "@") {
		return id
	}
	if ValidHiveAccount(strings.ToLower(v.Subject)) || strings.HasPrefix(v.Subject, "@") {
		return cityAccount + v.Subject
	}
	return v.Subject
}
