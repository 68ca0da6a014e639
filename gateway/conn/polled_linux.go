package conn

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// polled is a TCP connection that a [poller] of ours serves instead of Go's. It
// has one reader, and one writer at a time.
type polled struct {
	fd            int
	local, remote net.Addr
	poller        *poller // nil until it is added

	in, out side
	ended   atomic.Bool // nothing more comes: what is there must be read to its end

	// turn is held by whoever may read: the reader, but while it waits. It guards
	// what follows.
	turn    sync.Mutex
	drained bool   // the last read took all there was
	quick   quick  // nil: the reader is inside a message
	rest    []byte // what quick left to the reader
}

// side is one direction of a connection.
type side struct {
	mu       sync.Mutex // held for every call of the kernel; to close the connection takes both sides'
	closed   bool
	deadline time.Time // zero: none
	timer    *time.Timer

	again chan struct{} // something has changed; never more than one
}

// adopt takes a connection from Go's poller. What cannot be taken (TLS) is
// returned as it is; otherwise c is closed, and the connection goes on as the
// one returned.
func adopt(c net.Conn) net.Conn {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return c
	}
	fd, err := duplicate(tcp)
	if err != nil {
		return c
	}
	q := &polled{fd: fd, local: tcp.LocalAddr(), remote: tcp.RemoteAddr()}
	q.turn.Lock()
	q.in.again, q.out.again = make(chan struct{}, 1), make(chan struct{}, 1)
	_ = tcp.Close() // gives up this descriptor alone
	return q
}

// duplicate returns another descriptor for a connection. (net.TCPConn.File gives
// one to Go's poller again.)
func duplicate(tcp *net.TCPConn) (fd int, err error) {
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0, err
	}
	controlErr := raw.Control(func(original uintptr) {
		n, _, errno := syscall.Syscall(syscall.SYS_FCNTL, original, syscall.F_DUPFD_CLOEXEC, 0)
		if fd = int(n); errno != 0 {
			err = errno
		}
	})
	if controlErr != nil {
		return 0, controlErr
	}
	return fd, err
}

// changed is called by the poller, with memory to read into.
func (q *polled) changed(events uint32, lent []byte) {
	if events&finished != 0 {
		q.ended.Store(true)
	}
	if events&(syscall.EPOLLOUT|finished) != 0 {
		q.out.wake()
	}
	if !q.served(lent) {
		q.in.wake()
	}
}

// served reads what came while the reader waits between two messages, and
// reports false when the reader is needed.
func (q *polled) served(lent []byte) bool {
	if !q.turn.TryLock() {
		return false
	}
	defer q.turn.Unlock()
	if q.quick == nil || len(q.rest) > 0 || q.ended.Load() {
		return false
	}
	n, err := q.in.ask(syscall.Read, q.fd, lent)
	if n == 0 {
		return errors.Is(err, syscall.EAGAIN) // anything else the reader finds out as well
	}
	if rest := q.quick(lent[:n]); len(rest) > 0 {
		q.rest = append([]byte(nil), rest...)
		return false
	}
	return n < len(lent)
}

// hurry has messages taken by do until Read brings something.
func (q *polled) hurry(do quick) { q.quick = do }

func (s *side) wake() {
	select {
	case s.again <- struct{}{}:
	default:
	}
}

// ask calls the kernel, which never waits.
func (s *side) ask(call func(fd int, b []byte) (int, error), fd int, b []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, net.ErrClosed
	}
	if !s.deadline.IsZero() && !time.Now().Before(s.deadline) {
		return 0, os.ErrDeadlineExceeded
	}
	for {
		n, err = call(fd, b)
		if !errors.Is(err, syscall.EINTR) {
			return max(n, 0), err
		}
	}
}

// Read waits for the poller when the last read took all there was, and asks the
// kernel again only then: nothing is lost, for whatever comes is told once.
func (q *polled) Read(b []byte) (int, error) {
	if q.drained {
		q.wait()
		q.drained = false
	}
	n, err := q.read(b)
	q.quick = nil
	return n, err
}

func (q *polled) read(b []byte) (int, error) {
	for {
		if len(q.rest) > 0 {
			n := copy(b, q.rest)
			q.rest = q.rest[n:]
			return n, nil
		}
		n, err := q.in.ask(syscall.Read, q.fd, b)
		switch {
		case errors.Is(err, syscall.EAGAIN):
			q.wait()
		case err != nil:
			return 0, err
		case n == 0 && len(b) > 0:
			return 0, io.EOF
		default:
			q.drained = n < len(b) && !q.ended.Load()
			return n, nil
		}
	}
}

func (q *polled) wait() {
	q.turn.Unlock()
	<-q.in.again
	q.turn.Lock()
}

// Write waits until the kernel has taken all of b.
func (q *polled) Write(b []byte) (n int, err error) {
	for n < len(b) {
		took, err := q.writeNow(b[n:])
		n += took
		if err != nil {
			return n, err
		}
		if took == 0 {
			<-q.out.again
		}
	}
	return n, nil
}

// writeNow gives the kernel what it takes now.
func (q *polled) writeNow(b []byte) (n int, err error) {
	n, err = q.out.ask(syscall.Write, q.fd, b)
	if errors.Is(err, syscall.EAGAIN) {
		return 0, nil
	}
	return n, err
}

// Close wakes whoever waits.
func (q *polled) Close() error {
	q.in.mu.Lock()
	defer q.in.mu.Unlock()
	q.out.mu.Lock()
	defer q.out.mu.Unlock()
	if q.in.closed {
		return net.ErrClosed
	}
	q.in.over()
	q.out.over()
	if q.poller != nil {
		q.poller.drop(q.fd)
	}
	return os.NewSyscallError("close", syscall.Close(q.fd))
}

func (s *side) over() {
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
	s.wake()
}

// CloseWrite tells the client that nothing more comes.
func (q *polled) CloseWrite() error {
	return q.control(func() error { return os.NewSyscallError("shutdown", syscall.Shutdown(q.fd, syscall.SHUT_WR)) })
}

// SetWriteBuffer asks the kernel to keep so much for the connection.
func (q *polled) SetWriteBuffer(size int) error {
	return q.control(func() error {
		return os.NewSyscallError("setsockopt", syscall.SetsockoptInt(q.fd, syscall.SOL_SOCKET, syscall.SO_SNDBUF, size))
	})
}

func (q *polled) control(do func() error) error {
	q.out.mu.Lock()
	defer q.out.mu.Unlock()
	if q.out.closed {
		return net.ErrClosed
	}
	return do()
}

// SetDeadline is for both sides.
func (q *polled) SetDeadline(t time.Time) error {
	q.in.until(t)
	q.out.until(t)
	return nil
}

// SetReadDeadline is of Read.
func (q *polled) SetReadDeadline(t time.Time) error {
	q.in.until(t)
	return nil
}

// SetWriteDeadline is of Write, and of what is written without waiting.
func (q *polled) SetWriteDeadline(t time.Time) error {
	q.out.until(t)
	return nil
}

// until has whoever waits look at the clock at t. A timer is there only as long
// as somebody may not take longer.
func (s *side) until(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer != nil {
		s.timer.Stop() // if it comes all the same, somebody looks once in vain
		s.timer = nil
	}
	s.deadline = t
	if !t.IsZero() && !s.closed {
		s.timer = time.AfterFunc(time.Until(t), s.wake)
	}
}

// LocalAddr is ours.
func (q *polled) LocalAddr() net.Addr { return q.local }

// RemoteAddr is the client's.
func (q *polled) RemoteAddr() net.Addr { return q.remote }
