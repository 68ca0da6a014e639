package store_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

func number(i int) string { return strconv.Itoa(i) }

func TestPing(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ok(t, s.Ping(t.Context()))
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if s.Ping(ended) == nil {
			t.Fatal("no error although the context has ended")
		}
	})
}

// TestTxPanic: a panic must not leave a transaction behind, which would make
// every later write on SQLite wait until it times out.
func TestTxPanic(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		for range 12 { // more often than there are connections
			func() {
				defer func() {
					if recover() == nil {
						t.Error("the panic was swallowed")
					}
				}()
				_ = s.Tx(t.Context(), func(ctx context.Context) error {
					ok(t, s.AddMember(ctx, "dao", "half-done"))
					panic("on purpose")
				})
			}()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second) // under SQLite's own timeout
		defer cancel()
		ok(t, s.AddMember(ctx, "dao", "alice"))
		members, err := s.Members(ctx)
		ok(t, err)
		if !slices.Equal(members, []store.Membership{{MicroDAO: "dao", Subject: "alice"}}) {
			t.Fatalf("members %v", members)
		}
	})
}

func TestTxRollsBack(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		stop := errors.New("stop")
		err := s.Tx(t.Context(), func(ctx context.Context) error {
			ok(t, s.AddMember(ctx, "dao", "alice"))
			return stop
		})
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		if members, err := s.Members(t.Context()); err != nil || len(members) != 0 {
			t.Fatalf("members %v, %v", members, err)
		}
	})
}

func TestMembers(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		const matrix = "matrix:@алиса:тест"
		for _, m := range []store.Membership{{"b-dao", matrix}, {"a_dao", matrix}, {"a_dao", matrix}, {"b-dao", "uuid-2"}} {
			ok(t, s.AddMember(ctx, m.MicroDAO, m.Subject))
		}
		members, err := s.Members(ctx)
		ok(t, err)
		if !slices.Equal(members, []store.Membership{{"a_dao", matrix}, {"b-dao", matrix}, {"b-dao", "uuid-2"}}) {
			t.Fatalf("members %v", members)
		}
		ok(t, s.RemoveMember(ctx, "b-dao", matrix))
		wantCode(t, s.RemoveMember(ctx, "b-dao", matrix), spaces.CodeNotFound)
		members, err = s.Members(ctx)
		ok(t, err)
		if !slices.Equal(members, []store.Membership{{"a_dao", matrix}, {"b-dao", "uuid-2"}}) {
			t.Fatalf("members %v", members)
		}
		for _, bad := range []string{"", "a\x00b", "\xff", string(make([]byte, 301))} {
			wantCode(t, s.AddMember(ctx, "dao", bad), spaces.CodeInvalid, "subject")
			wantCode(t, s.AddMember(ctx, bad, "alice"), spaces.CodeInvalid, "microdao_id")
		}
		for _, swapped := range []string{matrix, "@alice", "city:alice", "a dao", "a\u00a0dao"} {
			wantCode(t, s.AddMember(ctx, swapped, "dao"), spaces.CodeInvalid, "microdao_id")
			wantCode(t, s.RemoveMember(ctx, swapped, "dao"), spaces.CodeNotFound)
		}
	})
}
