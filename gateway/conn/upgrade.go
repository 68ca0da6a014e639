package conn

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"presence/gateway/wire"
	"presence/spaces"
)

// Terms are what one socket is admitted on.
type Terms struct {
	Subprotocols []string  // that may be negotiated
	Format       string    // one of Config.Formats
	Expires      time.Time // when the right to listen ends; zero never
	Seat         any       // becomes Socket.Seat
}

// Upgrade makes a WebSocket of the request and hands it to Run; the handler
// then returns. A request that cannot be upgraded has been answered with a
// problem, and the error is for logs only.
func (k *Keeper) Upgrade(w http.ResponseWriter, r *http.Request, t Terms) error {
	if k.hasStopped() {
		wire.WriteProblem(w, &spaces.Error{Code: spaces.CodeUnavailable, Message: wire.CloseGoingAway.Reason})
		return http.ErrServerClosed
	}
	// A few upgrades at once may pass together; the bound need not be exact.
	if k.Sockets() >= k.cfg.MaxSockets {
		err := wire.Full("sockets")
		wire.WriteProblem(w, err)
		return err
	}
	s := &Socket{Seat: t.Seat, keeper: k, count: k.metrics.formats[t.Format]}
	if !t.Expires.IsZero() {
		s.expires = t.Expires.Unix()
	}
	u := &upgrade{ResponseWriter: w, socket: s}
	ws, err := websocket.Accept(u, r, &websocket.AcceptOptions{
		Subprotocols:       t.Subprotocols,
		InsecureSkipVerify: true, // CheckOrigin has refused foreign origins with a problem of ours
		CompressionMode:    websocket.CompressionDisabled,
		OnPingReceived:     s.pinged,
	})
	if err != nil {
		u.refuse()
		return err
	}
	s.leave = KeepPlace(r.Context())
	ws.SetReadLimit(-1) // receive has a limit of its own, which says in our words what was wrong
	s.ws = ws
	select {
	case k.arrivals <- s:
		return nil
	case <-k.stopped: // between the check above and here; Run is over, so no goroutine may start
		_ = s.tcp.SetWriteDeadline(time.Now().Add(closeWait))
		_, _ = s.tcp.Write(wire.CloseGoingAway.Frame())
		s.leave()
		return errors.Join(http.ErrServerClosed, ws.CloseNow())
	}
}

func (k *Keeper) hasStopped() bool {
	select {
	case <-k.stopped:
		return true
	default:
		return false
	}
}

// pinged lets a client's ping be answered while its allowance lasts.
func (s *Socket) pinged(context.Context, []byte) bool { return s.counted() }

// upgrade stands between the library and net/http during Accept: it swaps the
// connection at Hijack, and keeps the library's plain-text refusals back so
// that a client gets one form of error everywhere.
type upgrade struct {
	http.ResponseWriter

	socket  *Socket
	status  int
	refusal []byte
}

func (u *upgrade) WriteHeader(status int) {
	if status == http.StatusSwitchingProtocols {
		u.ResponseWriter.WriteHeader(status)
		return
	}
	u.status = status
}

func (u *upgrade) Write(b []byte) (int, error) {
	u.refusal = append(u.refusal, b...)
	return len(b), nil
}

// Hijack swaps the connection for a pipe.
func (u *upgrade) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := Detach(u.ResponseWriter, socketOwner{u.socket}, readBuffer)
	u.socket.pipe, _ = c.(*pipe)
	return c, rw, err
}

// refuse answers a request that the library would not upgrade, in our form.
func (u *upgrade) refuse() {
	if u.status == 0 {
		return // hijacked, or the client is gone: nobody to answer
	}
	wire.PlainProblem(u.status, spaces.CodeInvalid, trimmed(u.refusal)).Write(u.ResponseWriter)
}
