package links

import (
	"cmp"
	"strings"
	"unicode"

	"presence/spaces"
)

// room is a room as a source writes it; nil means that the source does not
// say.
type room struct {
	slug, id, name, description, zone, roomType, icon, color *string
	matrixID, alias, microDAO                                *string
	public                                                   *bool
	mapX, mapY, mapW, mapH                                   *int
}

// fields are the keys of a room, each with the place where its value goes: a
// **string, a **bool or a **int.
var fields = map[string]func(*room) any{
	"slug":              func(r *room) any { return &r.slug },
	"id":                func(r *room) any { return &r.id },
	"name":              func(r *room) any { return &r.name },
	"description":       func(r *room) any { return &r.description },
	"zone":              func(r *room) any { return &r.zone },
	"room_type":         func(r *room) any { return &r.roomType },
	"icon":              func(r *room) any { return &r.icon },
	"color":             func(r *room) any { return &r.color },
	"matrix_room_id":    func(r *room) any { return &r.matrixID },
	"matrix_room_alias": func(r *room) any { return &r.alias },
	"microdao_id":       func(r *room) any { return &r.microDAO },
	"is_public":         func(r *room) any { return &r.public },
	"map_x":             func(r *room) any { return &r.mapX },
	"map_y":             func(r *room) any { return &r.mapY },
	"map_w":             func(r *room) any { return &r.mapW },
	"map_h":             func(r *room) any { return &r.mapH },
}

// mapKey holds the place as one value, whose keys are those of mapFields.
const mapKey = "map"

var mapFields = map[string]func(*room) any{
	"x": fields["map_x"], "y": fields["map_y"], "w": fields["map_w"], "h": fields["map_h"],
}

// kind names what a field holds, for messages.
func kind(into any) string {
	switch into.(type) {
	case **bool:
		return "true or false"
	case **int:
		return "a whole number"
	}
	return "text"
}

// link checks the room and fills what was left out. The error names the field.
func (r *room) link() (spaces.Link, error) {
	l := spaces.Link{
		Slug: spaces.Slug(or(r.slug)), ID: or(r.id), Name: or(r.name), Description: or(r.description),
		Zone: or(r.zone), RoomType: or(r.roomType), Icon: or(r.icon),
		RoomID: or(r.matrixID), Alias: or(r.alias), MicroDAO: or(r.microDAO),
	}
	l.Public = l.MicroDAO == ""
	if r.public != nil {
		l.Public = *r.public
	}
	color, known := hexColor(or(r.color))
	if !known {
		return spaces.Link{}, spaces.Invalid("color", "%q is neither #rrggbb nor a colour word of Tailwind", *r.color)
	}
	l.Color = color
	place, err := r.place()
	if err != nil {
		return spaces.Link{}, err
	}
	l.Map = place
	if err := checkPrintable(l); err != nil {
		return spaces.Link{}, err
	}
	return l.Normalize()
}

// maxCells bounds each number of a place, so that no sum of two overflows;
// [spaces.Link.Normalize] checks the rest.
const maxCells = 1000

// place needs a corner; a size left out is one cell, the column default of the
// original city. Without any of the four the room has no place of its own.
func (r *room) place() (spaces.Rect, error) {
	if cmp.Or(r.mapX, r.mapY, r.mapW, r.mapH) == nil {
		return spaces.Rect{}, nil
	}
	if r.mapX == nil || r.mapY == nil {
		return spaces.Rect{}, spaces.Invalid(mapKey, "give both x and y")
	}
	one := 1
	place := spaces.Rect{X: *r.mapX, Y: *r.mapY, W: *cmp.Or(r.mapW, &one), H: *cmp.Or(r.mapH, &one)}
	for _, n := range []int{place.X, place.Y, place.W, place.H} {
		if n < 0 || n > maxCells {
			return spaces.Rect{}, spaces.Invalid(mapKey, "x, y, w and h must be between 0 and %d cells", maxCells)
		}
	}
	return place, nil
}

// checkPrintable keeps characters out that break terminals and logs; a
// description may have lines.
func checkPrintable(l spaces.Link) error {
	for _, t := range []struct{ field, text, allowed string }{
		{"id", l.ID, ""},
		{"name", l.Name, ""},
		{"description", l.Description, "\n\t"},
		{"room_type", l.RoomType, ""},
		{"icon", l.Icon, ""},
		{"microdao_id", l.MicroDAO, ""},
	} {
		bad := func(c rune) bool { return unicode.IsControl(c) && !strings.ContainsRune(t.allowed, c) }
		if strings.ContainsFunc(t.text, bad) {
			return spaces.Invalid(t.field, "must not contain control characters")
		}
	}
	return nil
}

func or[T any](value *T) (zero T) {
	if value == nil {
		return zero
	}
	return *value
}
