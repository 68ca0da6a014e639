package spaces_test

import (
	"strings"
	"testing"

	"presence/spaces"
)

func TestNormalizeFills(t *testing.T) {
	t.Parallel()
	got, err := spaces.Link{Slug: "leadership-hall", Alias: "#city_leadership-hall:x"}.Normalize()
	want := spaces.Link{
		Slug: "leadership-hall", ID: "room_city_leadership_hall", Alias: "#city_leadership-hall:x",
		Name: "leadership-hall", Zone: "central",
	}
	if err != nil || got != want {
		t.Fatalf("got %+v, %v\nwant %+v", got, err, want)
	}
	if again, err := got.Normalize(); err != nil || again != got {
		t.Fatalf("a second time: %+v, %v", again, err)
	}
}

func TestNormalizeAccepts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*spaces.Link){
		"room version 12 id":    func(l *spaces.Link) { l.RoomID = "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM" },
		"alias with port":       func(l *spaces.Link) { l.Alias = "#a:host:8448" },
		"alias in other script": func(l *spaces.Link) { l.Alias = "#площа:приклад.укр" },
		"name in other script":  func(l *spaces.Link) { l.Name = strings.Repeat("ї", 120) },
		"place at the edge":     func(l *spaces.Link) { l.Map = spaces.Rect{X: 999, Y: 999, W: 1, H: 1} },
		"colour":                func(l *spaces.Link) { l.Color = "#00aAfF" },
	} {
		l := validLink()
		change(&l)
		if got, err := l.Normalize(); err != nil || got != l {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func validLink() spaces.Link {
	return spaces.Link{Slug: "general", ID: "room_1", RoomID: "!a:x", Alias: "#a:x", Name: "General", Zone: "north"}
}

func TestNormalizeRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, field string
		change      func(*spaces.Link)
	}{
		{"slug with a dot", "slug", func(l *spaces.Link) { l.Slug = "a.b" }},
		{"no Matrix room", "matrix_room_id", func(l *spaces.Link) { l.RoomID, l.Alias = "", "" }},
		{"alias as room id", "matrix_room_id", func(l *spaces.Link) { l.RoomID = "#a:x" }},
		{"room id with a space", "matrix_room_id", func(l *spaces.Link) { l.RoomID = "!a b:x" }},
		{"room id too long", "matrix_room_id", func(l *spaces.Link) { l.RoomID = "!" + strings.Repeat("a", 255) }},
		{"room id not UTF-8", "matrix_room_id", func(l *spaces.Link) { l.RoomID = "!a\xff:x" }},
		{"only the sigil", "matrix_room_id", func(l *spaces.Link) { l.RoomID = "!" }},
		{"room id as alias", "matrix_room_alias", func(l *spaces.Link) { l.Alias = "!a:x" }},
		{"alias without server", "matrix_room_alias", func(l *spaces.Link) { l.Alias = "#a" }},
		{"alias with an empty server", "matrix_room_alias", func(l *spaces.Link) { l.Alias = "#a:" }},
		{"alias with a newline", "matrix_room_alias", func(l *spaces.Link) { l.Alias = "#a\n:x" }},
		{"zone with a space", "zone", func(l *spaces.Link) { l.Zone = "far north" }},
		{"zone in other script", "zone", func(l *spaces.Link) { l.Zone = "північ" }},
		{"long id", "id", func(l *spaces.Link) { l.ID = strings.Repeat("x", 121) }},
		{"long name", "name", func(l *spaces.Link) { l.Name = strings.Repeat("ї", 121) }},
		{"name not UTF-8", "name", func(l *spaces.Link) { l.Name = "\xff" }},
		{"long description", "description", func(l *spaces.Link) { l.Description = strings.Repeat("x", 501) }},
		{"long room type", "room_type", func(l *spaces.Link) { l.RoomType = strings.Repeat("x", 121) }},
		{"long icon", "icon", func(l *spaces.Link) { l.Icon = strings.Repeat("x", 121) }},
		{"long microDAO", "microdao_id", func(l *spaces.Link) { l.MicroDAO = strings.Repeat("x", 121) }},
		{"colour name", "color", func(l *spaces.Link) { l.Color = "cyan" }},
		{"short colour", "color", func(l *spaces.Link) { l.Color = "#fff" }},
		{"colour that is CSS", "color", func(l *spaces.Link) { l.Color = "#12;:}<" }},
		{"place left of the map", "map", func(l *spaces.Link) { l.Map = spaces.Rect{X: -1, W: 1, H: 1} }},
		{"negative size", "map", func(l *spaces.Link) { l.Map = spaces.Rect{W: 1, H: -1} }},
		{"place beyond the map", "map", func(l *spaces.Link) { l.Map = spaces.Rect{X: 1000, W: 1, H: 1} }},
	} {
		l := validLink()
		c.change(&l)
		_, err := l.Normalize()
		wantInvalid(t, c.name, err, c.field)
	}
}

