package store_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

func login(id, subject string) store.Login {
	return store.Login{
		ID: id, Subject: subject, Method: "hive", Proof: "STMx", Created: noon, Expires: noon.Add(30 * 24 * time.Hour), Generation: 1, Rotated: noon,
	}
}

func TestLogins(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		want := login("one", "hive:alice")
		ok(t, s.AddLogin(ctx, want))
		ok(t, s.AddLogin(ctx, store.Login{ID: "one", Subject: "hive:mallory", Created: noon, Expires: noon}))
		got, err := s.Login(ctx, "one")
		ok(t, err)
		if got.Subject != want.Subject || got.Proof != want.Proof || !got.Created.Equal(noon) || !got.Expires.Equal(want.Expires) || got.Generation != 1 || !got.Revoked.IsZero() {
			t.Errorf("got %+v, want %+v", got, want)
		}
		_, err = s.Login(ctx, "two")
		wantCode(t, err, spaces.CodeNotFound, "login")

		late := login("two", "hive:alice")
		late.Created = noon.Add(time.Hour)
		ok(t, s.AddLogin(ctx, late))
		ok(t, s.AddLogin(ctx, login("three", "matrix:@bob:example.org")))
		check := func(subject string, now time.Time, limit int, want ...string) {
			t.Helper()
			found, err := s.Logins(ctx, subject, now, limit)
			ok(t, err)
			var ids []string
			for _, l := range found {
				ids = append(ids, l.ID)
			}
			if !slices.Equal(ids, want) {
				t.Errorf("logins of %q: %v, want %v", subject, ids, want)
			}
		}
		check("hive:alice", noon, 10, "two", "one")
		check("hive:alice", noon, 1, "two")
		check("", noon, 10, "two", "one", "three")
		check("hive:alice", want.Expires, 10)
		_, err = s.Revoke(ctx, store.Revocation{Login: "two", By: "operator", Now: noon, Forget: noon.Add(time.Hour)})
		ok(t, err)
		check("hive:alice", noon, 10, "one")
	})
}

// TestLoginsDoNotPileUp: those that ended long ago go when later ones come.
func TestLoginsDoNotPileUp(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ok(t, s.AddLogin(ctx, login("old", "hive:alice")))
		next := login("new", "hive:alice")
		next.Created = noon.Add(38 * 24 * time.Hour)
		ok(t, s.AddLogin(ctx, next))
		_, err := s.Login(ctx, "old")
		wantCode(t, err, spaces.CodeNotFound)
	})
}

func TestRotateLogin(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ok(t, s.AddLogin(ctx, login("one", "hive:alice")))
		var crowd sync.WaitGroup
		var rotated atomic.Int64
		for range 8 {
			crowd.Go(func() {
				did, err := s.RotateLogin(ctx, "one", 1, noon.Add(time.Minute))
				if err != nil {
					t.Error(err)
				}
				if did {
					rotated.Add(1)
				}
			})
		}
		crowd.Wait()
		got, err := s.Login(ctx, "one")
		ok(t, err)
		if rotated.Load() != 1 || got.Generation != 2 || !got.Rotated.Equal(noon.Add(time.Minute)) {
			t.Errorf("rotated %d times: %+v", rotated.Load(), got)
		}
		for name, c := range map[string]struct {
			id         string
			generation int64
			now        time.Time
		}{
			"an old generation": {"one", 1, noon}, "a later one": {"one", 3, noon},
			"nobody's": {"two", 1, noon}, "over": {"one", 2, got.Expires},
		} {
			if did, err := s.RotateLogin(ctx, c.id, c.generation, c.now); did || err != nil {
				t.Errorf("%s: rotated %t, %v", name, did, err)
			}
		}
		_, err = s.Revoke(ctx, store.Revocation{Login: "one", By: "hive:alice", Now: noon, Forget: noon.Add(time.Hour)})
		ok(t, err)
		if did, err := s.RotateLogin(ctx, "one", 2, noon); did || err != nil {
			t.Errorf("a revoked login rotates: %t, %v", did, err)
		}
	})
}

func TestRevoke(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ok(t, s.AddLogin(ctx, login("one", "hive:alice")))
		revoke := func(id string, forget time.Time) bool {
			t.Helper()
			ended, err := s.Revoke(ctx, store.Revocation{Login: id, By: "operator", Reason: "stolen", Now: noon, Forget: forget})
			ok(t, err)
			return ended
		}
		if !revoke("one", noon.Add(time.Hour)) || revoke("one", noon.Add(time.Hour)) || !revoke("guest:x", noon.Add(time.Minute)) {
			t.Error("wrong about what held until now")
		}
		got, err := s.Login(ctx, "one")
		ok(t, err)
		if !got.Revoked.Equal(noon) || got.Reason != "stolen" {
			t.Errorf("got %+v", got)
		}
		for _, c := range []struct {
			now  time.Time
			want []string
		}{{noon, []string{"guest:x", "one"}}, {noon.Add(time.Minute), []string{"one"}}, {noon.Add(time.Hour), nil}} {
			found, err := s.Revoked(ctx, c.now)
			ok(t, err)
			slices.Sort(found)
			if !slices.Equal(found, c.want) {
				t.Errorf("at %s: %v, want %v", c.now, found, c.want)
			}
		}
		rows, err := s.AuditLog(ctx, spaces.Key{}, 0, 10)
		ok(t, err)
		var acts []string
		for _, row := range rows {
			acts = append(acts, fmt.Sprintf("%s %s %s %s", row.Subject, row.Action, row.Target, row.Details["reason"]))
		}
		if want := []string{"operator end_login guest:x stolen", "operator end_login one stolen", "hive:alice login one "}; !slices.Equal(acts, want) {
			t.Errorf("the audit log says %q, want %q", acts, want)
		}
	})
}
