package hub

import (
	"encoding/json"

	"presence/gateway/wire"
	"presence/spaces"
)

// Conn is a door's end of one client. Its methods are called by the goroutine
// of the client's space and never wait.
type Conn interface {
	// Write takes whole frames in order, and reports false, having taken
	// nothing, when the client has not yet taken what it was given before. The
	// bytes are shared by many clients and are never changed.
	Write(frames ...[]byte) bool
	// Close ends the client with a reason.
	Close(c wire.Close)
}

// Arrival is a client that asks to enter a space.
type Arrival struct {
	Key     spaces.Key
	Viewer  spaces.Viewer // proven by the door
	ID      string        // of the session, made by the door; unguessable
	Door    spaces.Door
	Avatar  json.RawMessage // nil: none
	Pose    *spaces.Pose    // nil: the space's own place of arrival
	NSFW    bool            // the client wants to see such content
	Encoder wire.SpaceEncoder
	Conn    Conn
}
