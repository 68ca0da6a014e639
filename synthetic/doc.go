// Package synthetic is a small homeserver of our own for tests and load: a
// real http.Handler with the client API the daemon uses, driven directly from
// Go, that can be made to do what a real server cannot be asked for. It shows
// Synapse's and Dendrite's habits ([Quirks]) and fails on demand ([Fault]).
//
// It is not a Matrix server: no authorisation rules, no federation, no
// history beyond what /sync needs. Its shapes follow recordings of Dendrite
// 0.15 and the sources of Synapse 1.157.
//
// Start with [New], add people and rooms ([Server.AddUser],
// [Server.CreateRoom]), and hand [Server.Transport] to an HTTP client, or the
// server itself to net/http. Everything is guarded by one mutex; the only
// goroutines are those of requests, and timers that end typing, which
// [Server.Close] stops.
package synthetic
