//go:build !unix

package conn

import "net"

// writing is empty where sockets cannot be written without waiting; every
// batch goes through a flusher there.
type writing struct{}

func (s *Socket) initWriting() {}

func (s *Socket) tryWrite([]byte) int { return 0 }

func growSendBuffer(net.Conn, int) bool { return false }
