// Package conn is one native WebSocket of the gateway, and the keeper that owns
// all of them.
//
// A handler upgrades the request ([Keeper.Upgrade]) and returns; the socket
// belongs to the [Keeper] from then on, and net/http's goroutine and buffers
// are free again. The connection under coder/websocket is replaced at Hijack by
// our own ([pipe]): the library reads from it and writes control frames to it,
// while the feed's frames, which were built once for everybody, are written
// past the library, a whole batch in one write.
//
// # Pull
//
// A socket of a [Feed] has no queue. It has a cursor: how far in the feed it has been
// told. [Socket.Offer] hands it the newest batch; a socket that is up to date
// writes it without waiting, and one that cannot take it stays where it is.
// Once its kernel buffer drains it asks its [Feed] for everything since its
// cursor and gets the newest value of each room, not the history. So a slow
// reader costs the rest of one batch and nothing else, however long it is
// slow, until the write deadline closes it.
//
// # Push
//
// Any other handler writes by itself ([Socket.Write]): each socket takes one
// batch at a time and refuses the next until the kernel has the whole of it.
// What to do about a client that is behind is for whoever writes to decide.
//
// # Reading
//
// On Linux sockets are taken from Go's network poller, which wakes for every
// message, and given to one of ours, which lets messages gather for 8 ms once
// there are several. It takes short binary messages (poses) itself; all others
// wake the socket's reader, which reads through the library. With 1,000 people
// who say ten times a second where they are, a space takes a fifth less CPU.
// Connections over TLS, and other systems, keep Go's poller.
//
// # Who owns the goroutines
//
// Keeper.Run, all of them: one of its own, the poller, one reader per socket,
// and one flusher for each socket that is behind at the moment. An idle socket has no
// writer and no timer; one look a second over all sockets sends pings and
// finds those whose time is up. No goroutine outlives Run.
package conn
