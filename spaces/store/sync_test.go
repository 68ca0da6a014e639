package store_test

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

type bodies = map[string]json.RawMessage

func load(t testing.TB, s *store.Store) store.SyncRows {
	t.Helper()
	rows, found, err := s.LoadSync(t.Context(), "daemon")
	ok(t, err)
	if !found {
		t.Fatal("nothing was saved")
	}
	slices.SortFunc(rows.Members, func(a, b store.SyncMember) int {
		return cmp.Or(cmp.Compare(a.RoomID, b.RoomID), cmp.Compare(a.UserID, b.UserID))
	})
	return rows
}

func wantRows(t testing.TB, s *store.Store, want store.SyncRows) {
	t.Helper()
	if got := load(t, s); !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
}

func cursor(batch string) store.Cursor {
	return store.Cursor{NextBatch: batch, FilterID: "7", SavedAt: time.UnixMilli(1767355200123)}
}

func TestSync(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		if _, found, err := s.LoadSync(ctx, "daemon"); err != nil || found {
			t.Fatalf("found %v, %v before anything was saved", found, err)
		}
		first := store.SyncRows{
			Cursor:  cursor("s1"),
			Members: []store.SyncMember{{"!a:x", "@1:x"}, {"!a:x", "@2:x"}, {"!b:x", "@2:x"}},
			People:  bodies{"@1:x": json.RawMessage(`{"name":"\u0000 \ud800 Ω"}`), "@2:x": json.RawMessage(`{ "n" : 1.0 }`)},
			Rooms:   bodies{"!a:x": json.RawMessage(`[]`)},
		}
		ok(t, s.SaveSync(ctx, "daemon", first))
		wantRows(t, s, first) // bytes and all

		second := store.SyncRows{
			Cursor:  cursor("s2"),
			Members: []store.SyncMember{{"!b:x", "@1:x"}, {"!b:x", "@2:x"}},
			Gone:    []store.SyncMember{{"!a:x", "@2:x"}, {"!never:x", "@2:x"}},
			People:  bodies{"@1:x": nil, "@2:x": json.RawMessage(`2`), "@3:x": json.RawMessage(`null`)},
		}
		want := store.SyncRows{
			Cursor:  cursor("s2"),
			Members: []store.SyncMember{{"!a:x", "@1:x"}, {"!b:x", "@1:x"}, {"!b:x", "@2:x"}},
			People:  bodies{"@2:x": json.RawMessage(`2`)},
			Rooms:   bodies{"!a:x": json.RawMessage(`[]`)},
		}
		for range 2 { // an answer that was lost and saved again changes nothing
			ok(t, s.SaveSync(ctx, "daemon", second))
			wantRows(t, s, want)
		}

		reset := store.SyncRows{Cursor: cursor("s9"), Reset: true, Members: []store.SyncMember{{"!c:x", "@9:x"}}}
		ok(t, s.SaveSync(ctx, "daemon", reset))
		wantRows(t, s, store.SyncRows{Cursor: cursor("s9"), Members: reset.Members, People: bodies{}, Rooms: bodies{}})
		if _, found, err := s.LoadSync(ctx, "other"); err != nil || found {
			t.Fatalf("found %v, %v under another account", found, err)
		}
	})
}

// TestSyncIsAtomic: rows that cannot be saved leave position and tables as
// they were.
func TestSyncIsAtomic(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		before := store.SyncRows{Cursor: cursor("s1"), Members: []store.SyncMember{{"!a:x", "@1:x"}}, People: bodies{}, Rooms: bodies{}}
		ok(t, s.SaveSync(t.Context(), "daemon", before))
		for _, bad := range []store.SyncRows{
			{Members: []store.SyncMember{{"!b:x", "@\x00:x"}}},
			{Gone: []store.SyncMember{{"!b\x00:x", "@1:x"}}},
			{People: bodies{"@1:x": json.RawMessage(`{`)}},
			{Rooms: bodies{"!\x00:x": json.RawMessage(`{}`)}},
		} {
			bad.Cursor, bad.Reset = cursor("s2"), true
			wantCode(t, s.SaveSync(t.Context(), "daemon", bad), spaces.CodeInvalid)
			wantRows(t, s, before)
		}
	})
}

// TestSyncRefusesStrangers: a publisher that lost its lease must not mix its
// rows into those of its successor.
func TestSyncRefusesStrangers(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		save := func(since, batch string, member string) error {
			c := cursor(batch)
			c.Since = since
			return s.SaveSync(ctx, "daemon", store.SyncRows{Cursor: c, Members: []store.SyncMember{{"!a:x", member}}})
		}
		ok(t, save("", "s1", "@1:x"))
		ok(t, save("s1", "s2", "@2:x"))
		wantCode(t, save("s1", "s2b", "@stranger:x"), spaces.CodeConflict, "another aggregator")
		ok(t, save("s1", "s2", "@2:x")) // the same save, repeated
		if got := load(t, s); got.Cursor != cursor("s2") || len(got.Members) != 2 {
			t.Fatalf("got %+v", got)
		}
		c := cursor("s3")
		c.Since = "elsewhere"
		ok(t, s.SaveSync(ctx, "daemon", store.SyncRows{Cursor: c, Reset: true}))
	})
}

// TestLoadSyncSeesOneMoment: position and tables always belong together, even
// while somebody saves.
func TestLoadSyncSeesOneMoment(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		save := func(n int) error {
			return s.SaveSync(t.Context(), "daemon", store.SyncRows{Cursor: cursor(number(n)), Rooms: bodies{"!a:x": json.RawMessage(number(n))}})
		}
		ok(t, save(0))
		done := make(chan struct{})
		go func() {
			defer close(done)
			for n := range 100 {
				if err := save(n); err != nil {
					t.Error(err)
				}
			}
		}()
		for saving := true; saving; {
			select {
			case <-done:
				saving = false
			default:
			}
			if got := load(t, s); got.Cursor.NextBatch != string(got.Rooms["!a:x"]) {
				t.Fatalf("position %s with the tables of %s", got.Cursor.NextBatch, got.Rooms["!a:x"])
			}
		}
	})
}
