package store

import (
	"cmp"
	"fmt"

	"presence/spaces"
)

func checkLink(origin string, l spaces.Link) (spaces.Link, error) {
	if err := checkOrigin(origin); err != nil {
		return spaces.Link{}, err
	}
	l, err := l.Normalize()
	if err != nil {
		return spaces.Link{}, err
	}
	return l, cmp.Or(
		checkText("id", l.ID), checkText("name", l.Name), checkText("description", l.Description),
		checkText("room_type", l.RoomType), checkText("icon", l.Icon), checkText("microdao_id", l.MicroDAO),
	)
}

// checkWhole checks a whole list and what its links say about one another.
// Places on the map may overlap: spaces.Layout moves the later room.
func checkWhole(origin string, links []spaces.Link) ([]spaces.Link, error) {
	if err := checkOrigin(origin); err != nil {
		return nil, err
	}
	checked := make([]spaces.Link, len(links))
	taken := claims{}
	for i, l := range links {
		l, err := checkLink(origin, l)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", links[i].Slug, err)
		}
		if other, field := taken.holder(l); other != nil {
			return nil, spaces.Invalid(field, "%s and %s have the same", other.Slug, l.Slug)
		}
		taken.claim(linkRow{Link: l})
		checked[i] = l
	}
	return checked, nil
}

// checkBeside says why l of origin cannot take effect beside the links in
// effect. Links that l takes precedence over are no reason: they will wait
// behind it.
func checkBeside(won []linkRow, origin string, l spaces.Link) error {
	stronger := make(claims, len(won))
	for _, other := range won {
		standing := other.resolved()
		switch {
		case other.Slug == l.Slug && rank(other.origin) >= rank(origin), sameRoom(standing, l) && rank(other.origin) > rank(origin):
			// l replaces or shadows it.
		case l.Map.Overlaps(standing.Map):
			return conflict("map", "%s would overlap %s on the city map", l.Slug, other.Slug)
		default:
			stronger.claim(other)
		}
	}
	return checkNames(stronger, l)
}

func checkNames(taken claims, l spaces.Link) error {
	holder, field := taken.holder(l)
	switch {
	case holder == nil:
		return nil
	case field == "slug":
		return conflict(field, "%s is linked by the %s, which takes precedence", l.Slug, sourceName(holder.origin))
	case field == "matrix_room_id":
		return conflict(field, "%s is linked to %s already", l.RoomID, holder.Slug)
	}
	return conflict(field, "%s is linked to %s already", l.Alias, holder.Slug)
}

func sameRoom(a, b spaces.Link) bool {
	return a.RoomID != "" && a.RoomID == b.RoomID || a.Alias != "" && a.Alias == b.Alias
}

func conflict(field, format string, args ...any) error {
	return &spaces.Error{Code: spaces.CodeConflict, Field: field, Message: fmt.Sprintf(format, args...)}
}

func sourceName(origin string) string {
	switch origin {
	case OriginYAML:
		return "YAML file"
	case OriginHTTP:
		return "city service"
	}
	return "link command"
}
