package spaces

import (
	"strings"
	"unicode/utf8"
)

const (
	maxName        = 120
	maxDescription = 500
	// Matrix limits every identifier to 255 bytes (client-server API, appendix
	// "Common identifier format").
	maxMatrixID = 255
	maxGrid     = 1000
)

// Link ties one Matrix room to one place in the city. It is configuration:
// written by people, never derived from what happens in the room.
type Link struct {
	Slug        Slug   `json:"slug"`
	ID          string `json:"id"`                // what the DAARION web application calls room_id; "room_city_<slug>" when its source gives none
	RoomID      string `json:"matrix_room_id"`    // "!opaque:server"; may be empty until the daemon has resolved Alias
	Alias       string `json:"matrix_room_alias"` // "#city_<slug>:server"; may be empty when RoomID is given
	Name        string `json:"name"`
	Description string `json:"description"`
	Zone        string `json:"zone"`      // slug rule; empty means "central"
	RoomType    string `json:"room_type"` // free word for icons: public, social, builders, ...
	Icon        string `json:"icon"`
	Color       string `json:"color"` // "#rrggbb" or empty
	Map         Rect   `json:"map"`
	Public      bool   `json:"is_public"`
	MicroDAO    string `json:"microdao_id"` // whose members see the room when it is not public
}

// Rect is a place on the city grid in cells. A zero width or height means the
// room is not on the map and gets a free cell when the map is drawn.
type Rect struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

// Placed reports whether the room has a place of its own on the map.
func (r Rect) Placed() bool { return r.W > 0 && r.H > 0 }

// Overlaps reports whether two placed rectangles share a cell.
func (r Rect) Overlaps(o Rect) bool {
	return r.Placed() && o.Placed() &&
		r.X < o.X+o.W && o.X < r.X+r.W && r.Y < o.Y+o.H && o.Y < r.Y+r.H
}

// Normalize fills what a source may leave out (ID, Name, Zone) and checks every
// field. The returned error is an [Error] that names the field and the rule.
func (l Link) Normalize() (Link, error) {
	if _, err := ParseSlug(string(l.Slug)); err != nil {
		return Link{}, err
	}
	if l.ID == "" {
		l.ID = "room_city_" + strings.ReplaceAll(string(l.Slug), "-", "_")
	}
	if l.Name == "" {
		l.Name = string(l.Slug)
	}
	if l.Zone == "" {
		l.Zone = "central"
	}
	if err := l.checkMatrix(); err != nil {
		return Link{}, err
	}
	if err := l.checkText(); err != nil {
		return Link{}, err
	}
	if err := l.Map.check(); err != nil {
		return Link{}, err
	}
	return l, nil
}

func (l Link) checkMatrix() error {
	if l.RoomID == "" && l.Alias == "" {
		return Invalid("matrix_room_id", "%s: give matrix_room_id (!id:server) or matrix_room_alias (#alias:server)", l.Slug)
	}
	if l.RoomID != "" && !validMatrixID(l.RoomID, '!', false) {
		return Invalid("matrix_room_id", "%q is not a Matrix room id: it starts with ! and has at most %d bytes", l.RoomID, maxMatrixID)
	}
	if l.Alias != "" && !validMatrixID(l.Alias, '#', true) {
		return Invalid("matrix_room_alias", "%q is not a Matrix room alias: #name:server, at most %d bytes", l.Alias, maxMatrixID)
	}
	return nil
}

func (l Link) checkText() error {
	if _, err := ParseSlug(l.Zone); err != nil {
		return Invalid("zone", "%q: only a-z, 0-9, - and _ are allowed", l.Zone)
	}
	for _, t := range []struct {
		field, text string
		limit       int
	}{
		{"id", l.ID, maxName},
		{"name", l.Name, maxName},
		{"description", l.Description, maxDescription},
		{"room_type", l.RoomType, maxName},
		{"icon", l.Icon, maxName},
		{"microdao_id", l.MicroDAO, maxName},
	} {
		if !utf8.ValidString(t.text) || utf8.RuneCountInString(t.text) > t.limit {
			return Invalid(t.field, "must be valid UTF-8 of at most %d characters", t.limit)
		}
	}
	if l.Color != "" && !validColor(l.Color) {
		return Invalid("color", "%q is not a colour: #rrggbb", l.Color)
	}
	return nil
}

func (r Rect) check() error {
	for _, n := range []int{r.X, r.Y, r.W, r.H} {
		if n < 0 || n > maxGrid {
			return Invalid("map", "x, y, w and h must be between 0 and %d cells", maxGrid)
		}
	}
	if r.X+r.W > maxGrid || r.Y+r.H > maxGrid {
		return Invalid("map", "the room must end within %d cells", maxGrid)
	}
	return nil
}

// CheckLinks finds what is wrong between links that are each valid: a slug, a
// Matrix room or a map cell used twice. It returns one error per fault.
func CheckLinks(links []Link) []error {
	var faults []error
	slugs, rooms := map[Slug]bool{}, map[string]Slug{}
	for i, l := range links {
		if slugs[l.Slug] {
			faults = append(faults, Invalid("slug", "%s: used by two links", l.Slug))
		}
		slugs[l.Slug] = true
		for _, key := range []string{l.RoomID, l.Alias} {
			if other, taken := rooms[key]; key != "" && taken && other != l.Slug {
				faults = append(faults, Invalid("matrix_room_id", "%s and %s are both linked to %s", other, l.Slug, key))
			} else if key != "" {
				rooms[key] = l.Slug
			}
		}
		for _, o := range links[:i] {
			if l.Map.Overlaps(o.Map) {
				faults = append(faults, Invalid("map", "%s overlaps %s on the city map", l.Slug, o.Slug))
			}
		}
	}
	return faults
}

// ValidUserID reports whether s looks like a Matrix user id (@localpart:server,
// any bytes historical localparts may hold, at most 255 bytes).
func ValidUserID(s string) bool { return validMatrixID(s, '@', true) }

func validMatrixID(s string, sigil byte, needServer bool) bool {
	if len(s) < 2 || len(s) > maxMatrixID || s[0] != sigil || !utf8.ValidString(s) {
		return false
	}
	if strings.ContainsAny(s, " \t\r\n\x00") {
		return sigil == '@' && !strings.ContainsAny(s, "\r\n\x00")
	}
	local, server, ok := strings.Cut(s[1:], ":")
	// Room ids of room version 12 have no server part.
	return !needServer || ok && local != "" && server != ""
}

func validColor(s string) bool {
	if len(s) != 7 || s[0] != '#' {
		return false
	}
	for _, r := range s[1:] {
		if !strings.ContainsRune("0123456789abcdefABCDEF", r) {
			return false
		}
	}
	return true
}
