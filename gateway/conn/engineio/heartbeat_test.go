package engineio_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// elapsed is how long something took, in whole seconds of fake time.
func elapsed(since time.Time) int { return int(time.Since(since).Round(time.Second).Seconds()) }

func TestPings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startInBubble(t, nil)
		p := w.poll()
		c, _ := w.talk()
		opened := time.Now()
		for i := range 3 {
			p.expectGet(http.StatusOK, "2")
			c.expect("2")
			if at := elapsed(opened); at != 25*(i+1) {
				t.Errorf("ping %d came after %d s", i, at)
			}
			time.Sleep(19 * time.Second) // the next ping is no later for that
			p.expectPost(http.StatusOK, "3")
			c.say("3")
		}
	})
}

func TestUnansweredPing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startInBubble(t, nil)
		opened := time.Now()
		p := w.poll()
		c, a := w.talk()
		c.expectClosed(4408)
		if at := elapsed(opened); at != 45 {
			t.Errorf("closed after %d s", at)
		}
		a.expectClosed(t, "silent")
		p.app.expectClosed(t, "silent")
		p.expectGet(http.StatusBadRequest, "")
		p.expectPost(http.StatusBadRequest, "3")
		if n := w.metric("closed_total", "reason", "silent"); n != 2 {
			t.Errorf("%v sessions counted", n)
		}
	})
}

// TestLatePoll: a client that comes to poll once its time is up has none left,
// whether Run has looked or not.
func TestLatePoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startInBubble(t, nil)
		time.Sleep(500 * time.Millisecond) // between two looks
		p := w.poll()
		time.Sleep(45 * time.Second)
		p.expectGet(http.StatusBadRequest, "")
		p.app.expectClosed(t, "silent")
	})
}

// TestPongsAhead: pongs that nobody asked for put nothing off.
func TestPongsAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startInBubble(t, nil)
		c, a := w.talk()
		opened := time.Now()
		for range 20 {
			c.say("3")
			time.Sleep(time.Second)
		}
		c.expectClosed(4408)
		a.expectClosed(t, "silent")
		if at := elapsed(opened); at != 45 {
			t.Errorf("closed after %d s", at)
		}
	})
}

// TestBlockedApplication: a session whose application is busy still ends, and
// its context with it.
func TestBlockedApplication(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, a := startInBubble(t, nil).talk()
		c.say("4block")
		c.expectClosed(4408)
		a.expectClosed(t, "silent")
	})
}
