package bus_test

import (
	"fmt"
	"testing"
	"time"

	"presence/deploy/testnats"
	"presence/spaces"
	"presence/spaces/bus"
)

var chatLobby = spaces.Key{Type: spaces.TypeGlobal, ID: spaces.Lobby, Subspace: spaces.MainSubspace}

func event(key spaces.Key, seq int64) bus.HistoryEvent {
	return bus.HistoryEvent{Key: key, Event: spaces.ChatEvent{
		Seq: seq, Kind: spaces.ChatNew, By: "hive:alice", At: time.UnixMilli(seq).UTC(),
		Message: spaces.Message{ID: seq, Key: key, Content: fmt.Sprint("שלום ", seq), Mentions: []string{}, Reactions: []spaces.Reaction{}},
	}}
}

func publish(t *testing.T, b *bus.Bus, events ...bus.HistoryEvent) {
	t.Helper()
	stored, err := b.PublishHistory(t.Context(), events)
	if err != nil || len(stored) != len(events) {
		t.Fatalf("stored %d of %d: %v", len(stored), len(events), err)
	}
}

// TestHistoryReachesFollowers of the same space in another process, and in
// this one.
func TestHistoryReachesFollowers(t *testing.T) {
	each(t, func(t *testing.T, cfg bus.Config) {
		b := open(t, cfg)
		heard := make(chan spaces.ChatEvent, 10)
		post := spaces.Key{Type: spaces.TypePost, ID: "alice/a.b", Subspace: "up.stairs"}
		stop, err := b.FollowHistory(post, func(e spaces.ChatEvent) { heard <- e })
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		publish(t, b, event(chatLobby, 1), event(post, 1), event(post, 2))
		publish(t, b, event(post, 2), event(post, 3)) // again is harmless
		for _, seq := range []int64{1, 2, 2, 3} {
			select {
			case e := <-heard:
				if fmt.Sprint(e) != fmt.Sprint(event(post, seq).Event) {
					t.Errorf("heard %+v, want %d", e, seq)
				}
			case <-time.After(patience):
				t.Fatalf("did not hear %d", seq)
			}
		}
	})
}

// TestHistoryAfterTrouble: while NATS is away publishing fails at once, and
// afterwards it works again, also when the stream is gone; followers go on.
func TestHistoryAfterTrouble(t *testing.T) {
	t.Parallel()
	n := testnats.Start(t)
	_, js := outsider(t, n)
	b := open(t, bus.Config{URL: n.URL()})
	heard := make(chan int64, 100)
	stop, err := b.FollowHistory(chatLobby, func(e spaces.ChatEvent) { heard <- e.Seq })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	publish(t, b, event(chatLobby, 1))

	n.Stop()
	if stored, err := b.PublishHistory(t.Context(), []bus.HistoryEvent{event(chatLobby, 2)}); len(stored) > 0 || spaces.ErrorCode(err) != spaces.CodeUnavailable {
		t.Errorf("without a server: stored %v, %v", stored, err)
	}
	n.Start()
	publishAtLast(t, b, event(chatLobby, 2))

	if err := js.DeleteStream(t.Context(), "SPACE_HISTORY"); err != nil {
		t.Fatal(err)
	}
	publishAtLast(t, b, event(chatLobby, 3))
	for late := time.After(patience); ; {
		select {
		case seq := <-heard:
			if seq == 3 {
				return
			}
		case <-late:
			t.Fatal("the follower did not hear the last event")
		}
	}
}

// publishAtLast publishes as an outbox does: again until it is acknowledged.
func publishAtLast(t *testing.T, b *bus.Bus, e bus.HistoryEvent) {
	t.Helper()
	for late := time.After(patience); ; {
		if stored, err := b.PublishHistory(t.Context(), []bus.HistoryEvent{e}); err == nil && len(stored) == 1 {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-late:
			t.Fatalf("event %d was never stored", e.Event.Seq)
		}
	}
}
