package hub_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"presence/gateway/hub"
	"presence/gateway/wire"
	"presence/spaces"
)

// stride is how far everybody walks with each pose.
const stride = 0.1

// walker is somebody in a crowd, who walks to and fro.
type walker struct {
	*client

	from spaces.Vec
	last spaces.Pose
}

// crowd lets n people in, the first few of whom watch.
func (w *world) crowd(n, watching int, random *rand.Rand, encoder wire.SpaceEncoder) []*walker {
	w.t.Helper()
	all := make([]*walker, n)
	for i := range all {
		c := newClient(w.t, fmt.Sprintf("walker-%d", i))
		c.quiet = i >= watching
		all[i] = &walker{client: c, from: spaces.Vec{X: random.Float64()*60 - 30, Z: random.Float64()*60 - 30}}
		a := w.arrival(c, lobby)
		if i < watching && encoder != nil {
			a.Encoder = encoder
		}
		a.Pose = &spaces.Pose{Position: all[i].from, Rotation: spaces.Quat{W: 1}}
		all[i].last = *a.Pose
		m, err := w.hub.Enter(w.t.Context(), a)
		ok(w.t, err)
		c.member = m
	}
	return all
}

// walk is one step in a second's time, everybody at their own moment.
func walk(t *testing.T, all []*walker, step int) {
	t.Helper()
	for part := range 10 {
		for i := part; i < len(all); i += 10 {
			p := &all[i].last
			p.Position.X = all[i].from.X + stride*float64(step%8)
			ok(t, all[i].member.Move(*p, nil, nil))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// nearestTo returns the people around one, the nearest first.
func nearestTo(one *walker, all []*walker) []*walker {
	others := slices.DeleteFunc(slices.Clone(all), func(o *walker) bool { return o == one })
	slices.SortFunc(others, func(a, b *walker) int {
		return cmp.Compare(a.last.Position.Distance(one.last.Position), b.last.Position.Distance(one.last.Position))
	})
	return others
}

// TestCrowd: in a crowd the 64 nearest are seen as they are within 200 ms,
// everybody else within 2 s, and what one client is told stays bounded.
func TestCrowd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const people, watching = 250, 4
		w := newWorld(t, nil)
		all := w.crowd(people, watching, rand.New(rand.NewPCG(1, 2)), nil)
		step := 0
		for ; step < 22; step++ { // everybody has had a turn
			walk(t, all, step)
		}
		refs := refsOf(all)
		bytes := all[0].total()
		const rounds = 10
		for range rounds {
			walk(t, all, step)
			step++
			for _, viewer := range all[:watching] {
				checkFresh(t, viewer, all, refs)
			}
		}
		if perSecond := (all[0].total() - bytes) * 10 / rounds; perSecond > 40<<10 {
			t.Errorf("a client in a crowd of %d is told %d bytes a second", people, perSecond)
		}

		for range 25 { // everybody stands still: the last places arrive
			time.Sleep(100 * time.Millisecond)
		}
		for _, viewer := range all[:watching] {
			for _, o := range all {
				if p := viewer.pose(refs[o.id]); o != viewer && p.Position.Distance(o.last.Position) > 0.02 {
					t.Fatalf("%s sees %s for ever at %v instead of %v", viewer.id, o.id, p.Position, o.last.Position)
				}
			}
		}
		w.stop()
	})
}

func (c *client) total() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}

// refsOf is everybody's ref, as they were told.
func refsOf(all []*walker) map[string]uint16 {
	refs := map[string]uint16{}
	for _, c := range all {
		c.set(func() { refs[c.id] = c.ref })
	}
	return refs
}

// pose is where somebody was last seen; the zero pose is nowhere.
func (c *client) pose(ref uint16) spaces.Pose {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.poses[ref]
}

func checkFresh(t *testing.T, viewer *walker, all []*walker, refs map[string]uint16) {
	t.Helper()
	viewer.mu.Lock()
	defer viewer.mu.Unlock()
	now := time.Now()
	for rank, o := range nearestTo(viewer, all) {
		limit := 2 * time.Second
		if rank < 64 {
			limit = 200 * time.Millisecond
		}
		if age := now.Sub(viewer.when[refs[o.id]]); age > limit {
			t.Fatalf("%s has seen %s, number %d by distance, %v ago", viewer.id, o.id, rank, age)
		}
	}
}

// TestOneSpot: when everybody stands on the same spot, and nobody is nearer than
// anybody else, what one client is told stays bounded nevertheless.
func TestOneSpot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		all := w.crowd(200, 1, rand.New(rand.NewPCG(1, 2)), nil)
		for step := range 30 {
			for _, c := range all {
				c.from = spaces.Vec{}
				c.last.Position = spaces.Vec{}
			}
			if step == 10 {
				all[0].set(func() { all[0].bytes = 0 })
			}
			for _, c := range all {
				p := c.last
				p.Teleport = true
				_ = c.member.Move(p, nil, nil) // the first is a jump, and some have none left
			}
			time.Sleep(100 * time.Millisecond)
		}
		if perSecond := all[0].total() / 2; perSecond > 16<<10 {
			t.Errorf("%d bytes a second", perSecond)
		}
		w.stop()
	})
}

