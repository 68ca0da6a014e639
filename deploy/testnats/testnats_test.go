package testnats_test

import (
	"net"
	"strings"
	"testing"

	"presence/deploy/testnats"
)

// TestStopAndStart: a stopped server refuses connections, and comes back where
// it was.
func TestStopAndStart(t *testing.T) {
	t.Parallel()
	s := testnats.Start(t)
	address := strings.TrimPrefix(s.URL(), "nats://")
	for range 2 {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		s.Stop()
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			t.Error("a stopped server takes connections")
		}
		s.Start()
	}
}
