package town_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"presence/deploy/dendrite"
	"presence/deploy/devcity/town"
	"presence/spaces"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func homeserver(t *testing.T) *dendrite.Server {
	t.Helper()
	bin, err := dendrite.Build(t.Context(), func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	s, err := dendrite.Start(t.Context(), dendrite.Options{Bin: bin})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Wipe(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func build(t *testing.T, s *dendrite.Server, seed string) *town.Town {
	t.Helper()
	built, err := town.Build(t.Context(), s, town.City(), seed, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, c := range built.Clients {
			c.Client.CloseIdleConnections()
		}
	})
	return built
}

func TestBuildTwiceIsBuildOnce(t *testing.T) {
	t.Parallel()
	s := homeserver(t)
	first := build(t, s, "seed")
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := build(t, s, "seed")
	if len(second.Rooms) != len(town.City().Rooms) {
		t.Errorf("%d rooms, want %d", len(second.Rooms), len(town.City().Rooms))
	}
	for slug, room := range first.Rooms {
		if second.Rooms[slug] != room {
			t.Errorf("%s was made twice: %s and %s", slug, room, second.Rooms[slug])
		}
	}
	alice := second.Clients["alice"]
	joined, err := alice.JoinedRooms(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(joined.JoinedRooms, second.Rooms["guild"]) {
		t.Error("Alice is not in the private room she was invited to")
	}
	name, err := alice.GetOwnDisplayName(t.Context())
	if err != nil || name.DisplayName != "Alice" {
		t.Errorf("Alice is called %v (%v)", name, err)
	}
	logIn(t, s, "bob", town.Password("seed", "bob"))
	logIn(t, s, "presence_daemon", town.Password("seed", "presence_daemon"))
}

// logIn does what a person's own Matrix client does.
func logIn(t *testing.T, s *dendrite.Server, user, password string) {
	t.Helper()
	c, err := mautrix.NewClient(s.URL(), id.UserID(""), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Client.CloseIdleConnections)
	_, err = c.Login(t.Context(), &mautrix.ReqLogin{
		Type:       mautrix.AuthTypePassword,
		Identifier: mautrix.UserIdentifier{Type: mautrix.IdentifierTypeUser, User: user},
		Password:   password,
	})
	if err != nil {
		t.Errorf("log in as %s with the password that is shown: %v", user, err)
	}
}

func TestLostSeedSaysWhatToDo(t *testing.T) {
	t.Parallel()
	s := homeserver(t)
	build(t, s, "seed")
	_, err := town.Build(t.Context(), s, town.City(), "another seed", func(string) {})
	if err == nil || !strings.Contains(err.Error(), "make wipe") {
		t.Errorf("got %v, want advice", err)
	}
}

// TestPlan checks the plan by the rules that presence's own links follow.
func TestPlan(t *testing.T) {
	t.Parallel()
	plan := town.City()
	var links []spaces.Link
	zones := map[string]bool{}
	for _, r := range plan.Rooms {
		l, err := spaces.Link{
			Slug: spaces.Slug(r.Slug), Alias: r.Alias("localhost"), Name: r.Name, Description: r.Topic, Zone: r.Zone,
			RoomType: r.Kind, Icon: r.Icon, Color: r.Color, Map: spaces.Rect{X: r.X, Y: r.Y, W: r.W, H: r.H},
		}.Normalize()
		if err != nil {
			t.Errorf("%s: %v", r.Slug, err)
		}
		links = append(links, l)
		zones[r.Zone] = true
		founder := slices.IndexFunc(plan.People, func(p town.Person) bool { return p.Login == r.Founder })
		if founder < 0 || !slices.Contains(plan.People[founder].Haunts, r.Slug) {
			t.Errorf("%s: its founder %s never goes there", r.Slug, r.Founder)
		}
	}
	for _, err := range spaces.CheckLinks(links) {
		t.Error(err)
	}
	if len(zones) != 5 {
		t.Errorf("%d zones, want five", len(zones))
	}
	for _, p := range plan.People {
		for _, slug := range p.Haunts {
			if plan.Room(slug).Slug != slug {
				t.Errorf("%s goes to %s, which is not there", p.Login, slug)
			}
		}
	}
}

func TestWriteLinks(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "city.yaml")
	if err := town.WriteLinks(file, town.City()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"slug: guild", "microdao_id: daarion", "matrix_room_alias: '#city_general:localhost'"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in the file", want)
		}
	}
}
