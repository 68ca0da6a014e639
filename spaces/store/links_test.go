package store_test

import (
	"slices"
	"sync"
	"testing"

	"presence/spaces"
	"presence/spaces/store"
)

// link is a public link to a room of its own.
func link(slug string) spaces.Link {
	l, err := spaces.Link{Slug: spaces.Slug(slug), RoomID: "!" + slug + ":test", Alias: "#city_" + slug + ":test", Public: true}.Normalize()
	if err != nil {
		panic(err)
	}
	return l
}

func slugs(t testing.TB, s *store.Store) []string {
	t.Helper()
	links, err := s.Links(t.Context())
	ok(t, err)
	names := []string{}
	for _, l := range links {
		names = append(names, string(l.Slug))
	}
	return names
}

func wantSlugs(t testing.TB, s *store.Store, want ...string) {
	t.Helper()
	if got := slugs(t, s); !slices.Equal(got, want) {
		t.Fatalf("links %q, want %q", got, want)
	}
}

func TestLinkKeepsEveryField(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		want := spaces.Link{
			Slug: "general", ID: "room_7", RoomID: "!abc:test", Alias: "#city_general:test", Name: "Площа “Ω” 🏙",
			Description: "it's \"quoted\"\nand long", Zone: "north", RoomType: "public", Icon: "zap", Color: "#00ffAA",
			Map: spaces.Rect{X: 1, Y: 2, W: 3, H: 4}, Public: false, MicroDAO: "dao-1",
		}
		ok(t, s.PutLink(t.Context(), store.OriginCLI, want))
		if got := find(t, s, "general"); got != want {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
		want.Public, want.MicroDAO, want.Map = true, "", spaces.Rect{}
		ok(t, s.PutLink(t.Context(), store.OriginCLI, want))
		if got := find(t, s, "general"); got != want {
			t.Fatalf("after a change: %+v\nwant %+v", got, want)
		}
	})
}

func TestPutLinkRefuses(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		general := link("general")
		general.Map = spaces.Rect{W: 2, H: 1}
		ok(t, s.PutLink(ctx, store.OriginCLI, general))
		ok(t, s.ReplaceLinks(ctx, store.OriginYAML, []spaces.Link{link("plaza")}))

		sameRoom, sameAlias, overlapping, nul := link("a"), link("b"), link("c"), link("d")
		sameRoom.RoomID = general.RoomID
		sameAlias.Alias = general.Alias
		overlapping.Map = spaces.Rect{X: 1, W: 1, H: 1}
		nul.Name = "a\x00b"
		wantCode(t, s.PutLink(ctx, store.OriginCLI, sameRoom), spaces.CodeConflict, "matrix_room_id", "general")
		wantCode(t, s.PutLink(ctx, store.OriginCLI, sameAlias), spaces.CodeConflict, "matrix_room_alias", "general")
		wantCode(t, s.PutLink(ctx, store.OriginCLI, overlapping), spaces.CodeConflict, "map", "general")
		wantCode(t, s.PutLink(ctx, store.OriginCLI, nul), spaces.CodeInvalid, "name")
		wantCode(t, s.PutLink(ctx, store.OriginYAML, link("general")), spaces.CodeConflict, "link command")
		wantCode(t, s.PutLink(ctx, "carrier-pigeon", link("e")), spaces.CodeInvalid, "origin")
		wantCode(t, s.PutLink(ctx, store.OriginCLI, spaces.Link{Slug: "bad slug"}), spaces.CodeInvalid, "slug")
		wantSlugs(t, s, "general", "plaza")
	})
}

// TestPrecedence: whatever the order in which origins speak, a command beats a
// file beats a city service, and nothing is lost when the winner goes.
func TestPrecedence(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		named := func(name string) []spaces.Link {
			l := link("general")
			l.Name = name
			return []spaces.Link{l}
		}
		wantName := func(want string) {
			t.Helper()
			got := find(t, s, "general")
			if got.Name != want {
				t.Fatalf("the link of %q is in effect, want %q", got.Name, want)
			}
		}
		ok(t, s.PutLink(ctx, store.OriginCLI, named("cli")[0]))
		ok(t, s.ReplaceLinks(ctx, store.OriginYAML, named("yaml")))
		ok(t, s.ReplaceLinks(ctx, store.OriginHTTP, named("http")))
		wantName("cli")
		shadows, err := s.Shadows(ctx)
		ok(t, err)
		if len(shadows) != 2 || shadows[0] != (store.Shadow{Slug: "general", Origin: "yaml", Field: "slug", By: "general", Winner: "cli"}) {
			t.Fatalf("shadows %+v", shadows)
		}
		ok(t, s.RemoveLink(ctx, "general"))
		wantName("yaml")
		wantCode(t, s.RemoveLink(ctx, "general"), spaces.CodeConflict, "YAML file")
		ok(t, s.ReplaceLinks(ctx, store.OriginYAML, nil))
		wantName("http")
		wantCode(t, s.RemoveLink(ctx, "general"), spaces.CodeConflict, "city service")
		dropped, err := s.DropOrigin(ctx, store.OriginHTTP)
		ok(t, err)
		if dropped != 1 {
			t.Fatalf("dropped %d, want 1", dropped)
		}
		wantCode(t, s.RemoveLink(ctx, "general"), spaces.CodeNotFound)
	})
}

