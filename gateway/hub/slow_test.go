package hub_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"presence/gateway/hub"
	"presence/gateway/wire"
	"presence/spaces"
)

// wide is a format with frames for each mover that are as long as old clients
// make them.
type wide struct{ single }

const padding = "padding"

func (w wide) Poses(dst []byte, at time.Time, movers []wire.Mover) []byte {
	for i := range movers {
		dst = w.single.Poses(dst, at, movers[i:i+1])
		dst = wire.AppendFrame(dst, append([]byte(padding), bytes.Repeat([]byte{'.'}, 600)...))
	}
	return dst
}

// TestSlowClientOfLongFrames: whatever a client of such a format has missed,
// what it is given at once is bounded; and it hears everybody's newest place.
func TestSlowClientOfLongFrames(t *testing.T) {
	t.Parallel()
	for _, people := range []int{95, 300} {
		t.Run(fmt.Sprint(people), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				all := w.crowd(people, 1, rand.New(rand.NewPCG(9, 10)), wide{})
				slow := all[0]
				time.Sleep(time.Second)
				refs := refsOf(all)
				slow.set(func() { slow.most = 0 })
				for step := range 40 {
					slow.set(func() { slow.stuck = step < 20 || step%4 != 0 })
					walk(t, all, step)
				}
				slow.set(func() { slow.stuck = false })
				time.Sleep(10 * time.Second)
				synctest.Wait() // and whoever wrote is done
				if slow.most > 64<<10 {
					t.Errorf("it is given %d bytes at once", slow.most)
				}
				for _, o := range all[1:] {
					if p := slow.pose(refs[o.id]); p.Position.Distance(o.last.Position) > 0.02 {
						t.Errorf("%s was last seen at %v and is at %v", o.id, p.Position, o.last.Position)
					}
				}
				w.stop()
			})
		})
	}
}

// deaf takes everything and hears nothing.
type deaf struct{}

func (deaf) Write(...[]byte) bool { return true }
func (deaf) Close(wire.Close)     {}

// TestEntranceOfACrowd: a client that reads nothing for some seconds while a
// crowd comes, or comes into one, is not closed, however much there is to say;
// and hears of everybody once.
func TestEntranceOfACrowd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const people = 400
		w := newWorld(t, nil)
		first, late := w.enter("first"), newClient(t, "late")
		first.set(func() { first.stuck = true })
		late.stuck = true
		avatar := json.RawMessage(fmt.Sprintf("%q", bytes.Repeat([]byte{'x'}, 2000)))
		for i := range people {
			id := fmt.Sprint("guest-", i)
			_, err := w.hub.Enter(t.Context(), hub.Arrival{
				Key: lobby, Viewer: spaces.Viewer{Subject: id}, ID: id, Door: spaces.DoorNative, Avatar: avatar, Encoder: wire.Native{}, Conn: deaf{},
			})
			ok(t, err)
		}
		time.Sleep(time.Second)
		w.enterAs(late, lobby)
		time.Sleep(8 * time.Second)
		for _, c := range []*client{first, late} {
			if why := c.cause(); why != nil {
				t.Fatalf("%s is closed: %v", c.id, why)
			}
			c.set(func() { c.stuck = false })
		}
		if joined := late.text("joined"); len(joined.Members) != people+2 {
			t.Errorf("who comes late is told of %d people", len(joined.Members))
		}
		heard := map[string]int{}
		for len(heard) < people+1 {
			heard[first.text("member.joined").Member.Session]++
		}
		for id, times := range heard {
			if times != 1 {
				t.Errorf("%s comes %d times", id, times)
			}
		}
		w.stop()
	})
}

// TestOrderOfArrival: nobody hears anything of somebody they were not told of,
// and who comes hears of the space before anything else.
func TestOrderOfArrival(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		alice := w.enter("alice")
		bob, carol, dave := newClient(t, "bob"), newClient(t, "carol"), newClient(t, "dave")
		w.enterAs(bob, lobby).Reply(wire.Ack{Request: json.RawMessage("1")})
		w.enterAs(carol, lobby)
		ok(t, bob.member.Emote("wave"))
		ok(t, carol.member.Signal("alice", wire.SignalOffer, json.RawMessage(`{}`)))
		w.enterAs(dave, lobby)
		ok(t, dave.member.Leave(t.Context()))
		time.Sleep(time.Second)
		synctest.Wait()
		known := map[string]bool{"alice": true}
		for _, n := range alice.texts {
			switch n.Type {
			case "member.joined":
				known[n.Member.Session] = true
			case "member.left":
				delete(known, n.Session)
			case "emote", "signal":
				if !known[n.From] {
					t.Errorf("alice hears of %s: %+v", n.From, n)
				}
			}
		}
		if len(known) != 3 || known["dave"] {
			t.Errorf("alice knows %v", known)
		}
		for c, want := range map[*client]string{bob: "joined ack", dave: "joined left"} {
			if len(c.texts) == 0 {
				t.Errorf("%s hears nothing", c.id)
				continue
			}
			if said := c.texts[0].Type + " " + c.texts[1].Type; said != want {
				t.Errorf("%s hears %s", c.id, said)
			}
		}
		w.stop()
	})
}
