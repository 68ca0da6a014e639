package conn_test

import (
	"net"
	"testing"
)

// TestHalfAMessageIsNone: what a client had not finished saying when it went is
// not taken for a message.
func TestHalfAMessageIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false, nil)
	whole := masked(0x81, "never finished")
	for name, half := range map[string][]byte{
		"inside the payload":          whole[:len(whole)-4],
		"at the start of the payload": whole[:6],
		"inside the header":           whole[:4],
		"between two fragments":       masked(0x01, "never"),
		"inside the second fragment":  append(masked(0x01, "never"), masked(0x80, "finished")[:9]...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tcp := w.raw(half...)
			if err := tcp.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			for _, f := range frames(t, tcp) {
				if said := string(f[2:]); said != "hello" {
					t.Errorf("the server said %q", said)
				}
			}
		})
	}
}
