//go:build unix

package engineio

import (
	"net"
	"syscall"
)

// writing is the scratch of tryWrite, kept so that a write allocates nothing.
type writing struct {
	out  []byte
	n    int
	err  error
	once func(fd uintptr) bool
}

func (l *link) initWriting() {
	tcp, ok := l.tcp.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	l.raw, l.writing.once = raw, l.writeOnce
}

// tryWrite writes what the kernel takes now, without waiting, and returns how
// much that was. A broken connection takes everything: its reader notices the
// end and cleans up.
func (l *link) tryWrite(b []byte) int {
	if l.raw == nil || len(b) == 0 {
		return 0
	}
	w := &l.writing
	w.out, w.n, w.err = b, 0, nil
	err := l.raw.Write(w.once)
	w.out = nil
	if err != nil || w.err != nil {
		return len(b)
	}
	return w.n
}

// writeOnce always reports done: not being able to write is an answer too.
func (l *link) writeOnce(fd uintptr) bool {
	w := &l.writing
	for {
		n, err := syscall.Write(int(fd), w.out)
		switch err {
		case nil:
			w.n = n
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
		default:
			w.err = err
		}
		return true
	}
}
