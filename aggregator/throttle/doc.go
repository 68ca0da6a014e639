// Package throttle decides when a changed value is published: the pure part
// between the state engine and the bus. It does no I/O, starts no goroutine and
// never asks for the time; a [Throttle] belongs to one goroutine.
//
// The loop of its owner is: Set or Drop what changed, publish what Due returns,
// report each batch with Sent or Failed, sleep until Next, and Flush on
// shutdown. rooms.go has the rules for the payloads of the city.
//
// What holds, whatever happens:
//
//   - The last value always arrives. A window that is closed delays it (the
//     trailing edge), a newer value replaces it, nothing else removes it.
//     Leading-only throttles lose it (bigbluebutton/bigbluebutton#25693).
//   - A value is compared with the last one published, not the last one set, so
//     that a change and its undoing inside one window publish nothing.
//   - Above all windows is a budget in messages per second. Under it the oldest
//     unsent change goes first, so that a storm in one room starves no other.
//   - Unchanged values are published again once per Renew, each key at its own
//     moment, which renews lifetimes and heals lost messages evenly.
package throttle
