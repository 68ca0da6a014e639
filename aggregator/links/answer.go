package links

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"presence/spaces"
)

// fault is something in a pull that was not taken.
type fault struct {
	slug   spaces.Slug // empty when the room has no valid one
	index  int         // of the room in the answer, from 0
	reason *spaces.Error
	whole  bool // the room was dropped; otherwise only the field
}

// String names the room and the reason, for logs.
func (f fault) String() string {
	return fmt.Sprintf("rooms[%d] %s: %s", f.index, f.slug, f.reason)
}

// parseAnswer reads a city service's rooms, a bare array or {"rooms":[...]}.
// Rooms that break a rule, or that repeat an earlier room's slug, Matrix room
// or alias, become faults; the rest are links. Unknown keys are the service's
// own business.
func parseAnswer(body []byte) ([]spaces.Link, []fault, error) {
	rooms, err := splitRooms(body)
	if err != nil {
		return nil, nil, err
	}
	var links []spaces.Link
	var faults []fault
	taken := map[string]spaces.Slug{}
	for i, text := range rooms {
		l, found := parseRoom(text)
		if repeats := repeated(taken, l); repeats != nil && !dropped(found) {
			found = append(found, fault{slug: l.Slug, reason: repeats, whole: true})
		}
		for _, f := range found {
			f.index = i
			faults = append(faults, f)
		}
		if dropped(found) {
			continue
		}
		claim(taken, l)
		links = append(links, l)
	}
	return links, faults, nil
}

func dropped(faults []fault) bool {
	return slices.ContainsFunc(faults, func(f fault) bool { return f.whole })
}

func splitRooms(body []byte) (rooms []json.RawMessage, err error) {
	trimmed := bytes.TrimSpace(body)
	switch {
	case bytes.HasPrefix(trimmed, []byte("<")):
		return nil, &spaces.Error{
			Code: spaces.CodeUnavailable, Message: "the city service answered HTML instead of JSON",
			Fix: "check that CITY_SERVICE_INTERNAL_URL is the address of the API and not of a web page or a proxy",
		}
	case bytes.HasPrefix(trimmed, []byte("[")):
		err = json.Unmarshal(trimmed, &rooms)
	default:
		var object struct {
			Rooms *[]json.RawMessage `json:"rooms"`
		}
		if err = json.Unmarshal(trimmed, &object); err == nil && object.Rooms == nil {
			err = errors.New("no key rooms")
		}
		rooms = or(object.Rooms)
	}
	if err != nil {
		return nil, &spaces.Error{
			Code: spaces.CodeUnavailable, Message: `the city service's answer is neither a JSON array of rooms nor {"rooms":[...]}`, Err: err,
		}
	}
	return rooms, nil
}

// parseRoom returns the link, or the reason why there is none. A colour nobody
// knows is left out rather than the room: it is an ornament, and the original
// city's column takes any CSS class.
func parseRoom(text json.RawMessage) (spaces.Link, []fault) {
	r, reason := decodeRoom(text)
	slug, err := spaces.ParseSlug(or(r.slug))
	if err != nil {
		slug = ""
	}
	if reason != nil {
		return spaces.Link{}, []fault{{slug: slug, reason: reason, whole: true}}
	}
	l, err := r.link()
	e, _ := errors.AsType[*spaces.Error](err)
	if e != nil && e.Field == "color" {
		ornament := fault{slug: slug, reason: e}
		r.color = nil
		if l, err = r.link(); err == nil {
			return l, []fault{ornament}
		}
		e, _ = errors.AsType[*spaces.Error](err)
	}
	if e != nil {
		return spaces.Link{}, []fault{{slug: slug, reason: e, whole: true}}
	}
	return l, nil
}

// decodeRoom takes the known fields, in the order of their names so that the
// same room always has the same reason.
func decodeRoom(text json.RawMessage) (r room, reason *spaces.Error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil || object == nil {
		return r, spaces.Invalid("rooms", "a room must be a JSON object")
	}
	// The slug first: it names the room even when another field is at fault.
	for _, key := range append([]string{"slug"}, slices.Sorted(maps.Keys(fields))...) {
		if into := fields[key](&r); reason == nil && !decodeField(object[key], into) {
			reason = spaces.Invalid(key, "must be %s", kind(into))
		}
	}
	if reason == nil {
		reason = decodePlace(object[mapKey], &r)
	}
	return r, reason
}

func decodePlace(text json.RawMessage, r *room) *spaces.Error {
	var object map[string]json.RawMessage
	if !decodeField(text, &object) {
		return spaces.Invalid(mapKey, "must be an object with x, y, w and h")
	}
	for _, key := range slices.Sorted(maps.Keys(mapFields)) {
		if into := mapFields[key](r); !decodeField(object[key], into) {
			return spaces.Invalid(mapKey, "%s must be %s", key, kind(into))
		}
	}
	return nil
}

// decodeField leaves into alone when the field is absent or null.
func decodeField(text json.RawMessage, into any) bool {
	return len(text) == 0 || string(text) == "null" || json.Unmarshal(text, into) == nil
}

// claim notes the names that no other link may have.
func claim(taken map[string]spaces.Slug, l spaces.Link) {
	for _, key := range []string{string(l.Slug), l.RoomID, l.Alias} {
		taken[key] = l.Slug
	}
}

func claimed(links []spaces.Link) map[string]spaces.Slug {
	taken := map[string]spaces.Slug{}
	for _, l := range links {
		claim(taken, l)
	}
	return taken
}

func repeated(taken map[string]spaces.Slug, l spaces.Link) *spaces.Error {
	for _, name := range []struct{ field, key string }{
		{"slug", string(l.Slug)}, {"matrix_room_id", l.RoomID}, {"matrix_room_alias", l.Alias},
	} {
		if other, twice := taken[name.key]; twice && name.key != "" {
			return spaces.Invalid(name.field, "%s belongs to %s already", name.key, other)
		}
	}
	return nil
}
