package store_test

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func TestTicket(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		body := json.RawMessage(`{"sub":"guest:1","name":"a\u0000b"}`)
		ok(t, s.PutTicket(ctx, "h1", body, noon.Add(time.Minute)))
		wantCode(t, s.PutTicket(ctx, "h1", body, noon.Add(time.Minute)), spaces.CodeConflict, "ticket")
		wantCode(t, s.PutTicket(ctx, "h2", json.RawMessage("{"), noon), spaces.CodeInvalid, "JSON")
		got, err := s.TakeTicket(ctx, "h1", noon)
		ok(t, err)
		if string(got) != string(body) {
			t.Fatalf("got %s", got)
		}
		_, err = s.TakeTicket(ctx, "h1", noon)
		wantCode(t, err, spaces.CodeUnauthenticated, "ticket")

		ok(t, s.PutTicket(ctx, "late", body, noon))
		_, err = s.TakeTicket(ctx, "late", noon)
		wantCode(t, err, spaces.CodeUnauthenticated)
		_, err = s.TakeTicket(ctx, "late", noon.Add(-time.Hour))
		wantCode(t, err, spaces.CodeUnauthenticated) // the first try used it up
	})
}

func TestTicketHasOneTaker(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ok(t, s.PutTicket(t.Context(), "h", json.RawMessage("{}"), noon))
		var takers sync.WaitGroup
		var taken atomic.Int64
		for range 16 {
			takers.Go(func() {
				_, err := s.TakeTicket(t.Context(), "h", noon.Add(-time.Second))
				switch spaces.ErrorCode(err) {
				case "":
					taken.Add(1)
				case spaces.CodeUnauthenticated:
				default:
					t.Error(err)
				}
			})
		}
		takers.Wait()
		if taken.Load() != 1 {
			t.Fatalf("taken %d times", taken.Load())
		}
	})
}

// TestTicketsDoNotPileUp: tickets nobody takes go when later ones come.
func TestTicketsDoNotPileUp(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ok(t, s.PutTicket(ctx, "old", json.RawMessage("{}"), noon))
		ok(t, s.PutTicket(ctx, "new", json.RawMessage("{}"), noon.Add(2*time.Hour)))
		_, err := s.TakeTicket(ctx, "old", noon.Add(-time.Minute)) // in time, had it been kept
		wantCode(t, err, spaces.CodeUnauthenticated)
		_, err = s.TakeTicket(ctx, "new", noon)
		ok(t, err)
	})
}
