package conn

import "context"

// Handler is where what sockets receive goes. One handler serves all sockets of
// a [Keeper]; all methods are called from many goroutines.
type Handler interface {
	// Join is called once, before anything is read from the socket or written
	// to it.
	Join(s *Socket)
	// Receive handles one message, one after the other for each socket. Its bytes
	// are only valid during the call. With a text message it may wait, with a
	// binary one it must not: others wait with it.
	Receive(ctx context.Context, s *Socket, m Message)
	// Review is called every second with each socket, so that rights that
	// changed take effect.
	Review(s *Socket)
	// Leave is called once, after the socket's last Receive.
	Leave(s *Socket)
}

// Feed is a handler whose sockets fetch what they are sent: the state of a
// table, of which only the newest counts. Its sockets start at cursor 0.
type Feed interface {
	Handler
	// Pull returns what a socket at cursor has not been sent. A batch that goes
	// nowhere (To == cursor) ends the socket's catching up. The socket is locked
	// meanwhile: Pull must not call its methods.
	Pull(s *Socket, cursor uint64) Batch
}

// Message is what a client said.
type Message struct {
	Binary bool // otherwise text, which need not be valid UTF-8
	Bytes  []byte
}

// Batch is bytes for sockets at one place in a feed: whole WebSocket frames
// that bring a socket from cursor From to cursor To. The bytes are shared by
// all sockets and never changed.
type Batch struct {
	From, To uint64
	Bytes    []byte
	Frames   int
}
