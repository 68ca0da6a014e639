package city_test

import (
	"sync/atomic"
	"testing"
	"time"

	"presence/gateway/city"
)

// TestOneMessageForManyStreams: streams that know as much as each other get the
// same bytes, made once. The clock moves with every look at it, so that a
// message made twice would show.
func TestOneMessageForManyStreams(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"", "?mode=diff"} {
		t.Run("mode"+mode, func(t *testing.T) {
			t.Parallel()
			var looks atomic.Int64
			begin := time.Now()
			w := newWorld(t, func(c *city.Config) {
				c.Now = func() time.Time { return begin.Add(time.Duration(looks.Add(1)) * time.Millisecond) }
			})
			w.city.CityReset(state(link("square", ""), link("lab", "")))
			type step struct{ knew, knows string }
			streams, knew := map[*stream]string{}, map[step]string{}
			for range 5 {
				streams[w.listen("", mode)] = ""
			}
			shared := 0
			for n := range 4 {
				for s, id := range streams {
					u := s.next()
					streams[s] = u.id
					known, ok := knew[step{id, u.id}]
					if ok && known != u.raw {
						t.Errorf("made twice:\n%s\n%s", known, u.raw)
					}
					if ok {
						shared++
					}
					knew[step{id, u.id}] = u.raw
				}
				w.change(online("square", n))
			}
			if shared == 0 {
				t.Error("no two streams got the same message")
			}
		})
	}
}
