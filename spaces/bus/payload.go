package bus

import (
	"encoding/json"
	"fmt"
	"strings"

	"presence/spaces"
)

// Payload types, the contract's "type" field.
const (
	typeRoom   = "room.presence"
	typeUser   = "user.presence"
	typeCity   = "city.presence"
	typeStatus = "city.status"
)

// encodeRoom writes the payload old subscribers read: "type" is set and lists
// are never null.
func encodeRoom(r spaces.RoomPresence) ([]byte, error) {
	return json.Marshal(normalRoom(r))
}

func normalRoom(r spaces.RoomPresence) spaces.RoomPresence {
	r.Type = typeRoom
	if r.TypingUsers == nil {
		r.TypingUsers = []string{}
	}
	if r.Agents == nil {
		r.Agents = []spaces.Agent{}
	}
	return r
}

// decode turns one stored message into a change and the epoch it belongs to
// (zero for links and for markers, which the fence guards). An empty body is
// the marker of a value that is gone.
func decode(subject string, data []byte) (change CityChange, epoch uint64, err error) {
	gone := len(data) == 0
	switch subject {
	case subjectCity:
		if gone {
			return CityChange{CityGone: true}, 0, nil
		}
		return decodeCity(data)
	case subjectStatus:
		if gone {
			return CityChange{StatusGone: true}, 0, nil
		}
		return decodeStatus(data)
	}
	kind, token, _ := strings.Cut(strings.TrimPrefix(subject, prefix), ".")
	slug, err := spaces.ParseSlug(token)
	if err != nil {
		return CityChange{}, 0, err
	}
	switch {
	case kind == "room" && gone:
		return CityChange{Slug: slug, RoomGone: true}, 0, nil
	case kind == "room":
		return decodeRoom(slug, data)
	case kind == "link" && gone:
		return CityChange{Slug: slug, LinkGone: true}, 0, nil
	case kind == "link":
		return decodeLink(slug, data)
	}
	return CityChange{}, 0, fmt.Errorf("unknown subject %q", subject)
}

func decodeRoom(slug spaces.Slug, data []byte) (CityChange, uint64, error) {
	var r spaces.RoomPresence
	if err := json.Unmarshal(data, &r); err != nil {
		return CityChange{}, 0, err
	}
	if r.Type != typeRoom || r.Slug != slug {
		return CityChange{}, 0, fmt.Errorf("type %q and slug %q do not fit the subject of room %q", r.Type, r.Slug, slug)
	}
	for _, n := range []int{r.OnlineCount, r.TypingCount, r.ActiveCount, r.IdleCount, r.UnknownCount, r.MemberCount, r.AgentCount, r.VRCount} {
		if n < 0 {
			return CityChange{}, 0, fmt.Errorf("room %q: a count is negative", slug)
		}
	}
	r = normalRoom(r)
	return CityChange{Slug: slug, Room: &r}, r.Epoch, nil
}

func decodeLink(slug spaces.Slug, data []byte) (CityChange, uint64, error) {
	var l spaces.Link
	if err := json.Unmarshal(data, &l); err != nil {
		return CityChange{}, 0, err
	}
	if l.Slug != slug {
		return CityChange{}, 0, fmt.Errorf("slug %q does not fit the subject of link %q", l.Slug, slug)
	}
	l, err := l.Normalize()
	if err != nil {
		return CityChange{}, 0, err
	}
	return CityChange{Slug: slug, Link: &l}, 0, nil
}

func decodeCity(data []byte) (CityChange, uint64, error) {
	var c spaces.CityPresence
	if err := json.Unmarshal(data, &c); err != nil {
		return CityChange{}, 0, err
	}
	if c.Type != typeCity {
		return CityChange{}, 0, fmt.Errorf("type %q on %s", c.Type, subjectCity)
	}
	if c.Zones == nil {
		c.Zones = []spaces.ZonePresence{}
	}
	return CityChange{City: &c}, c.Epoch, nil
}

func decodeStatus(data []byte) (CityChange, uint64, error) {
	var s spaces.Status
	if err := json.Unmarshal(data, &s); err != nil {
		return CityChange{}, 0, err
	}
	if s.Type != typeStatus {
		return CityChange{}, 0, fmt.Errorf("type %q on %s", s.Type, subjectStatus)
	}
	return CityChange{Status: &s}, s.Epoch, nil
}
