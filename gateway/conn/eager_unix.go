//go:build unix

package conn

import (
	"net"
	"syscall"
)

// Eager writes to a connection without ever waiting. It is guarded by whatever
// guards its owner's writing; the zero Eager takes nothing.
type Eager struct {
	now  func([]byte) (int, error) // of a connection that a poller of ours serves
	raw  syscall.RawConn           // of one that Go's does; with neither nothing can be written without waiting (TLS)
	once func(fd uintptr) bool

	// Scratch of Write, kept so that a write allocates nothing.
	out []byte
	n   int
	err error
}

// Open makes c what is written to. An Eager must not be copied afterwards.
func (e *Eager) Open(c net.Conn) {
	if q, ok := c.(interface{ writeNow(b []byte) (int, error) }); ok {
		e.now = q.writeNow
		return
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	e.raw, e.once = raw, e.writeOnce
}

// Write gives the kernel what it takes now and returns how much that was. A
// broken connection takes everything: its reader notices the end and cleans up.
func (e *Eager) Write(b []byte) int {
	switch {
	case len(b) == 0:
		return 0
	case e.now != nil:
		n, err := e.now(b)
		if err != nil {
			return len(b)
		}
		return n
	case e.raw == nil:
		return 0
	}
	e.out, e.n, e.err = b, 0, nil
	err := e.raw.Write(e.once)
	e.out = nil
	if err != nil || e.err != nil {
		return len(b)
	}
	return e.n
}

// writeOnce always reports done: not being able to write is an answer too.
func (e *Eager) writeOnce(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), e.out)
		switch err {
		case nil:
			e.n = n
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
		default:
			e.err = err
		}
		return true
	}
}

// growSendBuffer asks the kernel to keep more for the connection.
func growSendBuffer(c net.Conn, size int) bool {
	tcp, ok := c.(interface{ SetWriteBuffer(size int) error })
	return ok && tcp.SetWriteBuffer(size) == nil
}
