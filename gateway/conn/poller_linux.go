package conn

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"
)

// nap is how long a poller lets messages gather once it has looked. Go's own
// poller wakes for each of them, which for 1,000 people who say ten times a
// second where they are took more time than to read what they say. A client
// that speaks while nobody else does is heard at once.
const nap = 8 * time.Millisecond

// edges is what epoll tells of a connection: each change once. (syscall.EPOLLET
// is negative.)
const edges = syscall.EPOLLIN | syscall.EPOLLOUT | syscall.EPOLLRDHUP | 1<<31

// finished are the changes after which nothing more comes.
const finished = syscall.EPOLLRDHUP | syscall.EPOLLHUP | syscall.EPOLLERR

// poller serves the connections it was given: [polled]. It begins with the first
// of them, so the zero poller is ready. add and end belong to one goroutine.
type poller struct {
	running    sync.WaitGroup // run
	epoll      int
	stop, halt int // a pipe; closing halt ends run

	mu    sync.Mutex
	conns map[int32]*polled // by descriptor; nil: run has not begun

	// Of run.
	events []syscall.EpollEvent
	found  []*polled // whose events these are; nil: closed meanwhile
	lent   []byte
}

// add takes c on, if it can be. Until then nobody who waits for c is woken but
// by a deadline.
func (p *poller) add(c net.Conn) error {
	q, ok := c.(*polled)
	if !ok {
		return nil
	}
	if p.conns == nil {
		if err := p.begin(); err != nil {
			return err
		}
	}
	p.mu.Lock()
	p.conns[int32(q.fd)] = q
	p.mu.Unlock()
	q.poller = p
	return p.watch(q.fd)
}

func (p *poller) begin() error {
	var pipe [2]int
	if err := syscall.Pipe2(pipe[:], syscall.O_CLOEXEC); err != nil {
		return fmt.Errorf("open a pipe: %w", err)
	}
	p.stop, p.halt = pipe[0], pipe[1]
	var err error
	if p.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err == nil {
		err = p.watch(p.stop)
	}
	if err != nil {
		_ = errors.Join(p.close(), syscall.Close(p.halt)) // what failed is said
		return fmt.Errorf("open a poller: %w", err)
	}
	p.conns = map[int32]*polled{}
	p.events, p.found, p.lent = make([]syscall.EpollEvent, 512), make([]*polled, 512), make([]byte, 16<<10)
	p.running.Go(p.run)
	return nil
}

func (p *poller) watch(fd int) error {
	return syscall.EpollCtl(p.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: edges, Fd: int32(fd)})
}

func (p *poller) close() error {
	return errors.Join(syscall.Close(p.stop), syscall.Close(p.epoll))
}

// end waits for run.
func (p *poller) end() {
	if p.conns != nil {
		_ = syscall.Close(p.halt)
		p.running.Wait()
	}
}

// drop is called while the descriptor is not free yet for another connection.
func (p *poller) drop(fd int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, int32(fd))
}

// run serves the connections until end.
func (p *poller) run() {
	defer func() { _ = p.close() }()
	for {
		n, err := syscall.EpollWait(p.epoll, p.events, -1)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			panic(fmt.Sprintf("epoll: %v", err)) // none of what it may answer can happen here
		}
		n = max(n, 0)
		if over := p.find(n); over {
			return
		}
		for i, q := range p.found[:n] {
			if q != nil {
				q.changed(p.events[i].Events, p.lent)
			}
		}
		if n < len(p.events) {
			time.Sleep(nap)
		}
	}
}

// find looks up whose events there are, and reports true when it is over.
func (p *poller) find(n int) (over bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, e := range p.events[:n] {
		p.found[i] = p.conns[e.Fd]
		over = over || int(e.Fd) == p.stop
	}
	return over
}
