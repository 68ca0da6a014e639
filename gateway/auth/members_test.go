package auth_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

// TestRevocationReachesLiveViewers: what Run reads decides at once, for viewers
// who came long before.
func TestRevocationReachesLiveViewers(t *testing.T) {
	t.Parallel()
	token := city(t, set("sub", "alice"))
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		council := spaces.Link{Slug: "council", MicroDAO: "council"}
		w.store.set(nil, store.Membership{MicroDAO: "council", Subject: "alice"})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		if w.Ready(ctx) == nil {
			t.Error("ready before the members were read")
		}
		go func() { done <- w.Run(ctx) }()
		synctest.Wait()
		if err := w.Ready(ctx); err != nil {
			t.Error(err)
		}

		v, _, err := w.Viewer(ctx, token)
		if err != nil || !v.CanSee(council) {
			t.Fatalf("got %+v, %v; want a member", v, err)
		}
		w.store.set(errors.New("away"))
		time.Sleep(10 * time.Second)
		if !current(w, v).CanSee(council) {
			t.Error("an absent store takes rights away")
		}

		w.store.set(nil)
		time.Sleep(3 * time.Second)
		if current(w, v).CanSee(council) {
			t.Error("a membership that was taken away still holds after 3 s")
		}
		if !v.CanSee(council) {
			t.Error("Current changed its argument")
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
