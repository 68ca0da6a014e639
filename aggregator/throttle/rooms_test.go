package throttle_test

import (
	"testing"
	"time"

	"presence/aggregator/throttle"
	"presence/spaces"
)

func TestRoomWindows(t *testing.T) {
	t.Parallel()
	cfg := throttle.Rooms(window)
	room := spaces.RoomPresence{OnlineCount: 2, TypingCount: 1}
	for name, c := range map[string]struct {
		edit func(*spaces.RoomPresence)
		want time.Duration
	}{
		"one more person":     {func(p *spaces.RoomPresence) { p.OnlineCount = 3 }, window},
		"the last one leaves": {func(p *spaces.RoomPresence) { p.OnlineCount = 0 }, window / 6},
		"one more types":      {func(p *spaces.RoomPresence) { p.TypingCount = 2 }, window / 6},
		"nobody types":        {func(p *spaces.RoomPresence) { p.TypingCount = 0 }, window / 6},
		"turns stale":         {func(p *spaces.RoomPresence) { p.Stale = true }, window / 6},
	} {
		b := room
		c.edit(&b)
		if got := cfg.Window(room, b); got != c.want {
			t.Errorf("%s: window %v, want %v", name, got, c.want)
		}
		if throttle.SameRoom(room, b) {
			t.Errorf("%s: counts as no change", name)
		}
	}
	if short := throttle.Rooms(time.Millisecond); short.Window(room, spaces.RoomPresence{}) != time.Millisecond {
		t.Error("the urgent window is longer than the normal one")
	}
}

func TestStampsAreNoChange(t *testing.T) {
	t.Parallel()
	stamped := spaces.RoomPresence{AsOf: 1, Epoch: 2, Version: 3, ReceivedTS: 4, LastEventTS: 5}
	if !throttle.SameRoom(spaces.RoomPresence{}, stamped) {
		t.Error("a room's stamps count as a change")
	}
	if throttle.SameRoom(stamped, spaces.RoomPresence{TypingUsers: []string{"@a:x"}}) {
		t.Error("another typist counts as no change")
	}
	if !throttle.SameCity(spaces.CityPresence{}, spaces.CityPresence{AsOf: 1, Epoch: 2, Version: 3}) {
		t.Error("the city's stamps count as a change")
	}
	if !throttle.SameUser(spaces.UserPresence{}, spaces.UserPresence{AsOf: 1, Epoch: 2, LastActiveTS: 3}) {
		t.Error("a user's stamps count as a change")
	}
	city := throttle.City(window)
	if city.Window(spaces.CityPresence{}, spaces.CityPresence{Totals: spaces.Totals{OnlineCount: 1}}) >= window {
		t.Error("the city waking up waits a whole window")
	}
	if city.Renewable(spaces.CityPresence{Stale: true}) || throttle.Rooms(window).Renewable(spaces.RoomPresence{Stale: true}) {
		t.Error("stale values are renewed for ever")
	}
	if throttle.Users(window).Window(spaces.UserPresence{}, spaces.UserPresence{}) != window {
		t.Error("users have another window")
	}
}
