package store_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

func TestChallenge(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		want := store.Challenge{Hash: "h", Account: "alice", Purpose: "login", Expires: noon.Add(5 * time.Minute)}
		ok(t, s.PutChallenge(ctx, want))
		for _, read := range []func() (store.Challenge, error){
			func() (store.Challenge, error) { return s.Challenge(ctx, "h", noon) },
			func() (store.Challenge, error) { return s.TakeChallenge(ctx, "h", noon) },
		} {
			got, err := read()
			ok(t, err)
			if got.Account != want.Account || got.Purpose != want.Purpose || !got.Expires.Equal(want.Expires) {
				t.Errorf("got %+v", got)
			}
		}
		_, err := s.Challenge(ctx, "h", noon)
		wantCode(t, err, spaces.CodeUnauthenticated, "challenge")
		ok(t, s.PutChallenge(ctx, want))
		_, err = s.TakeChallenge(ctx, "h", want.Expires)
		wantCode(t, err, spaces.CodeUnauthenticated)
		ok(t, s.PutChallenge(ctx, want))
		ok(t, s.PutChallenge(ctx, store.Challenge{Hash: "late", Expires: noon.Add(2 * time.Hour)}))
		_, err = s.Challenge(ctx, "h", noon)
		wantCode(t, err, spaces.CodeUnauthenticated) // it went when a later one came
	})
}

func TestUseOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		var crowd sync.WaitGroup
		var used atomic.Int64
		for range 8 {
			crowd.Go(func() {
				err := s.UseOnce(ctx, "h", noon, noon.Add(time.Hour))
				switch spaces.ErrorCode(err) {
				case "":
					used.Add(1)
				case spaces.CodeUnauthenticated:
				default:
					t.Error(err)
				}
			})
		}
		crowd.Wait()
		if used.Load() != 1 {
			t.Errorf("used %d times", used.Load())
		}
		wantCode(t, s.UseOnce(ctx, "h", noon.Add(time.Hour), noon.Add(2*time.Hour)), spaces.CodeUnauthenticated)
		ok(t, s.UseOnce(ctx, "h", noon.Add(time.Hour+time.Millisecond), noon.Add(2*time.Hour)))
	})
}
