package conn

import (
	"runtime/debug"
	"time"

	"presence/gateway/wire"
)

// sweep looks once at every socket. A timer or two for each of them would cost
// more memory than the socket's own bytes; looking at 10,000 takes about 2 ms.
func (k *Keeper) sweep(now time.Time) {
	for _, s := range k.all() {
		k.look(s, now)
	}
	k.trim()
}

// trimAfter is how many new sockets are worth a garbage collection.
const trimAfter = 1000

// trim gives back what a crowd of new sockets left behind, once no more of them
// come. An upgrade leaves about 16 KB of net/http's buffers; idle sockets
// allocate nothing, so the runtime would keep all of that for minutes: 18 KB
// resident per socket at 10,000 instead of 9.
func (k *Keeper) trim() {
	if k.admitted >= trimAfter && k.admitted == k.before {
		debug.FreeOSMemory()
		k.admitted = 0
	}
	k.before = k.admitted
}

func (k *Keeper) look(s *Socket, now time.Time) {
	if s.expires != 0 && now.Unix() >= s.expires {
		s.Close(wire.CloseExpired)
		return
	}
	k.guarded(s, k.handler.Review)
	s.messagesIn.Store(0)
	if s.bytesIn.Swap(0) > 0 {
		s.quiet = 0
		return
	}
	s.quiet++
	switch pingAt := looks(k.cfg.PingEvery); {
	case s.quiet == pingAt:
		s.control(wire.PingFrame)
	case s.quiet >= pingAt+looks(k.cfg.PongWait):
		s.Close(wire.CloseSilent)
	}
}

// looks turns a time into a number of sweeps, at least one.
func looks(d time.Duration) uint8 {
	return uint8(min(max(d/sweepEvery, 1), 100))
}
