package links

import (
	"maps"
	"slices"
	"testing"

	"presence/spaces"
)

// FuzzParseAnswer: any answer gives an error, or links that are valid, agree
// with one another, and together with the faults account for every room.
func FuzzParseAnswer(f *testing.F) {
	for _, seed := range []string{
		"", "[]", "null", "<html>", `{"rooms":[]}`, `{"rooms":null}`, `{"rooms":7}`, `[null,7,"x",[],{}]`,
		`[{"slug":"a","matrix_room_id":"!a:x","map":{"x":1,"y":2}},{"slug":"a","matrix_room_id":"!b:x"}]`,
		`[{"slug":"a","matrix_room_alias":"#a:x","color":"cyan","is_public":null,"map_x":0,"map_y":0,"map_w":1e3}]`,
		`[{"slug":"a","matrix_room_id":"!a:x","color":"mauve","zone":"A B"}]`, `[{"slug":"a","slug":"b"}]`, `[` + "\xff" + `]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		links, faults, err := parseAnswer(body)
		if err != nil {
			if len(links) > 0 || len(faults) > 0 || spaces.ErrorCode(err) != spaces.CodeUnavailable {
				t.Fatalf("%d links, %d faults and %v", len(links), len(faults), err)
			}
			return
		}
		rooms, err := splitRooms(body)
		if err != nil {
			t.Fatal(err)
		}
		lost := slices.DeleteFunc(slices.Clone(faults), func(f fault) bool { return !f.whole })
		if len(links)+len(lost) != len(rooms) {
			t.Fatalf("%d rooms became %d links and %d faults", len(rooms), len(links), len(lost))
		}
		checkTaken(t, links, faults)
	})
}

func checkTaken(t *testing.T, links []spaces.Link, faults []fault) {
	t.Helper()
	taken := map[string]spaces.Slug{}
	for _, l := range links {
		if again, err := l.Normalize(); err != nil || again != l {
			t.Fatalf("%+v is not a normalized link: %v", l, err)
		}
		if twice := repeated(taken, l); twice != nil {
			t.Fatal(twice)
		}
		claim(taken, l)
	}
	known := append(slices.Collect(maps.Keys(fields)), mapKey, "rooms")
	for _, f := range faults {
		if !slices.Contains(known, f.reason.Field) {
			t.Fatalf("the label of a metric would be %q", f.reason.Field)
		}
	}
}