// TestPrecedenceOfRooms: one Matrix room is one place, under the name that the
// stronger origin gives it.
func TestPrecedenceOfRooms(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ok(t, s.ReplaceLinks(ctx, store.OriginHTTP, []spaces.Link{link("lobby"), link("other")}))
		plaza := link("plaza")
		plaza.RoomID = "!lobby:test"
		ok(t, s.PutLink(ctx, store.OriginCLI, plaza))
		wantSlugs(t, s, "other", "plaza")
		ok(t, s.RemoveLink(ctx, "plaza"))
		wantSlugs(t, s, "lobby", "other")
	})
}

func TestReplaceLinks(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		wantVersion := func(moved bool, edit func() error) {
			t.Helper()
			before, err := s.LinksVersion(ctx)
			ok(t, err)
			ok(t, edit())
			after, err := s.LinksVersion(ctx)
			ok(t, err)
			if (before != after) != moved {
				t.Fatalf("version %d then %d, want moved = %v", before, after, moved)
			}
		}
		replace := func(links ...spaces.Link) func() error {
			return func() error { return s.ReplaceLinks(ctx, store.OriginHTTP, links) }
		}
		wantVersion(true, replace(link("a"), link("b")))
		wantVersion(false, replace(link("b"), link("a")))
		renamed := link("b")
		renamed.Name = "B"
		wantVersion(true, replace(renamed, link("c")))
		wantSlugs(t, s, "b", "c")

		wantCode(t, replace()(), spaces.CodeInvalid, "stay")
		twin := link("d")
		twin.RoomID = "!c:test"
		wantCode(t, replace(link("c"), twin)(), spaces.CodeInvalid, "matrix_room_id")
		wantCode(t, replace(link("c"), link("c"))(), spaces.CodeInvalid, "slug")
		wantSlugs(t, s, "b", "c")
	})
}

func TestReplaceManyLinks(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		const many = 1_100 // more than one statement takes
		links := make([]spaces.Link, many)
		for i := range links {
			links[i] = link("room-" + number(i))
		}
		ok(t, s.ReplaceLinks(t.Context(), store.OriginHTTP, links))
		if got := len(slugs(t, s)); got != many {
			t.Fatalf("%d links, want %d", got, many)
		}
		ok(t, s.ReplaceLinks(t.Context(), store.OriginHTTP, links[:1]))
		wantSlugs(t, s, "room-"+number(0))
	})
}

func TestSetLinkRoom(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		general := link("general")
		general.RoomID = ""
		all := []spaces.Link{general, link("plaza")}
		ok(t, s.ReplaceLinks(ctx, store.OriginYAML, all))
		wantRoom := func(want string) {
			t.Helper()
			got := find(t, s, "general")
			if got.RoomID != want {
				t.Fatalf("general is %q, want %q", got.RoomID, want)
			}
		}
		ok(t, s.SetLinkRoom(ctx, "general", "!found:test"))
		wantRoom("!found:test")
		ok(t, s.ReplaceLinks(ctx, store.OriginYAML, all)) // the file is read again
		wantRoom("!found:test")
		ok(t, s.SetLinkRoom(ctx, "general", "!upgraded:test")) // a tombstone
		wantRoom("!upgraded:test")

		wantCode(t, s.SetLinkRoom(ctx, "general", "!plaza:test"), spaces.CodeConflict, "plaza")
		wantCode(t, s.SetLinkRoom(ctx, "nowhere", "!x:test"), spaces.CodeNotFound)
		wantCode(t, s.SetLinkRoom(ctx, "general", "x"), spaces.CodeInvalid, "matrix_room_id")

		general.RoomID = "!chosen:test" // the operator decides otherwise
		ok(t, s.ReplaceLinks(ctx, store.OriginYAML, []spaces.Link{general}))
		wantRoom("!chosen:test")
	})
}

func TestConcurrentEditors(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		var editors sync.WaitGroup
		for i := range 8 {
			editors.Go(func() {
				for range 5 {
					if err := s.PutLink(ctx, store.OriginCLI, link("cli-"+number(i))); err != nil {
						t.Error(err)
					}
					if err := s.ReplaceLinks(ctx, store.OriginHTTP, []spaces.Link{link("http-" + number(i))}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		editors.Wait()
		if got := slugs(t, s); len(got) != 9 {
			t.Fatalf("%q, want eight links of commands and one of the last pull", got)
		}
	})
}

// find returns the link in effect.
func find(t *testing.T, s *store.Store, slug spaces.Slug) spaces.Link {
	t.Helper()
	links, err := s.Links(t.Context())
	ok(t, err)
	i := slices.IndexFunc(links, func(l spaces.Link) bool { return l.Slug == slug })
	if i < 0 {
		t.Fatalf("no link of %s", slug)
	}
	return links[i]
}
