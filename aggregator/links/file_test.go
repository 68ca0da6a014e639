package links_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"presence/aggregator/links"
	"presence/spaces"
)

const city = `
rooms:
  - slug: general
    id: room_city_general
    name: "Площа"
    description: |
      The middle
      of it all.
    zone: central
    room_type: public
    icon: message-square
    color: Cyan
    matrix_room_id: "!abc:example.org"
    matrix_room_alias: "#city_general:example.org"
    map: {x: 2, y: 0, w: 2, h: 2}
  - slug: "7"
    name: 7
    matrix_room_alias: "#city_7:example.org"
    map_x: 0
    map_y: 1
    is_public: false
  - {slug: dao, matrix_room_id: "!dao:example.org", microdao_id: dao-1, color: "#0a0B0c"}
  - {slug: open-dao, matrix_room_id: "!open:example.org", microdao_id: dao-1, is_public: true}
`

func TestParseYAML(t *testing.T) {
	t.Parallel()
	got, err := links.ParseYAML([]byte(city))
	ok(t, err)
	want := []spaces.Link{
		{
			Slug: "general", ID: "room_city_general", Name: "Площа", Description: "The middle\nof it all.\n", Zone: "central", RoomType: "public",
			Icon: "message-square", Color: "#06b6d4", RoomID: "!abc:example.org", Alias: "#city_general:example.org",
			Map: spaces.Rect{X: 2, W: 2, H: 2}, Public: true,
		},
		{Slug: "7", ID: "room_city_7", Name: "7", Zone: "central", Alias: "#city_7:example.org", Map: spaces.Rect{Y: 1, W: 1, H: 1}},
		{Slug: "dao", ID: "room_city_dao", Name: "dao", Zone: "central", RoomID: "!dao:example.org", MicroDAO: "dao-1", Color: "#0a0B0c"},
		{Slug: "open-dao", ID: "room_city_open_dao", Name: "open-dao", Zone: "central", RoomID: "!open:example.org", MicroDAO: "dao-1", Public: true},
	}
	if len(got) != len(want) {
		t.Fatalf("%d links, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got  %+v\nwant %+v", got[i], want[i])
		}
	}
}

func TestParseYAMLEmptyCity(t *testing.T) {
	t.Parallel()
	if got, err := links.ParseYAML([]byte("rooms: []")); err != nil || len(got) != 0 {
		t.Fatalf("%v, %v", got, err)
	}
}

func TestParseYAMLRefuses(t *testing.T) {
	t.Parallel()
	const room = "rooms:\n  - slug: a\n    matrix_room_id: '!a:x'\n"
	for name, c := range map[string]struct{ text, field, words string }{
		"nothing":                {"", "rooms", "empty"},
		"a comment":              {"# to do\n", "rooms", "empty"},
		"not YAML":               {"rooms: [", "", "not YAML"},
		"a tab":                  {"rooms:\n\t- slug: a", "", "not YAML"},
		"wrong indent":           {room + "    name: a\n  - slug: b\n    name: b\n  zone: north\n  - slug: c\n", "", "near line 7: did not find expected '-' indicator"},
		"bracket left open":      {room + "    map: {x: 1, y: 2\n    zone: north\n", "", "near line 4: "},
		"bare @":                 {room + "    name: @b\n  - slug: b\n", "", "line 4: found character"},
		"quote left open":        {room + "    name: \"b\n  - slug: b\n", "", "line 4: found unexpected end of stream"},
		"a list":                 {"- slug: a", "the file", "line 1"},
		"other top key":          {"room:\n- slug: a", "room", "line 1"},
		"no list":                {"rooms: 7", "rooms", "list"},
		"null list":              {"rooms:\n", "rooms", "list"},
		"two documents":          {"rooms: []\n---\nrooms: []", "rooms", "more than one"},
		"room is text":           {"rooms:\n  - general", "a room", "line 2"},
		"unknown key":            {room + "    colour: red\n", "colour", "line 4: unknown key; known are color, description, icon, id, is_public, map_h"},
		"unknown key, map":       {room + "    colour: red\n", "colour", ", map"},
		"doubled key":            {room + "    slug: b\n", "slug", "line 4: stands twice"},
		"merge key":              {room + "    <<: {name: x}\n", "<<", "line 4"},
		"alias unquoted":         {room + "    matrix_room_alias: #city_a:x\n", "matrix_room_alias", "line 4: has no value; one that begins with # or ! must be quoted"},
		"room id unquoted":       {"rooms:\n  - slug: a\n    matrix_room_id: !a:x\n", "matrix_room_id", "line 3"},
		"number for bool":        {room + "    is_public: 1\n", "is_public", "line 4: must be true or false"},
		"word for bool":          {room + "    is_public: maybe\n", "is_public", "true or false"},
		"list for text":          {room + "    name: [a]\n", "name", "line 4: must be text"},
		"fraction":               {room + "    map_x: 1.5\n", "map_x", "whole number"},
		"huge number":            {room + "    map: {x: 9223372036854775807, y: 0, w: 1, h: 1}\n", "map", "between"},
		"negative number":        {room + "    map: {x: 0, y: -1}\n", "map", "between"},
		"half a place":           {room + "    map_x: 1\n", "map", "both x and y"},
		"size without place":     {room + "    map: {w: 1, h: 1}\n", "map", "both x and y"},
		"place twice":            {room + "    map_x: 1\n    map_y: 1\n    map: {x: 1, y: 1}\n", "map", "line 6: give the place once"},
		"key of place":           {room + "    map: {x: 1, y: 1, width: 2}\n", "width", "known are h, w, x, y"},
		"place is a list":        {room + "    map: [1, 2]\n", "map", "mapping"},
		"bad slug":               {"rooms:\n  - matrix_room_id: '!a:x'\n    slug: a.b\n", "slug", "line 3"},
		"no slug":                {"rooms:\n  - matrix_room_id: '!a:x'\n", "slug", "line 2"},
		"no room":                {"rooms:\n  - slug: a\n", "matrix_room_id", "line 2"},
		"bad zone":               {room + "    zone: far north\n", "zone", "line 4"},
		"bad colour":             {room + "    color: mauve\n", "color", "line 4"},
		"bad hex colour":         {room + "    color: '#12345g'\n", "color", "line 4"},
		"control character":      {room + "    name: \"a\\eb\"\n", "name", "control"},
		"newline in a name":      {room + "    name: \"a\\nb\"\n", "name", "control"},
		"not UTF-8":              {room + "    name: \xff\xff\n", "", "not YAML"},
		"slug used twice":        {room + "  - slug: a\n    matrix_room_id: '!b:x'\n", "slug", "line 4: a: used by two links"},
		"Matrix room used twice": {room + "  - slug: b\n    matrix_room_id: '!a:x'\n", "matrix_room_id", "line 5: a and b are both linked"},
		"places that overlap": {
			room + "    map: {x: 0, y: 0, w: 2, h: 2}\n  - slug: b\n    matrix_room_id: '!b:x'\n    map: {x: 1, y: 1}\n", "map", "line 7: b overlaps a",
		},
	} {
		_, err := links.ParseYAML([]byte(c.text))
		e, isOurs := errors.AsType[*spaces.Error](err)
		if !isOurs || e.Code != spaces.CodeInvalid || e.Field != c.field || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v; want field %q and %q", name, err, c.field, c.words)
		}
	}
}

