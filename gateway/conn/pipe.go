package conn

import (
	"context"
	"errors"
	"io"
	"net"
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
	if errors.Is(err, io.EOF) {
		// The library takes io.EOF for the end of a message, so that what a
		// client had not finished saying would count as said.
		err = io.ErrUnexpectedEOF
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
