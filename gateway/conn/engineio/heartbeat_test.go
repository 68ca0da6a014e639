package engineio_test

import (
	"net/http"
	"testing"
	"time"

	"presence/gateway/conn/engineio"
)

// quick are timings that come round in a test, with as much room for the
// client's answer as a loaded machine needs.
func quick(c *engineio.Config) {
	c.PingInterval, c.PingTimeout = 100*time.Millisecond, 30*time.Second
}

func TestPings(t *testing.T) {
	t.Parallel()
	w := start(t, quick)
	p := w.poll()
	c, _ := w.talk()
	for range 3 {
		p.expectGet(http.StatusOK, "2")
		p.expectPost(http.StatusOK, "3")
		c.expect("2")
		c.say("3")
	}
}

// impatient ends a session that does not answer.
func impatient(c *engineio.Config) {
	c.PingInterval, c.PingTimeout = 50*time.Millisecond, 50*time.Millisecond
}

func TestUnansweredPing(t *testing.T) {
	t.Parallel()
	w := start(t, impatient)
	p := w.poll()
	p.app.expectClosed(t, "silent")
	p.expectGet(http.StatusBadRequest, "")
	p.expectPost(http.StatusBadRequest, "3")

	c, a := w.talk()
	c.expectClosed(4408)
	a.expectClosed(t, "silent")
	if n := w.metric("closed_total", "reason", "silent"); n != 2 {
		t.Errorf("%v sessions counted", n)
	}
}

// TestPongsAhead: pongs that nobody asked for put nothing off.
func TestPongsAhead(t *testing.T) {
	t.Parallel()
	w := start(t, impatient)
	c, a := w.talk()
	for range 20 {
		c.say("3")
	}
	c.expectClosed(4408)
	a.expectClosed(t, "silent")
}

// TestBlockedApplication: a session whose application is busy still ends, and
// its context with it.
func TestBlockedApplication(t *testing.T) {
	t.Parallel()
	w := start(t, impatient)
	c, a := w.talk()
	c.say("4block")
	c.expectClosed(4408)
	a.expectClosed(t, "silent")
}
