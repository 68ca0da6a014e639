package engineio

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	ws "github.com/coder/websocket"

	"presence/gateway/conn"
	"presence/gateway/wire"
)

// upgrading is how far a session is on its way from polling to a WebSocket.
type upgrading int

const (
	notUpgrading upgrading = iota
	claimed                // somebody is at it; nobody else may
	probed                 // the probe was answered: polls get noops until the "5"
)

var errProbe = errors.New("not the upgrade's next packet")

// openWebSocket opens a session that never polls.
func (v *Server) openWebSocket(w http.ResponseWriter, r *http.Request) {
	s, why := v.admit(r)
	if s == nil {
		refuse(w, why)
		return
	}
	v.metrics.sessions[polling].Inc() // what a session is until it has its link
	l, err := accept(w, r, s)
	if err != nil {
		s.end(lost)
		return
	}
	if !s.start(l) {
		_ = l.ws.CloseNow()
		return
	}
	s.opened(r)
	s.run(func() { s.read(l) }, l) //nolint:contextcheck // a WebSocket outlives its request: see link.next
}

// start makes l the transport of a fresh session.
func (s *Session) start(l *link) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	s.setLink(l)
	l.send([][]byte{wire.AppendFrame(nil, s.greeting())})
	return true
}

// setLink moves the session from polling to l. Called with mu held.
func (s *Session) setLink(l *link) {
	s.link = l
	s.server.metrics.sessions[polling].Dec()
	s.server.metrics.sessions[websocket].Inc()
}

// run starts what reads l. A session that is over already has closed l.
func (s *Session) run(f func(), l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		_ = l.ws.CloseNow()
		return
	}
	s.server.running.Go(f)
}

// upgradeSession takes the WebSocket that a polling session wants to move to.
// One that may not is accepted and closed: stock clients know that answer.
func (v *Server) upgradeSession(w http.ResponseWriter, r *http.Request, s *Session) {
	if s.isOver() {
		refuse(w, unknownSession)
		return
	}
	mine := s.claim()
	l, err := accept(w, r, s)
	switch {
	case err != nil && mine:
		s.giveUp(nil)
	case err != nil:
	case !mine:
		l.close(badPacket.frame)
		if !v.spawn(l.linger) {
			_ = l.ws.CloseNow()
		}
	default:
		s.tryOut(l)
	}
}

// claim is done before the WebSocket is accepted, so that of two only one gets
// to the probe.
func (s *Session) claim() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || s.link != nil || s.upgrade != notUpgrading {
		return false
	}
	s.upgrade = claimed
	return true
}

// tryOut starts the probe.
func (s *Session) tryOut(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		_ = l.ws.CloseNow()
		return
	}
	s.candidate = l
	s.server.running.Go(func() { s.probe(l) })
}

// probe goes through the upgrade and then is the reader of the new transport.
func (s *Session) probe(l *link) {
	_ = l.tcp.SetReadDeadline(time.Now().Add(s.server.cfg.UpgradeTimeout))
	if err := s.exchange(l); err != nil {
		s.giveUp(l)
		l.linger()
		return
	}
	s.read(l)
}

func (s *Session) exchange(l *link) error {
	if err := l.expect(probePing); err != nil {
		return err
	}
	s.answerProbe(l)
	if err := l.expect(string(rune(kindUpgrade))); err != nil {
		return err
	}
	return s.moveTo(l)
}

// answerProbe ends the waiting poll, so that the client can stop polling, and
// tells it to go on.
func (s *Session) answerProbe(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.upgrade = probed
	if s.poll != nil {
		s.poll.settle(answer{body: []byte{kindNoop}})
	}
	l.send([][]byte{probeFrame})
}

// moveTo makes l the session's transport. What waits moves in the same step:
// that keeps messages in order.
func (s *Session) moveTo(l *link) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return errProbe
	}
	_ = l.tcp.SetReadDeadline(time.Time{})
	s.upgrade, s.candidate = notUpgrading, nil
	s.setLink(l)
	s.server.metrics.upgraded.Inc()
	if s.poll != nil {
		s.poll.settle(answer{refused: true})
	}
	l.send(s.takeQueue())
	return nil
}

// giveUp lets the session go on polling.
func (s *Session) giveUp(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.upgrade, s.candidate = notUpgrading, nil
	s.server.metrics.failed.Inc()
	if l != nil {
		l.close(badPacket.frame)
	}
}

// accept makes a WebSocket of the request. A request that cannot be upgraded
// has been refused.
func accept(w http.ResponseWriter, r *http.Request, s *Session) (*link, error) {
	l := &link{session: s, server: s.server}
	u := &upgrader{ResponseWriter: w, link: l}
	socket, err := ws.Accept(u, r, &ws.AcceptOptions{
		InsecureSkipVerify: true, // ServeHTTP has refused foreign origins
		CompressionMode:    ws.CompressionDisabled,
		OnPingReceived:     func(context.Context, []byte) bool { return s.allow(0, 1) },
	})
	if err != nil {
		if u.refused {
			refuse(w, badRequest)
		}
		return nil, err
	}
	socket.SetReadLimit(-1) // link.next has a limit of its own, which closes in our words
	l.ws = socket
	return l, nil
}

// upgrader stands between the library and net/http during Accept: it swaps the
// connection at Hijack, and keeps the library's plain-text refusals back.
type upgrader struct {
	http.ResponseWriter

	link    *link
	refused bool
}

func (u *upgrader) WriteHeader(status int) {
	if status == http.StatusSwitchingProtocols {
		u.ResponseWriter.WriteHeader(status)
		return
	}
	u.refused = true
}

func (u *upgrader) Write(b []byte) (int, error) { return len(b), nil }

// Hijack swaps the connection for a pipe.
func (u *upgrader) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return conn.Detach(u.ResponseWriter, linkOwner{u.link}, readBuffer)
}

// linkOwner is a link as its pipe sees it.
type linkOwner struct{ link *link }

func (o linkOwner) Attach(tcp net.Conn) net.Conn { return o.link.attach(tcp) }
func (o linkOwner) Heard(n int) bool             { return o.link.session.allow(n, 0) }
func (o linkOwner) Control(frame []byte)         { o.link.control(append([]byte(nil), frame...)) }
func (o linkOwner) Shut() error                  { return o.link.shut() }
