package chat_test

import (
	"fmt"
	"sync"
	"testing"

	"presence/spaces"
)

// TestFollowAcrossGateways: everybody hears what everybody writes, once and in
// order, whichever gateway they are on.
func TestFollowAcrossGateways(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one, two := w.gateway(), w.gateway()
		one.send(alice, "0", "before")
		ears := []*ear{one.follow(), two.follow(), one.follow()}
		for i, e := range ears {
			if e.from != 1 {
				t.Errorf("ear %d begins after %d", i, e.from)
			}
		}
		const each = 8
		var group sync.WaitGroup
		for n, g := range []*gateway{one, two} {
			for writer := range 3 {
				group.Go(func() {
					v := spaces.Viewer{Subject: fmt.Sprintf("hive:writer%d%d", n, writer)}
					for i := range each {
						if _, err := g.Send(t.Context(), v, lobby, spaces.Draft{ClientID: fmt.Sprint(i), Content: "x"}); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		group.Wait()
		for _, e := range ears {
			e.until(1 + 2*3*each)
		}
	})
}

// TestFollowThroughAnOutage: while NATS is away lines are late and none is
// lost; what could not be published then is published later.
func TestFollowThroughAnOutage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one, two := w.gateway(), w.gateway()
		here, there := one.follow(), two.follow()
		one.send(alice, "1", "before")
		there.until(1)

		w.nats.Stop()
		for i := range 5 {
			one.send(alice, fmt.Sprint("during", i), "x")
		}
		two.send(bob, "1", "from over there")
		here.until(7)
		there.until(7)
		late := two.follow() // also somebody who comes during the outage
		one.send(alice, "2", "x")
		late.until(8)

		w.nats.Start()
		one.send(alice, "3", "after")
		two.send(bob, "2", "after")
		for _, e := range []*ear{here, there, late} {
			e.until(10)
		}
		until(t, "the outbox is empty", func() bool {
			waiting, err := one.store.ChatOutbox(t.Context(), distantFuture, 1)
			return err == nil && len(waiting) == 0
		})
	})
}

// TestFollowOfAGatewayThatStopped: what a gateway wrote last is heard although
// it has gone.
func TestFollowOfAGatewayThatStopped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one, two := w.gateway(), w.gateway()
		e := two.follow()
		one.send(alice, "1", "x")
		one.stop()
		two.send(bob, "1", "y")
		events := e.until(2)
		if events[0].By != "hive:alice" || events[1].By != "hive:bob" {
			t.Errorf("got %+v", events)
		}
		if _, _, err := one.Follow(lobby, func([]spaces.ChatEvent) {}); spaces.ErrorCode(err) != spaces.CodeUnavailable {
			t.Errorf("following a service that has ended: %v", err)
		}
	})
}

// TestFollowEdits: an event tells what it is about.
func TestFollowEdits(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		g := w.gateway()
		e := g.follow()
		m := g.send(alice, "1", "first")
		_, err := g.Edit(t.Context(), alice, lobby, m.ID, "second @bob")
		ok(t, err)
		_, err = g.React(t.Context(), bob, lobby, m.ID, "👍", true)
		ok(t, err)
		_, err = g.Delete(t.Context(), alice, lobby, m.ID)
		ok(t, err)
		events := e.until(4)
		for i, want := range []spaces.ChatKind{spaces.ChatNew, spaces.ChatEdited, spaces.ChatReaction, spaces.ChatDeleted} {
			if events[i].Kind != want {
				t.Errorf("event %d is %s, want %s", i, events[i].Kind, want)
			}
		}
		if events[1].Message.Content != "second @bob" || events[2].By != "hive:bob" || events[2].Message.Reactions[0].Count != 1 || !events[3].Message.Deleted {
			t.Errorf("got %+v", events)
		}
	})
}
