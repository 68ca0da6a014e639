package bus_test

import (
	"fmt"
	"testing"
	"time"

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
