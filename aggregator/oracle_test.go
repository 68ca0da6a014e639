package aggregator_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"presence/spaces"
	"presence/synthetic"
)

var (
	oracleSeed  = flag.Uint64("oracle.seed", 0, "run this scenario alone")
	oracleRuns  = flag.Int("oracle.runs", 8, "scenarios per kind of homeserver")
	oracleSteps = flag.Int("oracle.steps", 60, "steps of a scenario")
)

// TestOracle drives a homeserver at random and compares what is published with
// what a naive count of the homeserver's own tables says, after every step and
// some quiet. A failure prints its seed and the fewest steps that still fail.
func TestOracle(t *testing.T) {
	t.Parallel()
	kinds := map[string]synthetic.Quirks{"synapse": synthetic.Synapse(), "dendrite": synthetic.Dendrite()}
	after := synthetic.Synapse()
	after.StateAfter = true
	kinds["state_after"] = after
	for name, quirks := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seeds := []uint64{*oracleSeed}
			if *oracleSeed == 0 {
				seeds = nil
				for range *oracleRuns {
					seeds = append(seeds, rand.Uint64())
				}
			}
			for _, seed := range seeds {
				judge(t, quirks, seed)
			}
		})
	}
}

// judge runs one scenario and, if it fails, looks for a shorter one.
func judge(t *testing.T, quirks synthetic.Quirks, seed uint64) {
	t.Helper()
	steps := make([]int, *oracleSteps)
	for i := range steps {
		steps[i] = i
	}
	trace, err := play(t, quirks, seed, steps)
	if err == nil {
		return
	}
	steps = steps[:len(trace)]
	for size := len(steps) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(steps); {
			fewer := slices.Delete(slices.Clone(steps), at, at+size)
			if shorter, again := play(t, quirks, seed, fewer); again != nil {
				steps, trace, err = fewer[:min(len(shorter), len(fewer))], shorter, again
			} else {
				at += size
			}
		}
	}
	t.Errorf("-oracle.seed=%d: %v\nafter these steps:\n  %s", seed, err, strings.Join(trace, "\n  "))
}

// play runs the given steps of a scenario and returns what they did, up to the
// first that went wrong.
func play(t *testing.T, quirks synthetic.Quirks, seed uint64, steps []int) (trace []string, err error) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, quirks)
		defer w.hs.Close()
		defer w.stop()
		o := newOracle(w, quirks)
		for _, step := range steps {
			o.rng = rand.New(rand.NewPCG(seed, uint64(step)))
			o.quiet = calm
			said := o.step()
			trace = append(trace, fmt.Sprintf("%3d %s", step, said))
			if err = o.settle(); err != nil {
				return
			}
		}
	})
	return trace, err
}

// How long a step may take to show: the throttle and the grace, or a back-off
// and a refused join on top.
const (
	calm   = 15 * time.Second
	storm  = 3 * time.Minute
	sticky = 130 * time.Second // a typing list nobody corrects
)

// oracle is a scenario and its naive count.
type oracle struct {
	w      *world
	quirks synthetic.Quirks
	rng    *rand.Rand
	quiet  time.Duration // what this step needs to settle
	serial int

	people []string
	rooms  []string // every room there is
	agents map[string]bool

	// blind rooms may show nobody typing although somebody is: the list was
	// not sent again after a gap. It ends when the list changes.
	blind  map[string]bool
	lists  map[string]string // the typing lists as of the last comparison
	polls  int               // requests to /sync as of the last comparison
	at     time.Time         // of the last comparison
	banned map[string]bool   // rooms that have banned the daemon
	dead   map[string]bool   // rooms that were upgraded
}

func newOracle(w *world, quirks synthetic.Quirks) *oracle {
	o := &oracle{
		w: w, quirks: quirks, blind: map[string]bool{}, lists: map[string]string{}, banned: map[string]bool{}, dead: map[string]bool{},
		agents: map[string]bool{w.agent: true}, rng: rand.New(rand.NewPCG(1, 1)), at: time.Now(),
	}
	for i := range 4 {
		o.rooms = append(o.rooms, w.link(spaces.Slug(fmt.Sprintf("room%d", i)), i > 0))
	}
	for i := range 14 {
		o.people = append(o.people, w.person(fmt.Sprintf("user%d", i), o.rooms[i%4]))
	}
	o.people = append(o.people, w.agent)
	w.start()
	w.wait(calm)
	return o
}

func pick[T any](o *oracle, from []T) T { return from[o.rng.IntN(len(from))] }

// settle lets the step show, and compares.
func (o *oracle) settle() error {
	o.w.wait(o.quiet)
	err := o.compare()
	if err != nil && o.quirks.SilentTypingExpiry && strings.Contains(err.Error(), "typing") {
		o.w.wait(sticky)
		err = o.compare()
	}
	if rate := float64(o.w.hs.Requests("sync")-o.polls) / time.Since(o.at).Seconds(); rate > 20 {
		return fmt.Errorf("%.0f polls a second", rate)
	}
	o.polls, o.at = o.w.hs.Requests("sync"), time.Now()
	return err
}

