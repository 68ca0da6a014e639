// Package turn makes the time-limited credentials of TURN servers: the scheme
// of draft-uberti-behave-turn-rest-00, which coturn calls use-auth-secret. The
// server and we share a secret; nothing is stored.
//
// It starts no goroutine and holds no state.
package turn
