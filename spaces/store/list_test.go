package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

var listDay = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func post(permlink string, kind spaces.Kind, title string, age, votes int) store.Post {
	return store.Post{
		Author: "alice", Permlink: permlink, Kind: kind, Title: title, Votes: int64(votes), Content: "About " + title,
		CreatedAt: listDay.Add(-time.Duration(age) * time.Hour),
	}
}

func lobbySpace() spaces.Space {
	return spaces.Space{Key: spaces.Key{Type: spaces.TypeGlobal, ID: "lobby", Subspace: "main"}, Kind: spaces.KindLobby, Title: "Lobby", Public: true}
}

func cityRoom(slug string) spaces.Space {
	return spaces.Space{Key: spaces.Key{Type: spaces.TypeCity, ID: slug, Subspace: "main"}, Kind: spaces.KindCity, Title: "Café " + slug, Public: true}
}

// ids lists what a query finds, following the marks in pages of limit.
func ids(t *testing.T, s *store.Store, q store.ListQuery) string {
	t.Helper()
	var all []string
	q.Now = listDay
	for range 100 {
		page, err := s.List(t.Context(), q)
		ok(t, err)
		if len(page) > q.Limit {
			t.Fatalf("a page of %d, want %d", len(page), q.Limit)
		}
		for _, l := range page {
			_, short, _ := strings.Cut(l.Space.Key.ID, "/")
			if short == "" {
				short = l.Space.Key.ID
			}
			if l.People > 0 {
				short += fmt.Sprintf("(%d)", l.People)
			}
			all = append(all, short)
		}
		if len(page) < q.Limit {
			return strings.Join(all, " ")
		}
		q.After = &page[len(page)-1].Mark
	}
	t.Fatal("the list does not end")
	return ""
}

func fillList(t *testing.T, s *store.Store) {
	t.Helper()
	hidden, flagged, nsfw := post("hid", spaces.KindBlog, "Hidden", 0, 99), post("flag", spaces.KindBlog, "Flagged", 0, 99), post("naked", spaces.KindArt, "Naked Café", 2, 7)
	hidden.Hidden, flagged.Flagged, nsfw.NSFW = true, true, true
	ok(t, s.PutPosts(t.Context(), []store.Post{
		hidden, flagged, nsfw,
		post("a", spaces.Kind360, "The Café on the Moon", 1, 5), post("b", spaces.KindBlog, "Notes", 2, 9), post("c", spaces.Kind360, "Кафе Київ", 2, -3),
		post("d", spaces.KindGame, "Moon game", 4, 5),
	}))
	for id, public := range map[int64]bool{7: true, 8: false, 9: false} {
		_, err := s.PutDocument(t.Context(), store.Document{
			ID: id, Creator: "bob", Title: fmt.Sprintf("Moon document %d", id), Public: public, CreatedAt: listDay.Add(-3 * time.Hour),
			Shares: []store.Share{{Account: map[int64]string{7: "carol", 8: "carol", 9: "dave"}[id], Permission: "read"}},
		})
		ok(t, err)
	}
	for i, k := range []spaces.Key{
		{Type: spaces.TypePost, ID: "alice/d", Subspace: "main"},
		{Type: spaces.TypePost, ID: "alice/d", Subspace: "main-x"},
		{Type: spaces.TypeCity, ID: "plaza", Subspace: "main"},
		{Type: spaces.TypeDocument, ID: "7", Subspace: "main"},
		{Type: spaces.TypeDocument, ID: "7", Subspace: "main"},
		{Type: spaces.TypeDocument, ID: "7", Subspace: "main"},
	} {
		_, err := s.Enter(t.Context(), spaces.Session{ID: fmt.Sprint("s", i), Gateway: "g", Key: k, Subject: fmt.Sprint("hive:u", i), Name: "U", Door: spaces.DoorNative, ConnectedAt: listDay}, 50, listDay)
		ok(t, err)
	}
}

func TestListOrders(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		fillList(t, s)
		rooms := []spaces.Space{lobbySpace(), cityRoom("plaza"), cityRoom("tower")}
		for name, c := range map[string]struct {
			q    store.ListQuery
			want string
		}{
			"new":               {store.ListQuery{Sort: store.SortNew}, "lobby a c b 7(3) d(2) plaza(1) tower"},
			"nsfw":              {store.ListQuery{Sort: store.SortNew, NSFW: true}, "lobby a c b naked 7(3) d(2) plaza(1) tower"},
			"votes":             {store.ListQuery{Sort: store.SortVotes}, "lobby b a d(2) 7(3) plaza(1) tower c"},
			"life":              {store.ListQuery{Sort: store.SortLife}, "7(3) d(2) plaza(1) lobby a c b tower"},
			"a kind":            {store.ListQuery{Sort: store.SortLife, Kind: spaces.Kind360}, "a c"},
			"posts":             {store.ListQuery{Sort: store.SortNew, Type: spaces.TypePost}, "a c b d(2)"},
			"documents":         {store.ListQuery{Sort: store.SortNew, Type: spaces.TypeDocument}, "7(3)"},
			"shared documents":  {store.ListQuery{Sort: store.SortNew, Type: spaces.TypeDocument, Subject: "hive:carol"}, "8 7(3)"},
			"own documents":     {store.ListQuery{Sort: store.SortLife, Kind: spaces.KindDocument, Subject: "hive:bob"}, "7(3) 9 8"},
			"namesake":          {store.ListQuery{Sort: store.SortNew, Type: spaces.TypeDocument, Subject: "bob"}, "7(3)"},
			"search a word":     {store.ListQuery{Sort: store.SortNew, Search: "moon"}, "a 7(3) d(2)"},
			"search by life":    {store.ListQuery{Sort: store.SortLife, Search: "MOON"}, "7(3) d(2) a"},
			"search by votes":   {store.ListQuery{Sort: store.SortVotes, Search: "mo"}, "a d(2) 7(3)"},
			"search two words":  {store.ListQuery{Sort: store.SortNew, Search: "moon caf"}, "a"},
			"search rooms too":  {store.ListQuery{Sort: store.SortNew, Search: "café", NSFW: true}, "a naked plaza(1) tower"},
			"search any script": {store.ListQuery{Sort: store.SortNew, Search: "київ"}, "c"},
			"search an author":  {store.ListQuery{Sort: store.SortNew, Search: "alice", Type: spaces.TypePost}, "a c b d(2)"},
			"search nothing":    {store.ListQuery{Sort: store.SortNew, Search: "xyzzy"}, ""},
			"search signs":      {store.ListQuery{Sort: store.SortNew, Search: "%' _", Type: spaces.TypeGlobal}, "lobby"},
		} {
			c.q.Rooms = rooms
			for _, limit := range []int{1, 2, 3, 100} {
				c.q.Limit = limit
				if got := ids(t, s, c.q); got != c.want {
					t.Errorf("%s in pages of %d: %s, want %s", name, limit, got, c.want)
				}
			}
		}
	})
}

func TestListOffset(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		fillList(t, s)
		page, err := s.List(t.Context(), store.ListQuery{Sort: store.SortNew, Limit: 2, Offset: 2, Now: listDay})
		ok(t, err)
		if len(page) != 2 || page[0].Space.Key.ID != "alice/b" || page[1].Space.Key.ID != "7" {
			t.Errorf("the second two of the list: %+v", page)
		}
	})
}
