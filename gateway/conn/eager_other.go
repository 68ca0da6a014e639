//go:build !unix

package conn

import "net"

// Eager takes nothing where connections cannot be written without waiting;
// every batch goes through a flusher there.
type Eager struct{}

// Open does nothing.
func (e *Eager) Open(net.Conn) {}

// Write takes nothing.
func (e *Eager) Write([]byte) int { return 0 }

func growSendBuffer(net.Conn, int) bool { return false }