// count is the naive answer about one room.
type count struct{ online, active, members, agents int }

func (o *oracle) count(roomID string, people map[string]bool) count {
	var c count
	for _, userID := range o.w.hs.Members(roomID) {
		presence := o.w.hs.Presence(userID)
		here := presence == "online" || presence == "unavailable" || presence == "busy"
		switch {
		case userID == o.w.self:
		case o.agents[userID]:
			if here {
				c.agents++
			}
		default:
			c.members++
			if here {
				c.online++
				people[userID] = true
			}
			if here && presence != "unavailable" {
				c.active++
			}
		}
	}
	return c
}

func (o *oracle) compare() error {
	city, seen := map[string]bool{}, false
	links := o.w.sql.list()
	for _, link := range links {
		people := map[string]bool{}
		want := o.count(link.RoomID, people)
		in := slices.Contains(o.w.hs.Members(link.RoomID), o.w.self)
		if err := o.compareRoom(link, want, in); err != nil {
			return err
		}
		if link.Public && in {
			maps.Copy(city, people)
			seen = true
		}
	}
	if err := o.compareUsers(); err != nil {
		return err
	}
	return o.compareCity(links, len(city), seen)
}

// compareUsers checks what is published about each person in a linked room.
func (o *oracle) compareUsers() error {
	words := map[string]string{"online": "online", "busy": "online", "unavailable": "unavailable", "offline": "offline", "": "unknown"}
	for _, link := range o.w.sql.list() {
		members := o.w.hs.Members(link.RoomID)
		if !slices.Contains(members, o.w.self) {
			continue
		}
		for _, userID := range members {
			want, got := words[o.w.hs.Presence(userID)], o.w.nats.user(userID)
			if userID != o.w.self && got != want && (want != "offline" || got != "unknown") {
				return fmt.Errorf("%s: published as %q, want %q", userID, got, want)
			}
		}
	}
	return nil
}

func (o *oracle) compareRoom(link spaces.Link, want count, in bool) error {
	got, ok := o.w.room(link.Slug)
	if !in {
		if ok && !got.Stale {
			return fmt.Errorf("%s: published as live (%+v) although the daemon is not in it", link.Slug, got)
		}
		if !o.banned[link.RoomID] {
			return fmt.Errorf("%s: the daemon has not joined", link.Slug)
		}
		return nil
	}
	is := count{got.OnlineCount, got.ActiveCount, got.MemberCount, got.AgentCount}
	if !ok || got.Stale || is != want || got.RoomID != link.RoomID {
		return fmt.Errorf("%s: published %v stale %v %s %+v, want %s %+v", link.Slug, ok, got.Stale, got.RoomID, is, link.RoomID, want)
	}
	return o.compareTyping(link, got)
}

func (o *oracle) compareTyping(link spaces.Link, got spaces.RoomPresence) error {
	want := slices.DeleteFunc(o.w.hs.Typing(link.RoomID), func(userID string) bool { return o.agents[userID] })
	text := fmt.Sprint(want)
	if text != o.lists[link.RoomID] {
		delete(o.blind, link.RoomID)
		o.lists[link.RoomID] = text
	}
	if slices.Equal(got.TypingUsers, want) || o.blind[link.RoomID] && len(got.TypingUsers) == 0 {
		return nil
	}
	return fmt.Errorf("%s: typing %v, want %v", link.Slug, got.TypingUsers, want)
}

func (o *oracle) compareCity(links []spaces.Link, online int, seen bool) error {
	state, _ := o.w.nats.state()
	if len(state.Links) != len(links) {
		return fmt.Errorf("%d links published, want %d", len(state.Links), len(links))
	}
	for _, link := range links {
		if state.Links[link.Slug] != link {
			return fmt.Errorf("link published as %+v, want %+v", state.Links[link.Slug], link)
		}
	}
	for slug := range state.Rooms {
		if _, linked := state.Links[slug]; !linked {
			return fmt.Errorf("%s: still published without a link", slug)
		}
	}
	if state.Status == nil || state.Status.Sync != spaces.SyncOK || (state.Status.Message != "") != (state.Status.Joined < state.Status.Rooms) {
		return fmt.Errorf("status %+v", state.Status)
	}
	if seen && (state.City == nil || state.City.Stale || state.City.OnlineCount != online) {
		return fmt.Errorf("city: %+v, want %d people", state.City, online)
	}
	if !seen && state.City != nil && !state.City.Stale && state.City.OnlineCount > 0 {
		return fmt.Errorf("city: %+v although no public room is seen", state.City)
	}
	return nil
}
