package bus_test

import (
	"net"
	"strings"
	"sync"
	"testing"

	"presence/deploy/testnats"
	"presence/spaces"
	"presence/spaces/bus"
)

// strait carries TCP to a server and can be frozen: connections stay open and
// nothing moves, as when a network is cut in the middle.
type strait struct {
	listener net.Listener
	to       string
	passing  sync.WaitGroup

	mu     sync.Mutex
	frozen bool
	thawed *sync.Cond
	conns  []net.Conn
	shut   bool
}

func openStrait(t *testing.T, to string) *strait {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s := &strait{listener: l, to: to}
	s.thawed = sync.NewCond(&s.mu)
	s.passing.Go(s.accept)
	t.Cleanup(s.close)
	return s
}

func (s *strait) accept() {
	for {
		in, err := s.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", s.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		s.mu.Lock()
		s.conns = append(s.conns, in, out)
		s.mu.Unlock()
		s.passing.Go(func() { s.pass(in, out) })
		s.passing.Go(func() { s.pass(out, in) })
	}
}

func (s *strait) pass(from, to net.Conn) {
	defer to.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		s.mu.Lock()
		for s.frozen && !s.shut {
			s.thawed.Wait()
		}
		s.mu.Unlock()
		if _, lost := to.Write(buf[:n]); err != nil || lost != nil {
			return
		}
	}
}

func (s *strait) freeze(frozen bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = frozen
	s.thawed.Broadcast()
}

func (s *strait) close() {
	_ = s.listener.Close()
	s.mu.Lock()
	s.shut = true
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.thawed.Broadcast()
	s.mu.Unlock()
	s.passing.Wait()
}

// No connection breaks, and nothing is heard: the watcher knows within seconds,
// not when TCP gives up.
func TestASilentNetwork(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	near := open(t, bus.Config{URL: n.URL()})
	strait := openStrait(t, strings.TrimPrefix(n.URL(), "nats://"))
	far := open(t, bus.Config{URL: "nats://" + strait.listener.Addr().String()})
	fill(t, near, 1)
	r := watch(t, far)
	r.untilRooms(t, map[spaces.Slug]int{"a": 1, "b": 1})
	strait.freeze(true)
	r.until(t, "blind", func() bool { return r.blind })
	fill(t, near, 2)
	strait.freeze(false)
	r.untilRooms(t, map[spaces.Slug]int{"a": 2, "b": 2})
	r.neverLess(t, 2)
}
