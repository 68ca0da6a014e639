package engineio_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"presence/gateway/conn/engineio"
	"presence/gateway/wire"
)

func TestBadPackets(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	for _, text := range []string{"abc", "", "2", "2probe", "4\xff\xfe"} {
		c, a := w.talk()
		c.say(text)
		c.expectClosed(1002)
		a.expectClosed(t, "protocol")
	}
}

func TestTooBigMessage(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *engineio.Config) { c.MaxPayload = 100_000 })
	c, a := w.talk()
	fits := "4" + strings.Repeat("ü", 49_999)
	c.say(fits)
	c.expect(fits)
	c.say(fits + "xx")
	c.expectClosed(1009)
	a.expectClosed(t, "too_big")
}

func TestFlood(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *engineio.Config) { c.MessagesPerSecond, c.BytesPerSecond, c.MaxPayload = 1, 1, 1000 })
	for name, text := range map[string]string{"messages": "4note:", "bytes": "4note:" + strings.Repeat("x", 900)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := w.on(t)
			c, a := w.talk()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			go func() {
				for c.ws.Write(ctx, websocket.MessageText, []byte(text)) == nil {
				}
			}()
			c.expectClosed(4429)
			a.expectClosed(t, "flood")

			p := w.poll()
			for status := http.StatusOK; status == http.StatusOK; {
				status, _ = p.post(text)
			}
			p.app.expectClosed(t, "flood")
		})
	}
}

// TestPingFlood: WebSocket pings count as messages.
func TestPingFlood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, a := startInBubble(t, func(c *engineio.Config) { c.MessagesPerSecond = 2 }).talk()
		read := c.ws.CloseRead(t.Context()) // pongs are read by the library
		for read.Err() == nil {
			_ = c.ws.Ping(read)
		}
		a.expectClosed(t, "flood")
	})
}

func TestFullServer(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *engineio.Config) { c.MaxSessions = 2 })
	p := w.poll()
	w.talk()
	status, body, header := w.do("GET", "EIO=4&transport=polling", "")
	if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
		t.Errorf("a third session got %d %s", status, body)
	}
	if _, err := w.tryDial("EIO=4&transport=websocket"); err == nil {
		t.Error("a third WebSocket was accepted")
	}
	if n := w.metric("refused_total"); n != 2 {
		t.Errorf("%v refusals counted", n)
	}
	upgraded(t, p)
	p.app.session.Close(wire.CloseGoingAway)
	w.waitFor("there is room again", func() bool {
		status, _, _ := w.do("GET", "EIO=4&transport=polling", "")
		return status == http.StatusOK
	})
}

// TestPending: sessions that do not say what they are have little room and
// little time.
func TestPending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startInBubble(t, func(c *engineio.Config) { c.ConnectTimeout, c.MaxPending = 10*time.Second, 1 })
		established := w.poll()
		established.app.session.Established()
		established.app.session.Established() // once is enough
		idle, a := w.talk()
		if status, _, _ := w.do("GET", "EIO=4&transport=polling", ""); status != http.StatusServiceUnavailable {
			t.Errorf("a second pending session got %d", status)
		}
		opened := time.Now()
		idle.expectClosed(4408)
		if at := elapsed(opened); at != 10 {
			t.Errorf("closed after %d s", at)
		}
		a.expectClosed(t, "not_connected")
		established.expectPost(http.StatusOK, "4x")
		established.expectGet(http.StatusOK, "4x")
		w.poll() // there is room again
	})
}

// TestSlowReader: a client that does not read costs a bounded queue, and then
// its connection.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *engineio.Config) { c.MaxQueue = 1 << 20 })
	piece := engineio.Message{Data: []byte(strings.Repeat("x", 64<<10))}
	p := w.poll()
	_, talking := w.talk()
	for name, a := range map[string]*app{"polling": p.app, "websocket": talking} {
		sent := 0
		for a.session.Send(piece) {
			if sent++; sent > 1000 {
				t.Fatalf("%s: no end to the queue", name)
			}
		}
		a.expectClosed(t, "slow")
	}
	if n := w.metric("dropped_total"); n == 0 {
		t.Error("nothing was counted as dropped")
	}
}

// TestSharedFramesAreNoBacklog: a long roll under way to a client that reads is
// not held against the answers that follow it.
func TestSharedFramesAreNoBacklog(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *engineio.Config) { c.MaxQueue = 1 << 10 })
	roll := engineio.AppendMessage(nil, engineio.Message{Data: []byte(strings.Repeat("x", 512<<10))})
	p := w.poll()
	c, talking := w.talk()
	for name, a := range map[string]*app{"polling": p.app, "websocket": talking} {
		if !a.session.Write(roll) {
			t.Errorf("%s: the roll was not taken", name)
		}
	}
	if !p.app.session.Send(engineio.Message{Data: []byte("answer")}) {
		t.Error("polling: an answer behind the roll ends the session")
	}
	if status, body := p.get(); status != http.StatusOK || !strings.HasSuffix(body, "4answer") {
		t.Errorf("polling: %d, %d bytes", status, len(body))
	}
	c.hear()
	talking.session.Send(engineio.Message{Data: []byte("answer")})
	c.expect("4answer")
}

// TestStuckReader: one batch that is not taken in time ends the session, and
// nothing is put on top of it meanwhile.
func TestStuckReader(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *engineio.Config) { c.WriteWait = 200 * time.Millisecond })
	_, a := w.talk()
	frame := engineio.AppendMessage(nil, engineio.Message{Data: []byte(strings.Repeat("x", 1<<20))})
	for taken := 0; a.session.Write(frame); taken++ {
		if taken > 100 {
			t.Fatal("a client that does not read takes everything")
		}
	}
	a.expectClosed(t, "slow")
}
