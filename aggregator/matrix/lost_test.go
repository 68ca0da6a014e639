package matrix_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"presence/aggregator/matrix"
	"presence/synthetic"
)

// TestLostAnswerIsSaid, on a real connection: net/http asks again by itself
// when an answer is lost, and Dendrite does not say presence twice, so the
// caller has to know.
func TestLostAnswerIsSaid(t *testing.T) {
	t.Parallel()
	hs := synthetic.New("hs", synthetic.Dendrite())
	defer hs.Close()
	listener := httptest.NewServer(hs)
	defer listener.Close()
	cfg := matrix.Config{Homeserver: listener.URL, UserID: hs.AddUser("presence"), Password: "secret"}
	room, alice := hs.CreateRoom(""), hs.AddUser("alice")
	hs.Join(cfg.UserID, room)
	hs.Join(alice, room)
	c := connect(t, cfg, &kept{})
	defer c.Close()
	first, err := c.Sync(t.Context(), matrix.SyncRequest{})
	if err != nil {
		t.Fatal(err)
	}

	hs.SetPresence(alice, "online")
	hs.Fail("sync", synthetic.Fault{Lost: true})
	poll := matrix.SyncRequest{Since: first.NextBatch, Timeout: time.Second}
	again, err := c.Sync(t.Context(), poll)
	if err == nil {
		t.Fatalf("the answer that told of alice was lost, and instead came %+v", again.Batch)
	}
	if f := matrix.Classify(err); f.Kind != matrix.Retry || f.Status != 0 {
		t.Errorf("%v is %+v, want a lost answer", err, f)
	}
	fresh, err := c.Sync(t.Context(), matrix.SyncRequest{})
	if err != nil || len(fresh.Batch.Rooms) != 1 {
		t.Errorf("afterwards: %+v, %v", fresh, err)
	}
}