// TestCrowdComesAndGoes: nobody is lost when a space becomes a crowd or is one
// no longer, nor when people in it come and go.
func TestCrowdComesAndGoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *hub.Config) { c.Crowd = 40 })
		random := rand.New(rand.NewPCG(5, 6))
		watcher := w.enter("watcher")
		var all []*walker
		names := 0
		for round := range 60 {
			for range random.IntN(12) {
				if names++; len(all) < 90 {
					c := newClient(t, fmt.Sprintf("guest-%d", names))
					c.quiet = true
					w.enterAs(c, lobby)
					c.text("joined")
					all = append(all, &walker{client: c, last: *at(random.Float64()*50, random.Float64()*50)})
					ok(t, c.member.Move(all[len(all)-1].last, nil, nil))
				}
			}
			if round%3 == 2 {
				for range min(len(all), random.IntN(30)) {
					i := random.IntN(len(all))
					ok(t, all[i].member.Leave(t.Context()))
					all = slices.Delete(all, i, i+1)
				}
			}
			if random.IntN(5) == 0 {
				watcher.set(func() { watcher.stuck = !watcher.stuck })
			}
			for _, c := range all {
				if random.IntN(4) == 0 {
					c.last.Position.X += 0.5
					ok(t, c.member.Move(c.last, nil, nil))
				}
			}
			time.Sleep(time.Duration(random.IntN(400)) * time.Millisecond)
		}
		watcher.set(func() { watcher.stuck = false })
		time.Sleep(4 * time.Second)
		for _, c := range all {
			if p := watcher.pose(c.ref); p.Position.Distance(c.last.Position) > 0.02 {
				t.Errorf("%s is at %v and was last seen at %v", c.id, c.last.Position, p.Position)
			}
		}
		inside := map[string]bool{}
		watcher.mu.Lock()
		defer watcher.mu.Unlock()
		for _, n := range watcher.texts {
			switch n.Type {
			case "member.joined":
				inside[n.Member.Session] = true
			case "member.left":
				delete(inside, n.Session)
			}
		}
		if len(inside) != len(all) {
			t.Errorf("the watcher knows %d people, %d are there", len(inside), len(all))
		}
		w.stop()
	})
}

// TestSlowClient: a client that takes nothing for a while costs nobody else
// anything, and then hears every event in order and everybody's newest place
// once.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	for _, crowd := range []int{20, 150} {
		t.Run(fmt.Sprint(crowd), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { testSlowClient(t, crowd) })
		})
	}
}

func testSlowClient(t *testing.T, people int) {
	w := newWorld(t, nil)
	all := w.crowd(people, 2, rand.New(rand.NewPCG(3, 4)), nil)
	slow, quick := all[0], all[1]
	const warm = 22 // steps after which everybody has had a turn
	for step := range warm {
		walk(t, all, step)
	}
	refs := refsOf(all)
	slow.set(func() { slow.stuck, slow.bytes = true, 0 })
	emotes := 0
	for step := range 30 {
		walk(t, all, warm+step)
		if step%3 == 0 {
			ok(t, quick.member.Emote(fmt.Sprint("e", emotes)))
			emotes++
		}
		checkFresh(t, quick, all, refs)
	}
	if slow.total() != 0 {
		t.Error("a client that is stuck takes something")
	}
	slow.set(func() { slow.stuck, slow.texts = false, nil })
	time.Sleep(time.Second)
	for i := range emotes {
		if n := slow.text("emote"); n.Emote != fmt.Sprint("e", i) {
			t.Fatalf("emote %d is %q", i, n.Emote)
		}
	}
	for _, o := range all[1:] {
		if p := slow.pose(refs[o.id]); p.Position.Distance(o.last.Position) > 0.02 {
			t.Errorf("%s was last seen at %v and is at %v", o.id, p.Position, o.last.Position)
		}
	}
	if most := people * 12 * 4; slow.total() > most+emotes*100 {
		t.Errorf("for 3 s of standing still it is told %d bytes", slow.total())
	}
	if w.metric("presence_hub_conflated_total") == 0 {
		t.Error("nothing is counted as conflated")
	}
	w.stop()
}

// TestOverflow: what is told once is kept for a slow client up to a bound, then
// the client is closed.
func TestOverflow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		slow, loud, other := w.enter("slow"), w.enter("loud"), w.enter("other")
		slow.set(func() { slow.stuck = true })
		data := make([]byte, 10<<10)
		for i := range data {
			data[i] = '1'
		}
		sent := 0
		for ; sent < 1000 && slow.cause() == nil; sent++ {
			ok(t, loud.member.Send(wire.EntityAFrame, "", data))
			time.Sleep(200 * time.Millisecond)
		}
		if why := slow.cause(); why == nil || *why != wire.CloseSlow || sent*len(data) > 1<<20 {
			t.Errorf("closed with %v after %d bytes", why, sent*len(data))
		}
		for range sent {
			other.text("entity")
		}
		w.stop()
	})
}

// cause is why the hub closed the client; nil: it did not.
func (c *client) cause() *wire.Close {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// single is a format with frames for each mover.
type single struct{ wire.Native }

func (single) Shared() bool { return false }

// TestNobodyHearsOfThemselves: in formats with frames for each mover nobody gets
// their own, whatever the chunk.
func TestNobodyHearsOfThemselves(t *testing.T) {
	t.Parallel()
	for _, people := range []int{30, 130} {
		t.Run(fmt.Sprint(people), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				all := w.crowd(people, 4, rand.New(rand.NewPCG(7, 8)), single{})
				for step := range 15 {
					walk(t, all, step)
				}
				time.Sleep(3 * time.Second)
				synctest.Wait() // and whoever wrote is done
				for _, viewer := range all[:4] {
					if _, own := viewer.poses[viewer.ref]; own {
						t.Errorf("%s hears of itself", viewer.id)
					}
					if len(viewer.poses) != people-1 {
						t.Errorf("%s sees %d of %d", viewer.id, len(viewer.poses), people-1)
					}
				}
				w.stop()
			})
		})
	}
}
