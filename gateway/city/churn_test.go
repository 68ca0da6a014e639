package city_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
	"presence/spaces/bus"
)

// TestJoinUnderChurn connects clients while rooms change, come and go. Every client must end with the very city the table holds: no
// update before its snapshot, none lost between the two, no older one after a
// newer.
func TestJoinUnderChurn(t *testing.T) {
	t.Parallel()
	const clients, names = 24, 12
	w := newWorld(t, nil)
	w.city.CityReset(state(link("square", ""), link("room-0", "")))

	stop, churned := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(churned)
		random := rand.New(rand.NewPCG(1, 2))
		pace := time.NewTicker(100 * time.Microsecond)
		defer pace.Stop()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-pace.C:
				w.change(randomChange(random, names, i))
			}
		}
	}()
	followers := make([]*follower, clients)
	var ready, done sync.WaitGroup
	for i := range followers {
		ready.Add(1)
		f := &follower{who: []string{"guest", "member"}[i%2], caughtUp: ready.Done}
		followers[i] = f
		done.Go(func() { f.follow(w) })
	}
	ready.Wait()
	close(stop)
	<-churned
	w.change(online("square", endMarker))
	done.Wait()
	for _, f := range followers {
		if f.err != nil {
			t.Error(f.err)
			continue
		}
		v, _ := w.people.Current(spaces.Viewer{Subject: map[string]string{"guest": "guest:1", "member": "member"}[f.who]})
		if got, want := fmt.Sprint(f.rooms), fmt.Sprint(shown(w.city.Snapshot(v))); got != want {
			t.Errorf("a %s ended with\n%s, the city is\n%s", f.who, got, want)
		}
	}
}

const endMarker = 1 << 30

func randomChange(random *rand.Rand, names, i int) bus.CityChange {
	slug := spaces.Slug(fmt.Sprintf("room-%d", random.IntN(names)))
	switch random.IntN(12) {
	case 0:
		return bus.CityChange{Slug: slug, LinkGone: true}
	case 1, 2:
		l := link(string(slug), []string{"", "dao"}[random.IntN(2)])
		l.Description = fmt.Sprint(i)
		return bus.CityChange{Slug: slug, Link: &l}
	case 3:
		return bus.CityChange{Slug: slug, RoomGone: true}
	default:
		return online(string(slug), i)
	}
}

// follower is a v2 client that keeps its own table.
type follower struct {
	who      string
	caughtUp func() // called after some frames
	rooms    map[spaces.Slug]string
	err      error
}

func (f *follower) follow(w *world) {
	told := sync.OnceFunc(f.caughtUp)
	defer told()
	c, _, err := w.dial(f.who, wire.SubprotocolV2)
	if err != nil {
		f.err = err
		return
	}
	var last uint64
	for n := 0; ; n++ {
		text, err := c.text()
		if err != nil {
			f.err = err
			return
		}
		m := c.parse(text)
		if (n == 0) != (m.Type == "city.snapshot") || m.Seq <= last {
			f.err = fmt.Errorf("message %d after %d is %s", n, last, text)
			return
		}
		last = m.Seq
		f.apply(m)
		if n == 50 {
			told()
		}
		if f.rooms["square"] == fmt.Sprint(endMarker) {
			return
		}
	}
}

func (f *follower) apply(m frame) {
	switch m.Type {
	case "city.snapshot":
		f.rooms = map[spaces.Slug]string{}
		for _, r := range m.Rooms {
			f.rooms[r.Slug] = number(r.Presence)
		}
	case "city.link":
		f.rooms[m.Room.Slug] = number(m.Room.Presence)
	case "city.room":
		if _, known := f.rooms[m.Slug]; !known {
			f.rooms[m.Slug] = "numbers without a link: " + m.raw
			return
		}
		f.rooms[m.Slug] = number(m.Presence)
	case "city.gone":
		delete(f.rooms, m.Slug)
	}
}

func number(p *presenceFrame) string {
	if p == nil {
		return "unknown"
	}
	return fmt.Sprint(p.Online)
}

func shown(v spaces.CityView) map[spaces.Slug]string {
	rooms := map[spaces.Slug]string{}
	for _, r := range v.Rooms {
		rooms[r.Link.Slug] = "unknown"
		if r.Presence != nil {
			rooms[r.Link.Slug] = fmt.Sprint(r.Presence.OnlineCount)
		}
	}
	return rooms
}
