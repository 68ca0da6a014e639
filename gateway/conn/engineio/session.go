package engineio

import "presence/gateway/wire"

// Session is one client, whatever its transport. All methods may be called
// from any goroutine, and none waits.
type Session struct{}

// ID is the session's id, which is a secret: who knows it can speak for the
// client.
func (s *Session) ID() string { return "" }

// Established says that the client has proven what it is: it no longer counts
// as pending, and ConnectTimeout no longer ends it.
func (s *Session) Established() {}

// Send queues messages, all together and in order, behind everything queued
// before. It reports false when the session is over; one whose queue overflows
// is closed as slow.
func (s *Session) Send(messages ...Message) bool { return false }

// Write takes whole unmasked WebSocket frames in order, each of one message
// ("4" and the text), and reports false, having taken nothing, when the client
// has not yet taken what it was given before, or is gone. The bytes may be
// shared by many sessions and are never changed.
func (s *Session) Write(frames ...[]byte) bool { return false }

// Close ends the session: a WebSocket gets the close frame, a polling client
// the close packet, both behind what is queued.
func (s *Session) Close(c wire.Close) {}
