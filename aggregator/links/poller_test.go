package links_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"presence/aggregator/links"
	"presence/spaces"
	"presence/spaces/store"
)

func write(t testing.TB, name, text string) {
	t.Helper()
	ok(t, os.WriteFile(name, []byte(text), 0o600))
}

// TestFileIsFollowed: a saved file shows within a second or so; a broken or
// half-written one changes nothing and is logged once.
func TestFileIsFollowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "city.yaml")
		const a, b = "rooms:\n- {slug: a, matrix_room_id: '!a:x'}\n", "rooms:\n- {slug: b, matrix_room_id: '!b:x'}\n"
		write(t, name, a)
		s, log := openStore(t), &journal{}
		run(t, links.Config{File: name}, s, log.logger())
		want := func(links string, failures int) {
			t.Helper()
			settle(10 * time.Second)
			if got := slugs(t, s); got != links || log.count("cannot be read") != failures {
				t.Fatalf("links %q, want %q, and %d failures\n%s", got, links, failures, log.text.String())
			}
		}
		want("a", 0)
		write(t, name, b)
		want("b", 0)
		write(t, name, "")
		want("b", 1)
		write(t, name, "rooms:\n- slug: c")
		want("b", 2)
		ok(t, os.Remove(name))
		want("b", 3)
		write(t, name, b+"- {slug: c, matrix_room_id: '!c:x'}\n")
		want("b c", 3)
		write(t, name, "rooms: []")
		want("", 3)
		write(t, name, a)
		want("a", 3)
	})
}

// TestFileThatDidNotChangeWritesNothing: looking every second must cost the
// database nothing.
func TestFileThatDidNotChangeWritesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "city.yaml")
		write(t, name, "rooms:\n- {slug: a, matrix_room_id: '!a:x'}\n")
		s := openStore(t)
		run(t, links.Config{File: name}, s, slog.New(slog.DiscardHandler))
		settle(time.Second)
		// Nothing but a write of the file's links could bring a back.
		ok(t, s.ReplaceLinks(t.Context(), store.OriginYAML, nil))
		settle(time.Hour)
		if got := slugs(t, s); got != "" {
			t.Fatalf("links %q", got)
		}
	})
}

// TestOriginsKeepApart: a command beats the file, the file beats the city
// service, whoever speaks last; what waits is logged once.
func TestOriginsKeepApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "city.yaml")
		write(t, name, "rooms:\n- {slug: a, name: file, matrix_room_id: '!a:x'}\n- {slug: b, name: file, matrix_room_id: '!b:x'}\n")
		city := &service{status: 200, body: `[{"slug":"a","name":"http","matrix_room_id":"!a2:x"},{"slug":"other-b","name":"http","matrix_room_id":"!b:x"},{"slug":"c","name":"http","matrix_room_id":"!c:x"}]`}
		s, log := openStore(t), &journal{}
		ok(t, s.PutLink(t.Context(), store.OriginCLI, spaces.Link{Slug: "a", Name: "command", RoomID: "!a3:x"}))
		run(t, links.Config{File: name, URL: "http://city", Transport: city}, s, log.logger())
		settle(time.Hour)
		got, err := s.Links(t.Context())
		ok(t, err)
		if join(got) != "a b c" || got[0].Name != "command" || got[1].Name != "file" || got[2].Name != "http" {
			t.Fatalf("links %+v", got)
		}
		if n := log.count("takes precedence"); n < 3 || n > 5 { // the two goroutines may see each other's first writes in turn
			t.Fatalf("%d notes\n%s", n, log.text.String())
		}
	})
}

// TestUnusedOriginsAreDropped: links of a source that is not configured any
// more do not haunt the city, and those of commands stay.
func TestUnusedOriginsAreDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, log := openStore(t), &journal{}
		for _, origin := range []string{store.OriginCLI, store.OriginYAML, store.OriginHTTP} {
			ok(t, s.ReplaceLinks(t.Context(), origin, []spaces.Link{{Slug: spaces.Slug("from-" + origin), RoomID: "!" + origin + ":x"}}))
		}
		run(t, links.Config{}, s, log.logger())
		settle(time.Second)
		if got := slugs(t, s); got != "from-cli" || log.count("not configured any more") != 2 {
			t.Fatalf("links %q\n%s", got, log.text.String())
		}
	})
}
