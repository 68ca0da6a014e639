//go:build !linux

package conn

import "net"

// poller does nothing where Go's own serves all connections.
type poller struct{}

func (*poller) add(net.Conn) error { return nil }
func (*poller) end()               {}

func adopt(c net.Conn) net.Conn { return c }
