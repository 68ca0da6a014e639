package wire

import (
	"encoding/binary"
	"fmt"
)

// Close is why the server ends a WebSocket. The same value is the close
// frame, the error in logs and, by Label, the metric label.
//
// Numbers from 4400 follow HTTP statuses. A client may reconnect after any of
// them; after 4401 it needs a new token first. What is forbidden (a foreign
// origin, no token) is refused over HTTP before there is a socket.
type Close struct {
	Code   uint16
	Label  string // the value of the metric label "code"
	Reason string // for people; at most 123 bytes (RFC 6455 5.5.1)
}

// Every way in which the server ends a socket.
var (
	CloseGoingAway   = Close{1001, "going_away", "the server is going away; reconnect in a moment"}
	CloseProtocol    = Close{1002, "protocol", "that is not the WebSocket protocol"}
	CloseUnsupported = Close{1003, "unsupported", "only text messages are understood"}
	CloseTooBig      = Close{1009, "too_big", "the message is too big"}
	CloseInternal    = Close{1011, "internal", "something went wrong on our side; reconnect"}
	CloseExpired     = Close{4401, "expired", "the token has expired; get a new one and reconnect"}
	CloseRevoked     = Close{4401, "revoked", "this login was ended; log in again"}
	CloseSlow        = Close{4408, "slow", "the client reads too slowly; reconnect"}
	CloseSilent      = Close{4408, "silent", "no answer to pings; reconnect"}
	CloseFlood       = Close{4429, "flood", "too many messages; slow down"}
)

// Error makes a Close usable as the cause of an ended socket.
func (c Close) Error() string { return fmt.Sprintf("closed with %d (%s)", c.Code, c.Label) }

// Frame returns the whole close frame.
func (c Close) Frame() []byte {
	reason := c.Reason
	if len(reason) > maxControl-2 {
		reason = reason[:maxControl-2]
	}
	frame := []byte{finClose, byte(2 + len(reason))}
	frame = binary.BigEndian.AppendUint16(frame, c.Code)
	return append(frame, reason...)
}
