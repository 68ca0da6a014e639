// Package hub is the shared spaces of one gateway: who is inside, what they are
// told, and the tick that tells everybody where everybody is.
//
// Doors (package gateway/door) bring clients in with [Hub.Enter] and speak for
// them through a [Member].
//
// # Who owns what
//
// One goroutine owns each space: it is born with the first stay, ends with the
// last, and sleeps while nothing happens. Everything else posts to it and never
// waits for it, but for a client that leaves: what comes through its Conn next
// comes after the last words of the space. A place is not posted: a client
// overwrites its own, and the tick takes what is newest. Storage, access and
// chat are asked by whoever enters or leaves, and by the goroutines of
// [Hub.Run], never by a space: nothing that is slow or away stops movement.
//
// # A tick
//
// Each tick takes the newest places, encodes them once for each format, and
// gives every client what it has not heard in one write, events first. A client
// whose socket is still busy keeps its events, up to a bound, and hears at its
// next free tick the newest place of everybody who moved since: a lag is rounded
// up to a power of two, so that slow clients share chunks too.
//
// In formats with frames for each mover, which are twenty times as long, what a
// client is given at once is bounded (48 KB, less for one that reads slowly);
// what does not fit is due at its next free tick. Without that bound a client
// that was busy once got everybody at once, which kept it busy.
//
// Who comes and goes is told with the tick, in one piece for each format, and
// before anything that may be about them.
//
// # A crowd
//
// From [Config].Crowd members on, people are sorted into leaves of at most 16
// that stand together (a k-d tree, made anew twice a second). Each leaf is
// encoded once a tick and format; a client hears the leaves of the people
// nearest to it, and a far chunk, the same for everybody, in which everybody has
// a turn within 1.7 s at the most. So nobody is invisible, and what a client is
// told is bounded however many there are. Formats with frames for each mover do
// without leaves: a client hears the 24 to 80 people nearest to it.
//
// With 1,000 people at 10 Hz, of whom each is written to 13 times a second and
// read from 10 times, a space takes 0.16 to 0.19 of a core on a shared virtual
// machine. The kernel's part of writing is half of that and its part of reading a
// sixth, everything in this package without them a tenth; a program that does
// nothing but to write to each 11 times and to read 10 times takes 0.12 to 0.16
// there. Interest management therefore saves bytes (30 KB/s instead of 117) and hardly any CPU. 5,000
// people take 0.9 of a core and 52 KB/s each: everybody is heard of within 1.8 s,
// and 94 to 99 % of the nearest 64 at any moment within 200 ms, which is the first
// to give way when there is less than a core for them.
//
// # Several gateways
//
// Members of other gateways ([bus.SessionWatcher]) are in the same roster. While
// another gateway has members in a space, each tick publishes this gateway's
// changed places in one message, repeated every 5 s in case one was lost; what
// is told once travels beside it, and what is for one client goes to its gateway
// alone.
package hub
