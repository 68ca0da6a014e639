package engineio_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"presence/gateway/conn/engineio"
)

// toWebSocket is the poller's id on the other transport.
func (p *pollster) toWebSocket() string {
	return strings.Replace(p.query, "polling", "websocket", 1)
}

// probing is a WebSocket whose probe has been answered.
func probing(t *testing.T, p *pollster) *talker {
	t.Helper()
	c := p.dial(p.toWebSocket())
	c.say("2probe")
	c.expect("3probe")
	return c
}

// upgraded moves p to a WebSocket that works.
func upgraded(t *testing.T, p *pollster) *talker {
	t.Helper()
	c := probing(t, p)
	c.say("5")
	c.say("4hello")
	c.expect("4hello")
	return c
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	p := start(t, nil).poll()
	p.post("4queued")
	h := func() *talker {
		c := probing(t, p)
		p.expectGet(http.StatusOK, "6") // not the queue: that is the WebSocket's now
		c.say("5")
		c.expect("4queued")
		return c
	}()
	p.expectGet(http.StatusBadRequest, "")
	p.expectPost(http.StatusBadRequest, "4x")
	second := p.dial(p.toWebSocket())
	second.expectClosed(0)
	h.say("4still here")
	h.expect("4still here")
	if done, open := p.metric("upgrades_total", "result", "done"), p.metric("sessions", "transport", "websocket"); done != 1 || open != 1 {
		t.Errorf("%v upgrades, %v sessions", done, open)
	}
	h.say("1")
	h.expectClosed(1000)
	p.app.expectClosed(t, engineio.ReasonClient)
}

// TestProbeEndsPoll: the poll that waits when the probe comes is ended, or the
// client could never stop polling.
func TestProbeEndsPoll(t *testing.T) {
	t.Parallel()
	p := start(t, nil).poll()
	h := p.hold(t.Context())
	probing(t, p)
	h.expect("OK 6")
}

// TestUpgradeGivenUp: a WebSocket that does not go through with it is closed,
// and the session goes on polling.
func TestUpgradeGivenUp(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*pollster) *talker{
		"a message first":     func(p *pollster) *talker { c := p.dial(p.toWebSocket()); c.say("4early"); return c },
		"another ping":        func(p *pollster) *talker { c := p.dial(p.toWebSocket()); c.say("2prob"); return c },
		"a message for the 5": func(p *pollster) *talker { c := probing(p.t, p); c.say("4early"); return c },
		"gone":                func(p *pollster) *talker { c := probing(p.t, p); _ = c.ws.CloseNow(); return c },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, nil).poll()
			leave(p).expectClosed(0)
			p.expectQueue()
			upgraded(t, p)
		})
	}
}

// TestUpgradeTimeout: nor does one that takes too long. Until then a poll that
// comes after the probe gets a noop, after a moment in which the upgrade could
// overtake it.
func TestUpgradeTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startInBubble(t, nil)
		p := w.poll()
		dialed := time.Now()
		c := probing(t, p)
		p.expectPost(http.StatusOK, "4x")
		p.expectGet(http.StatusOK, "6")
		if held := time.Since(dialed); held != 80*time.Millisecond {
			t.Errorf("the poll was held for %v", held)
		}
		c.expectClosed(1002)
		if at := elapsed(dialed); at != 10 {
			t.Errorf("closed after %d s", at)
		}
		p.expectGet(http.StatusOK, "4x")
		if n := p.metric("upgrades_total", "result", "failed"); n != 1 {
			t.Errorf("%v failed upgrades counted", n)
		}
		p.dial(p.toWebSocket()).expectClosed(1002) // says nothing at all
		p.expectQueue()
	})
}

// TestPollOvertaken: a poll held when the upgrade is done is refused.
func TestPollOvertaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := startInBubble(t, nil).poll()
		c := probing(t, p)
		h := p.hold(t.Context())
		c.say("5")
		h.expect(`Bad Request {"code":3,"message":"Bad request"}`)
		c.say("4hello")
		c.expect("4hello")
	})
}

// expectQueue sees that polling works (again).
func (p *pollster) expectQueue() {
	p.t.Helper()
	p.expectPost(http.StatusOK, "4x")
	p.waitFor("the queue is polled", func() bool {
		_, body := p.get()
		return body == "4x"
	})
}

// TestTwoUpgrades: of two WebSockets at once, one gets to the probe.
func TestTwoUpgrades(t *testing.T) {
	t.Parallel()
	p := start(t, nil).poll()
	first := p.dial(p.toWebSocket())
	p.dial(p.toWebSocket()).expectClosed(1002)
	first.say("2probe")
	first.expect("3probe")
	first.say("5")
	first.say("4hello")
	first.expect("4hello")
}

// TestOrderAcrossUpgrade: while somebody sends without a pause, nothing is
// lost, doubled or late, wherever the upgrade falls.
func TestOrderAcrossUpgrade(t *testing.T) {
	t.Parallel()
	const last = 3000
	w := start(t, func(c *engineio.Config) { c.MaxQueue = 64 << 20 })
	for range 5 {
		t.Run("client", func(t *testing.T) {
			t.Parallel()
			p := w.on(t).poll()
			go func() {
				for i := range last + 1 {
					p.app.session.Send(engineio.Message{Data: []byte(strconv.Itoa(i))})
					if i%10 == 0 {
						time.Sleep(10 * time.Microsecond) // lets the client in between
					}
				}
			}()
			follow(t, p, last)
		})
	}
}

// follow is a client that polls, upgrades as stock clients do, and checks that
// it is told the numbers up to last in order.
func follow(t *testing.T, p *pollster, last int) {
	next := 0
	take := func(payload string) {
		for packet := range strings.SplitSeq(payload, "\x1e") {
			if packet == "6" {
				continue
			}
			if packet != "4"+strconv.Itoa(next) {
				t.Fatalf("got %q, want %d", packet, next)
			}
			next++
		}
	}
	for next < 100 {
		_, body := p.get()
		take(body)
	}
	polled := make(chan string, 1)
	go func() {
		_, body, _, _ := p.try(context.Background(), "GET", p.query, nil)
		polled <- body
	}()
	c := probing(t, p)
	take(await(t, polled))
	c.say("5")
	for next <= last {
		take(c.hear())
	}
}
