package conn

import "context"

// Batch is bytes for sockets at one place in a feed: whole WebSocket frames
// that bring a socket from cursor From to cursor To. The bytes are shared by
// all sockets and never changed.
type Batch struct {
	From, To uint64
	Bytes    []byte
	Frames   int
}

// Feed is where sockets get what they send, and where what they receive goes.
// One feed serves all sockets of a [Keeper]; all methods are called from many
// goroutines.
type Feed interface {
	// Join is called once, before anything is read from the socket or written
	// to it. The socket starts at cursor 0.
	Join(s *Socket)
	// Pull returns what a socket at cursor has not been sent. A batch that goes
	// nowhere (To == cursor) ends the socket's catching up. The socket is locked
	// meanwhile: Pull must not call its methods.
	Pull(s *Socket, cursor uint64) Batch
	// Receive handles one text message, on the socket's reader goroutine. The
	// bytes are only valid during the call.
	Receive(ctx context.Context, s *Socket, message []byte)
	// Review is called every few seconds with each socket's viewer, so that
	// rights that changed take effect.
	Review(s *Socket)
	// Leave is called once, after the socket's last Receive.
	Leave(s *Socket)
}