func TestParseYAMLShowsEveryFault(t *testing.T) {
	t.Parallel()
	_, err := links.ParseYAML([]byte("rooms:\n  - slug: A\n  - {slug: b, colour: red}\n  - {slug: c, is_public: x}\n"))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"line 2", "line 3", "colour", "line 4", "is_public"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func TestReadFileRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := links.ReadFile(filepath.Join(dir, "none.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if _, err := links.ReadFile(dir); err == nil {
		t.Error("a folder was read")
	}
	large := filepath.Join(dir, "large.yaml")
	ok(t, os.WriteFile(large, []byte("rooms: []\n#"+strings.Repeat("x", 8<<20)), 0o600))
	if _, err := links.ReadFile(large); spaces.ErrorCode(err) != spaces.CodeTooLarge {
		t.Errorf("large: %v", err)
	}
	bad := filepath.Join(dir, "bad.yaml")
	ok(t, os.WriteFile(bad, []byte("roms: []"), 0o600))
	if _, err := links.ReadFile(bad); err == nil || !strings.Contains(err.Error(), bad) {
		t.Errorf("bad: %v does not name the file", err)
	}
}

// FuzzParseYAML: any text gives links that are valid and agree, or errors that
// a person can read.
func FuzzParseYAML(f *testing.F) {
	for _, seed := range []string{
		city, "", "rooms:", "rooms: []", "rooms: &a [*a]", "rooms:\n- &a {slug: a, matrix_room_id: '!a:x'}\n- *a", "a: &a [*a,*a]\nrooms: *a",
		"rooms:\n- <<: {slug: a}", "? [a]\n: b", "rooms: [{map: {x: 0x1F, y: 0o7}}]", "rooms: [{slug: !!binary aGk=, matrix_room_id: '!x'}]", "%YAML 1.1\n---\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := links.ParseYAML(text)
		if err != nil {
			if code := spaces.ErrorCode(err); code != spaces.CodeInvalid || err.Error() == "" {
				t.Fatalf("%v has code %q", err, code)
			}
			return
		}
		checkLinks(t, got)
	})
}

func checkLinks(t *testing.T, got []spaces.Link) {
	t.Helper()
	for _, l := range got {
		if again, err := l.Normalize(); err != nil || again != l {
			t.Fatalf("%+v is not a normalized link: %v", l, err)
		}
		if l.Map.X > 1000 || l.Map.W > 1000 || l.Map.X < 0 || l.Map.W < 0 {
			t.Fatalf("place %+v", l.Map)
		}
	}
}
