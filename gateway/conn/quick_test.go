package conn_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"

	"presence/gateway/conn"
	"presence/gateway/wire"
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

// TestQuickMessagesCount: a client that says nothing but short binary messages is
// bound by the same limits as all others. Floods are many times what is allowed
// in a second, as in [TestBrokenProtocol].
func TestQuickMessagesCount(t *testing.T) {
	t.Parallel()
	for name, flood := range map[string]struct {
		messages, bytes uint32
		send            []byte
	}{
		"messages": {20, 1 << 20, bytes.Repeat(masked(0x82, ""), 400)},
		"bytes":    {1 << 20, 1000, bytes.Repeat(masked(0x82, string(make([]byte, 100))), 150)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, false, func(c *conn.Config) {
				c.Binary, c.MessagesPerSecond, c.BytesPerSecond = true, flood.messages, flood.bytes
			})
			tcp := w.greeted(t)
			if _, err := tcp.Write(flood.send); err != nil {
				t.Fatal(err)
			}
			all := frames(t, tcp)
			last := all[len(all)-1]
			if last[0] != 0x88 || binary.BigEndian.Uint16(last[2:4]) != wire.CloseFlood.Code {
				t.Errorf("the last frame is %q, want a close with %d", last, wire.CloseFlood.Code)
			}
		})
	}
}

// TestQuickMessagesLeaveNothing: what comes behind them is found, also when
// nothing comes after it to say so.
func TestQuickMessagesLeaveNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false, func(c *conn.Config) {
		c.Binary, c.MessagesPerSecond, c.BytesPerSecond = true, 1<<20, 1<<30
	})
	t.Run("more than is read at once", func(t *testing.T) {
		t.Parallel()
		tcp := w.greeted(t)
		// Frames of 64 bytes fill any power of two without a rest.
		many := append(bytes.Repeat(masked(0x82, string(make([]byte, 58))), 768), masked(0x88, "\x03\xe8")...)
		if _, err := tcp.Write(many); err != nil {
			t.Fatal(err)
		}
		if all := frames(t, tcp); all[len(all)-1][0] != 0x88 {
			t.Errorf("the last frame is %q, want a close", all[len(all)-1])
		}
	})
	for i := range 20 {
		t.Run(fmt.Sprintf("the end %d", i), func(t *testing.T) {
			t.Parallel()
			tcp := w.greeted(t)
			if _, err := tcp.Write(masked(0x82, "the last")); err != nil {
				t.Fatal(err)
			}
			if err := tcp.Conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if all := frames(t, tcp); string(all[len(all)-1][2:]) != "the last" {
				t.Errorf("the last frame is %q", all[len(all)-1])
			}
		})
	}
}

// hearer keeps what its only socket said. It has no lock of its own: messages
// come one after the other, whichever way they take.
type hearer struct {
	heard []string
	left  chan struct{}
}

func (h *hearer) Join(*conn.Socket)   {}
func (h *hearer) Review(*conn.Socket) {}
func (h *hearer) Leave(*conn.Socket)  { close(h.left) }
func (h *hearer) Receive(_ context.Context, _ *conn.Socket, m conn.Message) {
	h.heard = append(h.heard, string(m.Bytes))
}

// TestEverythingIsHeardToItsEnd: a client that says a great deal, in pieces of
// any size and in every kind of message, and then no more, is heard to the last
// message and in order.
func TestEverythingIsHeardToItsEnd(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 0))
			said, want := speech(random, 1000)
			h := &hearer{left: make(chan struct{})}
			w := serve(t, false, h, func(c *conn.Config) {
				c.Binary, c.MessagesPerSecond, c.BytesPerSecond = true, 1<<20, 1<<30
			})
			tcp := w.raw()
			var reader sync.WaitGroup
			reader.Go(func() { _, _ = io.Copy(io.Discard, tcp) })
			for most := 1 << (2 * seed); len(said) > 0; {
				n := min(len(said), 1+random.IntN(3*most))
				if _, err := tcp.Write(said[:n]); err != nil {
					t.Fatal(err)
				}
				said = said[n:]
			}
			if err := tcp.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			<-h.left
			reader.Wait()
			if !slices.Equal(h.heard, want) {
				t.Errorf("%d messages were heard of %d, or others", len(h.heard), len(want))
			}
		})
	}
}

// speech is what a client may say, as bytes and as messages.
func speech(random *rand.Rand, messages int) (said []byte, want []string) {
	for i := range messages {
		text := fmt.Sprintf("%d %s", i, bytes.Repeat([]byte{'.'}, random.IntN(100)))
		switch random.IntN(50) {
		case 0:
			said = append(said, xored(0x81, text)...)
		case 1:
			said = slices.Concat(said, xored(0x02, text[:1]), xored(0x89, "ping"), xored(0x80, text[1:]))
		case 2:
			said = slices.Concat(said, xored(0x8a, "pong"), xored(0x82, text))
		default:
			said = append(said, xored(0x82, text)...)
		}
		want = append(want, text)
	}
	return said, want
}
