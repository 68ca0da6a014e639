package store_test

import (
	"fmt"
	"testing"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

// BenchmarkList lists a page of 20 out of a million posts in each order, with
// 2,000 people in 500 of them.
func BenchmarkList(b *testing.B) {
	const posts = 1_000_000
	eachBench(b, func(b *testing.B, s *store.Store) {
		fillPosts(b, s, posts)
		fillPeople(b, s, 2000)
		ok(b, s.AnalyzeContent(b.Context()))
		deep := &store.Mark{At: listDay.Add(-posts / 2 * time.Minute), Arm: 1, ID: posts / 2}
		for name, q := range map[string]store.ListQuery{
			"new":         {Sort: store.SortNew},
			"new/deep":    {Sort: store.SortNew, After: deep},
			"new/nsfw":    {Sort: store.SortNew, NSFW: true},
			"new/offset":  {Sort: store.SortNew, Offset: 1000},
			"kind":        {Sort: store.SortNew, Kind: spaces.KindGame},
			"votes":       {Sort: store.SortVotes},
			"life":        {Sort: store.SortLife},
			"life/deep":   {Sort: store.SortLife, After: deep},
			"life/kind":   {Sort: store.SortLife, Kind: spaces.KindArt},
			"search/rare": {Sort: store.SortNew, Search: "w77777"},
			"search/all":  {Sort: store.SortLife, Search: "place"},
			"search/two":  {Sort: store.SortVotes, Search: "place w12"},
		} {
			b.Run(name, func(b *testing.B) {
				q.Limit, q.Now = 20, listDay
				for b.Loop() {
					page, err := s.List(b.Context(), q)
					ok(b, err)
					if len(page) == 0 {
						b.Fatal("an empty page")
					}
				}
			})
		}
	})
}

func fillPosts(b testing.TB, s *store.Store, count int) {
	b.Helper()
	batch := make([]store.Post, 0, 10_000)
	for i := range count {
		p := post(fmt.Sprint("p", i), spaces.PostKinds[i%len(spaces.PostKinds)], fmt.Sprintf("A place of w%d", i), 0, i*7919%1000)
		p.CreatedAt, p.NSFW, p.Hidden = listDay.Add(-time.Duration(count-i)*time.Minute), i%50 == 0, i%97 == 0
		if batch = append(batch, p); len(batch) == cap(batch) || i == count-1 {
			ok(b, s.PutPosts(b.Context(), batch))
			batch = batch[:0]
		}
	}
}

func fillPeople(b testing.TB, s *store.Store, count int) {
	b.Helper()
	for i := range count {
		k := spaces.Key{Type: spaces.TypePost, ID: fmt.Sprint("alice/p", i%500*7+1), Subspace: "main"}
		ok(b, s.Reseat(b.Context(), spaces.Session{ID: fmt.Sprint("s", i), Gateway: "g", Key: k, Subject: "hive:u", Door: spaces.DoorNative, ConnectedAt: listDay}, listDay))
	}
}
