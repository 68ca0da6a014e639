package aggregator

import (
	"time"

	"presence/aggregator/throttle"
	"presence/spaces"
	"presence/spaces/bus"
)

// outbox is what waits to be published. It belongs to the term's goroutine.
type outbox struct {
	metrics *metrics
	epoch   uint64
	version uint64 // of the last room or city published

	rooms  *throttle.Throttle[spaces.Slug, spaces.RoomPresence]
	totals *throttle.Throttle[string, spaces.CityPresence]
	users  *throttle.Throttle[string, spaces.UserPresence]

	lastCity *spaces.CityPresence // the last known totals; nil: never

	links    map[spaces.Slug]*spaces.Link // to be told; nil: gone
	told     map[spaces.Slug]spaces.Link  // links on the bus
	linksDue time.Time                    // not before, after a failure

	busy    bool
	failing bool // the last mail did not arrive
	sending mail // what is on its way
}

// cityKey is the one key of totals.
const cityKey = "city"

func newOutbox(cfg Config, epoch uint64, m *metrics) *outbox {
	renew := cfg.RoomTTL / renewals
	rooms, totals, users := throttle.Rooms(cfg.Throttle), throttle.City(cfg.Throttle), throttle.Users(cfg.Throttle)
	rooms.Renew, rooms.PerSec = renew, publishPerSec
	totals.Renew = renew
	users.Renew, users.PerSec = renew, publishPerSec
	return &outbox{
		metrics: m, epoch: epoch,
		rooms:  throttle.New[spaces.Slug](rooms),
		totals: throttle.New[string](totals),
		users:  throttle.New[string](users),
		links:  map[spaces.Slug]*spaces.Link{},
		told:   map[spaces.Slug]spaces.Link{},
	}
}

// adopt takes over what the leader before left on the bus: it is compared
// with, renewed as of its own age, and removed where no link stands behind it.
func (o *outbox) adopt(now time.Time, city *bus.CityState, linked map[spaces.Slug]spaces.Link) {
	for slug, room := range city.Rooms {
		o.rooms.Adopt(time.UnixMilli(room.AsOf), slug, room)
		if _, ok := linked[slug]; !ok {
			o.rooms.Drop(now, slug)
		}
	}
	for slug, link := range city.Links {
		o.told[slug] = link
		if _, ok := linked[slug]; !ok {
			o.links[slug] = nil
		}
	}
	if city.City != nil {
		o.lastCity = city.City
		o.totals.Adopt(time.UnixMilli(city.City.AsOf), cityKey, *city.City)
	}
}

func (o *outbox) link(slug spaces.Slug, link spaces.Link) {
	if told, ok := o.told[slug]; ok && told == link {
		delete(o.links, slug)
		return
	}
	o.links[slug] = &link
}

func (o *outbox) unlink(now time.Time, slug spaces.Slug) {
	o.links[slug] = nil
	o.rooms.Drop(now, slug)
}

func (o *outbox) room(now time.Time, slug spaces.Slug, value spaces.RoomPresence, known bool) {
	if !known {
		o.rooms.Drop(now, slug)
		return
	}
	o.count(o.rooms.Set(now, slug, value))
}

// city keeps the last known totals, as stale, when none of the public rooms is
// known any more. They are not renewed, so they become unknown.
func (o *outbox) city(now time.Time, value spaces.CityPresence, known bool) {
	switch {
	case known:
		o.lastCity = &value
	case o.lastCity == nil:
		return
	default:
		value = *o.lastCity
		value.Stale = true
	}
	o.count(o.totals.Set(now, cityKey, value))
}

func (o *outbox) user(now time.Time, userID string, value spaces.UserPresence, known bool) {
	if !known {
		o.users.Drop(now, userID)
		return
	}
	o.count(o.users.Set(now, userID, value))
}

func (o *outbox) count(news bool) {
	if !news {
		o.metrics.suppressed.Inc()
	}
}

// next is when something may be published, false while something is on its
// way or nothing waits.
func (o *outbox) next() (next time.Time, some bool) {
	if o.busy {
		return next, false
	}
	sooner := func(at time.Time, ok bool) {
		if ok && (!some || at.Before(next)) {
			next, some = at, true
		}
	}
	sooner(o.rooms.Next())
	sooner(o.totals.Next())
	sooner(o.users.Next())
	sooner(o.linksDue, len(o.links) > 0)
	return next, some
}
