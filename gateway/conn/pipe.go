package conn

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	// readBuffer is all a socket keeps for reading: a client's messages are
	// small and rare. net/http's own is 4 KB.
	readBuffer = 128
	// controlBuffer holds any control frame a server sends (2 + 125 bytes), so
	// that the library hands each to the pipe whole and our frames never land
	// inside one.
	controlBuffer = 128
	// sendBuffer bounds what the kernel keeps for a socket that does not read.
	// Left alone it grows to megabytes, and a reader that wakes up would get
	// minutes of old values before the newest.
	sendBuffer = 64 << 10
)

// Owner is whose connection a [Detach]ed one is.
type Owner interface {
	Attach(tcp net.Conn) net.Conn // comes first; what it returns is read from
	Heard(n int) bool             // so many bytes came; false: that is too much, and the reading ends
	Control(frame []byte)         // the library says this, a whole control frame; lent for the call
	Shut() error                  // the library has done with the connection
}

// Detach takes the connection of an upgraded request from net/http and makes a
// small pipe of it for coder/websocket, for use at Hijack. net/http's buffers are
// garbage from then on.
func Detach(w http.ResponseWriter, owner Owner, readBuffer int) (net.Conn, *bufio.ReadWriter, error) {
	tcp, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	bound(tcp)
	_ = tcp.SetDeadline(time.Time{})   // the server's timeouts were the request's
	if err := rw.Flush(); err != nil { // the 101 reply waits in net/http's buffer
		_ = tcp.Close()
		return nil, nil, err
	}
	early, _ := rw.Reader.Peek(rw.Reader.Buffered())
	p := &pipe{Conn: owner.Attach(tcp), owner: owner, early: append([]byte(nil), early...)}
	p.reader = bufio.NewReaderSize(p, readBuffer)
	return p, bufio.NewReadWriter(p.reader, bufio.NewWriterSize(p, controlBuffer)), nil
}

// pipe is the connection the library sees. It reads from the network and
// counts; what the library writes (pongs, close frames) takes its turn between
// the owner's own frames.
type pipe struct {
	net.Conn

	owner  Owner
	early  []byte        // came with the handshake, still unread
	reader *bufio.Reader // the library's
}

// empty reports whether the library has used all that was read.
func (p *pipe) empty() bool { return len(p.early) == 0 && p.reader.Buffered() == 0 }

func (p *pipe) Read(b []byte) (int, error) {
	if len(p.early) > 0 {
		n := copy(b, p.early)
		p.early = p.early[n:]
		return n, nil
	}
	n, err := p.Conn.Read(b)
	if n > 0 && !p.owner.Heard(n) {
		return 0, io.ErrUnexpectedEOF
	}
	if errors.Is(err, io.EOF) {
		// The library takes io.EOF for the end of a message, so that what a
		// client had not finished saying would count as said.
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Write never waits, whatever the state of the client.
func (p *pipe) Write(b []byte) (int, error) {
	p.owner.Control(b)
	return len(b), nil
}

func (p *pipe) Close() error { return p.owner.Shut() }

// socketOwner keeps what only the pipe may call out of Socket's own methods.
type socketOwner struct{ socket *Socket }

func (o socketOwner) Attach(tcp net.Conn) net.Conn { return o.socket.attach(tcp) }
func (o socketOwner) Heard(n int) bool             { return o.socket.heard(n) }
func (o socketOwner) Control(frame []byte)         { o.socket.control(frame) }
func (o socketOwner) Shut() error                  { return o.socket.shut() }

// Tune is an http.Server's ConnContext: it bounds what the kernel keeps for a
// client that does not read, for ordinary answers and event streams as for
// sockets.
func Tune(ctx context.Context, c net.Conn) context.Context {
	bound(c)
	return ctx
}

func bound(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // a wish; the kernel's own choice works too
	}
}