func TestCheckLinks(t *testing.T) {
	t.Parallel()
	a := spaces.Link{Slug: "a", RoomID: "!a:x", Alias: "#a:x", Map: spaces.Rect{W: 2, H: 2}}
	apart := spaces.Link{Slug: "b", RoomID: "!b:x", Map: spaces.Rect{X: 2, W: 1, H: 1}}
	unplaced := spaces.Link{Slug: "c", Alias: "#c:x"}
	if faults := spaces.CheckLinks([]spaces.Link{a, apart, unplaced, {Slug: "d", Alias: "#d:x"}}); len(faults) != 0 {
		t.Fatalf("faults %v", faults)
	}
	for name, c := range map[string]struct {
		field string
		other spaces.Link
	}{
		"slug twice":  {"slug", spaces.Link{Slug: "a", RoomID: "!z:x"}},
		"room twice":  {"matrix_room_id", spaces.Link{Slug: "z", RoomID: "!a:x"}},
		"alias twice": {"matrix_room_id", spaces.Link{Slug: "z", Alias: "#a:x"}},
		"one cell":    {"map", spaces.Link{Slug: "z", RoomID: "!z:x", Map: spaces.Rect{X: 1, Y: 1, W: 5, H: 5}}},
	} {
		faults := spaces.CheckLinks([]spaces.Link{a, apart, c.other})
		if len(faults) == 0 {
			t.Fatalf("%s: no fault", name)
		}
		wantInvalid(t, name, faults[0], c.field)
	}
}

func TestOverlaps(t *testing.T) {
	t.Parallel()
	middle := spaces.Rect{X: 2, Y: 2, W: 2, H: 2}
	for _, c := range []struct {
		r    spaces.Rect
		want bool
	}{
		{middle, true},
		{spaces.Rect{X: 3, Y: 3, W: 1, H: 1}, true},
		{spaces.Rect{X: 0, Y: 0, W: 9, H: 9}, true},
		{spaces.Rect{X: 0, Y: 3, W: 3, H: 1}, true},
		{spaces.Rect{X: 0, Y: 2, W: 2, H: 2}, false},
		{spaces.Rect{X: 4, Y: 2, W: 1, H: 1}, false},
		{spaces.Rect{X: 2, Y: 4, W: 2, H: 1}, false},
		{spaces.Rect{X: 2, Y: 2}, false},
		{spaces.Rect{X: 2, Y: 2, W: 2}, false},
	} {
		if middle.Overlaps(c.r) != c.want || c.r.Overlaps(middle) != c.want {
			t.Errorf("%+v: want %v both ways", c.r, c.want)
		}
	}
}

func TestValidUserID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"@alice:example.org": true, "@a.b-c=d/e:host:8448": true, "@Алиса:тест": true, "@with space:x": true, "@a:b": true,
		"": false, "@": false, "alice:x": false, "@alice": false, "@:x": false, "@alice:": false, "!a:x": false,
		"@a\n:x": false, "@a\x00:x": false, "@\xff:x": false, "@" + strings.Repeat("a", 255) + ":x": false,
	} {
		if got := spaces.ValidUserID(id); got != want {
			t.Errorf("%q: %v, want %v", id, got, want)
		}
	}
}
