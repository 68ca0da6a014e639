package engineio_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
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
	c := probing(t, p)
	h.expect("OK 6")
	h = p.hold(t.Context())
	c.say("5")
	if got := await(t, h.answer); got != "Bad Request {\"code\":3,\"message\":\"Bad request\"}" && got != "OK 6" { // the hold may have been over
		t.Errorf("a poll held at the end of the upgrade got %q", got)
	}
	c.say("4hello")
	c.expect("4hello")
}

// TestUpgradeGivenUp: a WebSocket that does not go through with it is closed,
// and the session goes on polling.
func TestUpgradeGivenUp(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *engineio.Config) { c.UpgradeTimeout = 50 * time.Millisecond })
	for name, leave := range map[string]func(*pollster) *talker{
		"no probe":            func(p *pollster) *talker { return p.dial(p.toWebSocket()) },
		"no 5":                func(p *pollster) *talker { return probing(t, p) },
		"a message first":     func(p *pollster) *talker { c := p.dial(p.toWebSocket()); c.say("4early"); return c },
		"another ping":        func(p *pollster) *talker { c := p.dial(p.toWebSocket()); c.say("2prob"); return c },
		"a message for the 5": func(p *pollster) *talker { c := probing(t, p); c.say("4early"); return c },
		"gone":                func(p *pollster) *talker { c := probing(t, p); _ = c.ws.CloseNow(); return c },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := w.poll()
			leave(p).expectClosed(0)
			p.expectPost(http.StatusOK, "4x")
			w.waitFor("the queue is polled again", func() bool {
				_, body := p.get()
				return body == "4x"
			})
			upgraded(t, p)
		})
	}
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
			p := w.poll()
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
