package conn_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"slices"
	"testing"

	"presence/gateway/conn"
)

// TestEveryWayToCutMessages: short binary messages take another way than all
// others, and frames arrive in any pieces; whatever way they come, each is
// heard once and in order.
func TestEveryWayToCutMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false, func(c *conn.Config) { c.Binary, c.MessagesPerSecond = true, 1000 })
	said := slices.Concat(
		xored(0x82, "one"), xored(0x82, "two"), xored(0x81, "three"), xored(0x82, "four"),
		xored(0x02, "fi"), xored(0x89, "ping"), xored(0x80, "ve"), xored(0x82, ""), xored(0x82, "six"),
		xored(0x88, "\x03\xe8"),
	)
	want := []string{"hello", "one", "two", "three", "four", "ping", "five", "", "six", "\x03\xe8"}
	for at := range len(said) {
		t.Run(fmt.Sprintf("cut at %d", at), func(t *testing.T) {
			t.Parallel()
			w.says(t, want, said[:at], said[at:])
		})
	}
	t.Run("byte by byte", func(t *testing.T) {
		t.Parallel()
		w.says(t, want, slices.Collect(slices.Chunk(said, 1))...)
	})
}

// says writes the pieces one after the other and checks what comes back.
func (w *world) says(t *testing.T, want []string, pieces ...[]byte) {
	t.Helper()
	tcp := w.greeted(t)
	for _, piece := range pieces {
		if _, err := tcp.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, f := range frames(t, tcp) {
		got = append(got, string(f[2:]))
	}
	if !slices.Equal(got, want) {
		t.Errorf("the server said %q, want %q", got, want)
	}
}

// greeted is a connection on which the server has said hello, so that its reader
// waits, or is about to.
func (w *world) greeted(t *testing.T) peeked {
	t.Helper()
	tcp := w.raw()
	p := peeked{tcp, bufio.NewReader(tcp)}
	for {
		if _, err := p.ahead.Peek(p.ahead.Buffered() + 1); err != nil {
			t.Fatal(err)
		}
		if b, _ := p.ahead.Peek(p.ahead.Buffered()); bytes.Contains(b, []byte("hello")) {
			return p
		}
	}
}

// peeked is a connection of which the first bytes were looked at.
type peeked struct {
	net.Conn

	ahead *bufio.Reader
}

func (p peeked) Read(b []byte) (int, error) { return p.ahead.Read(b) }

// xored is a client's frame with a mask that changes every byte.
func xored(first byte, payload string) []byte {
	mask := []byte{1, 2, 3, 4}
	b := append([]byte{first, 0x80 | byte(len(payload))}, mask...)
	for i := range len(payload) {
		b = append(b, payload[i]^mask[i%4])
	}
	return b
}

// TestAPanicInAQuickMessage ends its socket alone.
func TestAPanicInAQuickMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false, func(c *conn.Config) { c.Binary = true })
	bystander := w.connect("")
	bystander.want("hello")
	tcp := w.greeted(t)
	if _, err := tcp.Write(slices.Concat(xored(0x82, "panic"), xored(0x82, "never heard"))); err != nil {
		t.Fatal(err)
	}
	last := frames(t, tcp)
	if code := string(last[len(last)-1][2:4]); code != "\x03\xf3" { // 1011
		t.Errorf("the last frame has the code %x", code)
	}
	w.feed.publish("on")
	bystander.want("on")
}
