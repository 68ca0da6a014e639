package throttle

import (
	"reflect"
	"time"

	"presence/spaces"
)

// urgent is the longest window for changes people wait for: a room or its space
// in VR fills or empties, somebody starts or stops typing, a number turns stale or live.
const urgent = 500 * time.Millisecond

// Rooms is how room presence is throttled: one message per window and room,
// sooner for what people wait for. Stale values are not renewed.
func Rooms(window time.Duration) Config[spaces.RoomPresence] {
	return Config[spaces.RoomPresence]{
		Same: SameRoom,
		Window: func(a, b spaces.RoomPresence) time.Duration {
			if crosses(a.OnlineCount, b.OnlineCount) || crosses(a.VRCount, b.VRCount) || a.TypingCount != b.TypingCount || a.Stale != b.Stale {
				return min(window, urgent)
			}
			return window
		},
		Renewable: func(p spaces.RoomPresence) bool { return !p.Stale },
	}
}

// City is how the city's totals are throttled.
func City(window time.Duration) Config[spaces.CityPresence] {
	return Config[spaces.CityPresence]{
		Same: SameCity,
		Window: func(a, b spaces.CityPresence) time.Duration {
			if crosses(a.OnlineCount, b.OnlineCount) || a.TypingCount != b.TypingCount || a.Stale != b.Stale {
				return min(window, urgent)
			}
			return window
		},
		Renewable: func(p spaces.CityPresence) bool { return !p.Stale },
	}
}

// Users is how the presence of single people is throttled.
func Users(window time.Duration) Config[spaces.UserPresence] {
	return Config[spaces.UserPresence]{
		Same:   SameUser,
		Window: func(_, _ spaces.UserPresence) time.Duration { return window },
	}
}

// crosses reports whether a count goes to or from zero.
func crosses(a, b int) bool { return (a == 0) != (b == 0) }

// SameRoom reports whether b tells a viewer nothing that a did not: stamps
// (as_of, epoch, version, received and last event) do not count.
func SameRoom(a, b spaces.RoomPresence) bool {
	for _, p := range []*spaces.RoomPresence{&a, &b} {
		p.AsOf, p.Epoch, p.Version, p.ReceivedTS, p.LastEventTS = 0, 0, 0, 0, 0
	}
	return reflect.DeepEqual(a, b)
}

// SameCity is SameRoom for the city's totals.
func SameCity(a, b spaces.CityPresence) bool {
	for _, p := range []*spaces.CityPresence{&a, &b} {
		p.AsOf, p.Epoch, p.Version = 0, 0, 0
	}
	return reflect.DeepEqual(a, b)
}

// SameUser is SameRoom for one person.
func SameUser(a, b spaces.UserPresence) bool {
	for _, p := range []*spaces.UserPresence{&a, &b} {
		p.AsOf, p.Epoch, p.LastActiveTS = 0, 0, 0
	}
	return a == b
}
