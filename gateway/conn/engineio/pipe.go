package engineio

import (
	"errors"
	"io"
	"net"
)

const (
	// readBuffer is all a link keeps for reading; longer reads go past it.
	readBuffer = 256
	// controlBuffer holds any control frame a server sends (2 + 125 bytes), so
	// that the library hands each to the pipe whole and our frames never land
	// inside one.
	controlBuffer = 128
	// sendBuffer bounds what the kernel keeps for a client that does not read:
	// left alone it grows to megabytes of old news.
	sendBuffer = 64 << 10
)

// pipe is the connection the library sees. It reads from the network and
// counts; what the library writes (pongs, close frames) queues behind the
// link's own frames.
type pipe struct {
	net.Conn

	link  *link
	early []byte // came with the handshake, still unread
}

func (p *pipe) Read(b []byte) (int, error) {
	if len(p.early) > 0 {
		n := copy(b, p.early)
		p.early = p.early[n:]
		return n, nil
	}
	n, err := p.Conn.Read(b)
	if n > 0 && !p.link.session.allow(n, 0) {
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
	p.link.control(append([]byte(nil), b...))
	return len(b), nil
}

func (p *pipe) Close() error { return p.link.shut() }
