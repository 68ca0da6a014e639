//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// maxDialing bounds connections whose upgrade is not answered yet. Listen
// queues end at 4,096 (net.core.somaxconn); beyond that a storm measures TCP's
// retransmission timer.
const maxDialing = 4000

// readBuffer takes the largest burst of one socket in one read, usually. It
// grows for longer messages: who enters a crowd is told of everybody at once.
const readBuffer = 256 << 10

// load is a crowd of WebSocket clients in one goroutine: an epoll loop without
// an allocation per frame, so that what is measured is the server. Sockets are
// plain file descriptors. It belongs to the goroutine that calls it.
type load struct {
	port    int
	speak   dialect
	hear    func(c *client, f frame, now int64) error // what becomes of a frame; now in µs
	skip    func(c *client, n int) bool               // whether the n bytes that came are of no interest; nil: none are
	epoll   int
	clients map[int32]*client
	buf     []byte
	events  []syscall.EpollEvent

	dialing    int // upgrades not answered yet
	dialed     int
	snapshots  int
	deliveries int64
	closed     int // by the server
	latency    histogram
}

// client is one socket.
type client struct {
	fd    int
	index int // in the order of dialing
	token string
	open  bool   // the upgrade was answered
	asked bool   // the upgrade request was sent
	rest  []byte // the beginning of a frame whose end is yet to come
}

func newLoad(port int, speak dialect) (*load, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	l := &load{
		port: port, speak: speak, epoll: epoll, clients: map[int32]*client{},
		buf: make([]byte, readBuffer), events: make([]syscall.EpollEvent, 1024),
	}
	l.hear = l.take
	return l, nil
}

func (l *load) close() {
	for _, c := range l.clients {
		_ = syscall.Close(c.fd)
	}
	_ = syscall.Close(l.epoll)
}

// connect opens n more sockets, at most perSecond of them a second (0: all at
// once), and returns when each has its snapshot.
func (l *load) connect(n, perSecond int, limit time.Duration) error {
	tokens := make([]string, n)
	for i := range tokens {
		var err error
		if tokens[i], err = token(l.dialed + i); err != nil {
			return err
		}
	}
	want := l.snapshots + n
	start, opened := time.Now(), 0
	deadline := start.Add(limit)
	for l.snapshots < want {
		due := n
		if perSecond > 0 {
			due = min(n, 1+int(time.Since(start).Seconds()*float64(perSecond)))
		}
		for ; opened < due && l.dialing < maxDialing; opened++ {
			if err := l.dial(tokens[opened]); err != nil {
				return err
			}
		}
		if err := l.poll(time.Millisecond); err != nil {
			return err
		}
		if l.closed > 0 {
			return fmt.Errorf("the server closed %d of %d sockets", l.closed, l.dialed)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d snapshots after %s", l.snapshots, want, limit)
		}
	}
	return nil
}

func (l *load) dial(token string) error {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	c := &client{fd: fd, index: l.dialed, token: token}
	l.clients[int32(fd)] = c
	l.dialed++
	l.dialing++
	err = syscall.Connect(fd, &syscall.SockaddrInet4{Port: l.port, Addr: [4]byte{127, 0, 0, 1}})
	if err != nil && !errors.Is(err, syscall.EINPROGRESS) {
		return fmt.Errorf("connect: %w", err)
	}
	return l.control(syscall.EPOLL_CTL_ADD, c, syscall.EPOLLOUT)
}

func (l *load) control(op int, c *client, events uint32) error {
	ev := syscall.EpollEvent{Events: events, Fd: int32(c.fd)}
	if err := syscall.EpollCtl(l.epoll, op, c.fd, &ev); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	return nil
}

// run handles what arrives for d.
func (l *load) run(d time.Duration) error {
	for end := time.Now().Add(d); ; {
		left := time.Until(end)
		if left <= 0 {
			return nil
		}
		if err := l.poll(min(left, 10*time.Millisecond)); err != nil {
			return err
		}
	}
}

// poll waits up to d for something to arrive and handles all of it.
func (l *load) poll(d time.Duration) error {
	n, err := syscall.EpollWait(l.epoll, l.events, int(max(d, time.Millisecond)/time.Millisecond))
	if err != nil && !errors.Is(err, syscall.EINTR) {
		return fmt.Errorf("epoll: %w", err)
	}
	for _, ev := range l.events[:max(n, 0)] {
		c := l.clients[ev.Fd]
		if c == nil {
			continue
		}
		if !c.asked {
			err = l.ask(c)
		} else {
			err = l.read(c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ask sends the upgrade request once the connection stands.
func (l *load) ask(c *client) error {
	c.asked = true
	if err := l.send(c, l.speak.request(c.token)); err != nil {
		return err
	}
	return l.control(syscall.EPOLL_CTL_MOD, c, syscall.EPOLLIN)
}

// send writes something that always fits an idle socket's buffer.
func (l *load) send(c *client, b []byte) error {
	n, err := syscall.Write(c.fd, b)
	if err != nil || n != len(b) {
		return fmt.Errorf("write %d of %d bytes: %w", n, len(b), err)
	}
	return nil
}

func (l *load) read(c *client) error {
	if len(c.rest) >= len(l.buf)/2 {
		l.buf = make([]byte, 2*len(l.buf)+len(c.rest))
	}
	kept := copy(l.buf, c.rest)
	n, err := syscall.Read(c.fd, l.buf[kept:])
	if errors.Is(err, syscall.EAGAIN) {
		return nil
	}
	if err != nil || n <= 0 {
		l.closed++
		delete(l.clients, int32(c.fd))
		return syscall.Close(c.fd)
	}
	if l.skip != nil && l.skip(c, n) {
		c.rest = c.rest[:0]
		return nil
	}
	b := l.buf[:kept+n]
	if !c.open {
		if b, err = l.upgraded(c, b); err != nil {
			return err
		}
	}
	now := time.Now().UnixMicro()
	for {
		f, n := nextFrame(b)
		if n == 0 {
			break
		}
		if err := l.hear(c, f, now); err != nil {
			return err
		}
		b = b[n:]
	}
	c.rest = append(c.rest[:0], b...)
	return nil
}

// upgraded takes the answer to the upgrade off b.
func (l *load) upgraded(c *client, b []byte) ([]byte, error) {
	_, frames, whole := bytes.Cut(b, []byte("\r\n\r\n"))
	if !whole {
		return nil, fmt.Errorf("half an answer to the upgrade: %.300q", b) // these servers send it in one segment
	}
	if !bytes.HasPrefix(b, []byte("HTTP/1.1 101 ")) {
		return nil, fmt.Errorf("the server refused the upgrade: %.300q", b)
	}
	c.open = true
	l.dialing--
	if greeting := l.speak.greeted(c.token); len(greeting) > 0 {
		if err := l.send(c, greeting); err != nil {
			return nil, err
		}
	}
	return frames, nil
}

func (l *load) take(c *client, f frame, now int64) error {
	switch f.op {
	case opText:
		switch l.speak.kind(f.payload) {
		case delivery:
			l.deliveries++
			l.latency.add(now - stamp(f.payload))
		case snapshot:
			l.snapshots++
		case other:
			if reply := l.speak.reply(f.payload); reply != nil {
				return l.send(c, reply)
			}
		}
	case opPing:
		return l.send(c, clientFrame(opPong, f.payload))
	case opClose:
		return fmt.Errorf("the server closed a socket: %q", f.payload)
	}
	return nil
}
