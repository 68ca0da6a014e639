//go:build !linux

package testnats

import (
	"net"
	"testing"
)

// reserve finds a free port. Elsewhere than on Linux it cannot be kept from
// others.
func reserve(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // over at once
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
