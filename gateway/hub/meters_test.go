package hub_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"presence/gateway/hub"
	"presence/gateway/wire"
	"presence/spaces"
)

// TestLimitsOutlastStays: who leaves and comes back, on whatever socket, goes on
// with what they had used up; others do not pay for it.
func TestLimitsOutlastStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		comes := func(person, socket string) *hub.Member {
			c := newClient(t, socket)
			a := w.arrival(c, lobby)
			a.Viewer.Subject = person
			m, err := w.hub.Enter(t.Context(), a)
			ok(t, err)
			return m
		}
		wave := func(m *hub.Member) int {
			for n := range 100 {
				if m.Emote("wave") != nil {
					return n
				}
			}
			return 100
		}
		m := comes("hive:mallory", "m-1")
		if n := wave(m); n != 12 {
			t.Errorf("%d gestures at once, want 12", n)
		}
		ok(t, m.Leave(t.Context()))
		again, beside := comes("hive:mallory", "m-2"), comes("hive:mallory", "m-3")
		if n, more := wave(again), wave(beside); n+more != 0 {
			t.Errorf("%d and %d gestures after leaving and coming back, want none", n, more)
		}
		if n := wave(comes("hive:alice", "a-1")); n != 12 {
			t.Errorf("somebody else may make %d", n)
		}
		ok(t, again.Leave(t.Context()))
		ok(t, beside.Leave(t.Context()))
		time.Sleep(time.Minute)
		if n := wave(comes("hive:mallory", "m-4")); n != 12 {
			t.Errorf("%d gestures after a minute, want 12", n)
		}
		w.stop()
	})
}

func guestFrom(network string, i int) spaces.Viewer {
	return spaces.Viewer{Subject: fmt.Sprint("guest:", network, i), Guest: true, Network: network}
}

// TestAsking: twenty spaces at once for a person, however they connect, and some
// hundreds for all guests of a network.
func TestAsking(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		asks := func(most int, who func(i int) spaces.Viewer) int {
			for i := range most {
				if err := w.hub.MayAsk(who(i)); err != nil {
					wantCode(t, err, spaces.CodeRateLimited)
					return i
				}
			}
			return most
		}
		for what, c := range map[string]struct {
			who  func(i int) spaces.Viewer
			want int
		}{
			"a person":                 {func(int) spaces.Viewer { return spaces.Viewer{Subject: "hive:alice", Network: "a"} }, 20},
			"people of a network":      {func(i int) spaces.Viewer { return spaces.Viewer{Subject: fmt.Sprint("hive:p", i), Network: "p"} }, 1000},
			"guests of a network":      {func(i int) spaces.Viewer { return guestFrom("g", i) }, 300},
			"guests of this machine":   {func(i int) spaces.Viewer { return guestFrom(spaces.LocalNetwork, i) }, 1000},
			"guests of who knows what": {func(i int) spaces.Viewer { return guestFrom("", i) }, 1000},
		} {
			if n := asks(1000, c.who); n != c.want {
				t.Errorf("%s: %d questions are taken, want %d", what, n, c.want)
			}
		}
		time.Sleep(time.Second)
		if n := asks(1000, func(int) spaces.Viewer { return spaces.Viewer{Subject: "hive:alice"} }); n != 2 {
			t.Errorf("%d questions after a second, want 2", n)
		}
		w.stop()
	})
}

// TestGuestsRelay: guests of one network, as many as they make themselves,
// cannot use up what a space relays.
func TestGuestsRelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		data := json.RawMessage(`"` + strings.Repeat("x", 15<<10) + `"`)
		comes := func(v spaces.Viewer, i int) *hub.Member {
			a := w.arrival(newClient(t, fmt.Sprint(v.Subject, i)), lobby)
			a.Viewer = v
			m, err := w.hub.Enter(t.Context(), a)
			ok(t, err)
			return m
		}
		taken := 0
		for i := range 10 {
			m := comes(guestFrom("net", i), i)
			for m.Send(wire.EntityAFrame, "", data) == nil {
				taken += len(data)
			}
			ok(t, m.Leave(t.Context()))
		}
		if taken > 512<<10 || taken < 400<<10 {
			t.Errorf("guests of one network relayed %d KB at once, want half of what the space does", taken>>10)
		}
		for i, v := range []spaces.Viewer{guestFrom("other", 1), {Subject: "hive:alice", Network: "net"}} {
			ok(t, comes(v, i).Send(wire.EntityAFrame, "", data))
		}
		w.stop()
	})
}
