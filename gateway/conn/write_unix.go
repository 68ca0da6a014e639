//go:build unix

package conn

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

func (s *Socket) initWriting() {
	c, ok := s.tcp.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	s.raw, s.writing.once = raw, s.writeOnce
}

// tryWrite writes what the kernel takes now, without waiting, and returns how
// much that was. Called with mu held. A broken connection takes everything: its
// reader notices the end and cleans up.
func (s *Socket) tryWrite(b []byte) int {
	if s.raw == nil || len(b) == 0 {
		return 0
	}
	w := &s.writing
	w.out, w.n, w.err = b, 0, nil
	err := s.raw.Write(w.once)
	w.out = nil
	if err != nil || w.err != nil {
		return len(b)
	}
	return w.n
}

// writeOnce always reports done: not being able to write is an answer too.
func (s *Socket) writeOnce(fd uintptr) bool {
	w := &s.writing
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

// growSendBuffer asks the kernel to keep more for the connection.
func growSendBuffer(c net.Conn, size int) bool {
	tcp, ok := c.(*net.TCPConn)
	return ok && tcp.SetWriteBuffer(size) == nil
}
