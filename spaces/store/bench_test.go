package store_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"presence/deploy/testpg"
	"presence/spaces"
	"presence/spaces/store"
)

// eachBench is [each] for benchmarks; PostgreSQL runs without fsync there.
func eachBench(b *testing.B, bench func(b *testing.B, s *store.Store)) {
	b.Run("sqlite", func(b *testing.B) { bench(b, open(b, "")) })
	b.Run("postgres", func(b *testing.B) { bench(b, open(b, testpg.Database(b))) })
}

// BenchmarkSaveSync saves batches of the given number of changed rows, half of
// them memberships and half people, over a table of 100,000 memberships.
func BenchmarkSaveSync(b *testing.B) {
	for _, rows := range []int{2, 100, 10_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			eachBench(b, func(b *testing.B, s *store.Store) {
				ok(b, s.SaveSync(b.Context(), "daemon", syncRows(0, 100_000)))
				n := 0
				for b.Loop() {
					n++
					ok(b, s.SaveSync(b.Context(), "daemon", syncRows(n, rows/2)))
				}
				b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		})
	}
}

// syncRows has count memberships and, apart from the first fill, as many
// people.
func syncRows(n, count int) store.SyncRows {
	rows := store.SyncRows{Cursor: cursor(number(n)), People: bodies{}}
	for i := range count {
		user := fmt.Sprintf("@user-%d:example.org", (n*7919+i)%10_000)
		rows.Members = append(rows.Members, store.SyncMember{RoomID: fmt.Sprintf("!room-%d-%d:example.org", n%50, i/10_000), UserID: user})
		if n > 0 {
			rows.People[user] = json.RawMessage(fmt.Sprintf(`{"presence":"online","at":%d,"name":"Somebody"}`, n))
		}
	}
	return rows
}

func BenchmarkLoadSync(b *testing.B) {
	eachBench(b, func(b *testing.B, s *store.Store) {
		ok(b, s.SaveSync(b.Context(), "daemon", syncRows(1, 10_000)))
		ok(b, s.SaveSync(b.Context(), "daemon", syncRows(0, 100_000)))
		for b.Loop() {
			_, _, err := s.LoadSync(b.Context(), "daemon")
			ok(b, err)
		}
	})
}

// BenchmarkLinksVersion is what the aggregator asks every second, and
// BenchmarkLinks what it asks after a change.
func BenchmarkLinksVersion(b *testing.B) {
	eachBench(b, func(b *testing.B, s *store.Store) {
		for b.Loop() {
			_, err := s.LinksVersion(b.Context())
			ok(b, err)
		}
	})
}

func BenchmarkLinks(b *testing.B) {
	eachBench(b, func(b *testing.B, s *store.Store) {
		links := make([]spaces.Link, 5000)
		for i := range links {
			links[i] = link("room-" + number(i))
		}
		ok(b, s.ReplaceLinks(b.Context(), store.OriginHTTP, links))
		for b.Loop() {
			_, err := s.Links(b.Context())
			ok(b, err)
		}
	})
}
