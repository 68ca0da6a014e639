package conn

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
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

// Hijack takes the connection from net/http and gives the library a small pipe
// in its place. net/http's buffers are garbage from then on.
func (u *upgrade) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	tcp, rw, err := http.NewResponseController(u.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if err := rw.Flush(); err != nil { // the 101 reply waits in net/http's buffer
		_ = tcp.Close()
		return nil, nil, err
	}
	early, _ := rw.Reader.Peek(rw.Reader.Buffered())
	p := &pipe{Conn: tcp, socket: u.socket, early: append([]byte(nil), early...)}
	u.socket.attach(tcp)
	return p, bufio.NewReadWriter(
		bufio.NewReaderSize(p, readBuffer),
		bufio.NewWriterSize(p, controlBuffer),
	), nil
}

// pipe is the connection the library sees. It reads from the network and
// counts; what the library writes (pongs, close frames) takes its turn between
// the socket's own batches.
type pipe struct {
	net.Conn

	socket *Socket
	early  []byte // came with the handshake, still unread
}

func (p *pipe) Read(b []byte) (int, error) {
	if len(p.early) > 0 {
		n := copy(b, p.early)
		p.early = p.early[n:]
		return n, nil
	}
	n, err := p.Conn.Read(b)
	if n > 0 && !p.socket.heard(n) {
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// Write never blocks, whatever the state of the client: see Socket.control.
func (p *pipe) Write(b []byte) (int, error) {
	p.socket.control(b)
	return len(b), nil
}

func (p *pipe) Close() error { return p.socket.shut() }

// Tune is an http.Server's ConnContext: it bounds what the kernel keeps for a
// client that does not read, for ordinary answers and event streams as for
// sockets.
func Tune(ctx context.Context, c net.Conn) context.Context {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // a wish; the kernel's own choice works too
	}
	return ctx
}
