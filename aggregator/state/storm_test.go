package state_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"presence/aggregator/state"
	"presence/spaces"
)

var (
	storms    = flag.Int("storms", 60, "random scenarios for TestEngineEqualsOracle")
	stormSeed = flag.Uint64("storm-seed", 0, "run only this scenario")
)

// TestEngineEqualsOracle runs random scenarios through three engines (one fed
// plainly, one fed every batch in another order, one restarted from its rows
// whenever the scenario says so) and through the oracle. After every step each
// published value, kept current only by TakeChanged and by Ticks at NextTick,
// must equal what the oracle computes from scratch. A failing scenario is
// shortened and printed with its seed.
func TestEngineEqualsOracle(t *testing.T) {
	t.Parallel()
	for range *storms {
		seed := *stormSeed
		if seed == 0 {
			seed = rand.Uint64()
		}
		sc := newScenario(seed)
		if fault := sc.run(sc.ops); fault != "" {
			ops := sc.shorten()
			t.Fatalf("seed %d, %d steps of %d:\n%s\n%s", seed, len(ops), len(sc.ops), spellOps(ops), sc.run(ops))
		}
	}
}

// op is one step of a scenario.
type op struct {
	After    time.Duration // since the step before
	Batch    *state.Batch
	Links    []spaces.Link
	SetLinks bool
	Sync     spaces.SyncState
	Support  *bool
	Room     string // Reconcile
	Joined   []string
	Restart  bool
	Visit    *state.Visit
	Inside   bool
	Visits   []state.Visit // all of them
	Anew     bool          // set Visits
}

// noise is what an empty field looks like in JSON.
var noise = regexp.MustCompile(`"[A-Za-z_]+":(null|false|""|0|\[\]|"0001[^"]*"|{"x":0,"y":0,"w":0,"h":0}),?`)

func spellOps(ops []op) string {
	var b strings.Builder
	for _, o := range ops {
		fmt.Fprintf(&b, "+%v ", o.After)
		text, _ := json.Marshal(o)
		b.Write(noise.ReplaceAll(text, nil))
		b.WriteByte('\n')
	}
	return b.String()
}

// scenario is the seed's configuration and steps.
type scenario struct {
	cfg  state.Config
	seed uint64
	ops  []op
}

// world is one run of a scenario.
type world struct {
	now    time.Time
	rng    *rand.Rand
	cfg    state.Config
	links  []spaces.Link
	oracle *oracle
	plain  *follower
	mixed  *follower
	reborn *follower
}

func (sc *scenario) run(ops []op) (fault string) {
	w := &world{
		now: time.UnixMilli(1_700_000_000_000), rng: rand.New(rand.NewPCG(sc.seed, 2)), cfg: sc.cfg,
		oracle: newOracle(sc.cfg), plain: newFollower(sc.cfg), mixed: newFollower(sc.cfg), reborn: newFollower(sc.cfg),
	}
	for i, o := range ops {
		w.now = w.now.Add(o.After)
		w.step(o)
		for name, f := range map[string]*follower{"plain": w.plain, "mixed": w.mixed, "reborn": w.reborn} {
			if fault := f.compare(w.oracle); fault != "" {
				return fmt.Sprintf("after step %d (%s engine): %s", i, name, fault)
			}
		}
	}
	return ""
}

// shorten removes steps, in ever smaller pieces, then facts of the steps left,
// as long as the rest fails.
func (sc *scenario) shorten() []op {
	ops := sc.fewerSteps()
	for i := range ops {
		if ops[i].Batch == nil {
			continue
		}
		b := *ops[i].Batch
		ops[i].Batch = &b
		dropWhile(&b.Rooms, func() bool { return sc.run(ops) != "" })
		dropWhile(&b.Presence, func() bool { return sc.run(ops) != "" })
	}
	return ops
}

// dropWhile removes each item of s that may go without ending the failure.
func dropWhile[T any](s *[]T, fails func() bool) {
	for i := len(*s) - 1; i >= 0; i-- {
		whole := *s
		if *s = slices.Concat(whole[:i], whole[i+1:]); !fails() {
			*s = whole
		}
	}
}

func (sc *scenario) fewerSteps() []op {
	ops := sc.ops
	for size := len(ops) / 2; size >= 1; size /= 2 {
		for at := 0; at+size <= len(ops); {
			rest := slices.Concat(ops[:at], ops[at+size:])
			if at < len(ops)-size {
				rest[at].After += ops[at].After
			}
			if sc.run(rest) != "" {
				ops = rest
			} else {
				at += size
			}
		}
	}
	return ops
}

func (w *world) each(do func(*follower)) {
	for _, f := range []*follower{w.plain, w.mixed, w.reborn} {
		f.tickUntil(w.now)
		do(f)
	}
}

func (w *world) step(o op) {
	w.oracle.advance(w.now)
	switch {
	case o.Batch != nil:
		w.batch(*o.Batch)
	case o.SetLinks:
		w.links = o.Links
		w.oracle.setLinks(w.now, o.Links)
		w.each(func(f *follower) { f.SetLinks(w.now, o.Links) })
	case o.Sync != "":
		asOf := w.now
		if o.Sync != spaces.SyncOK {
			asOf = w.oracle.asOf
		}
		w.oracle.setSync(w.now, o.Sync, asOf)
		w.each(func(f *follower) { f.SetSync(w.now, o.Sync, asOf) })
	case o.Support != nil:
		w.oracle.setPresenceSupport(w.now, *o.Support)
		w.each(func(f *follower) { f.SetPresenceSupport(w.now, *o.Support) })
	case o.Restart:
		w.restart()
		w.batch(state.Batch{Gap: true})
	case o.Visit != nil:
		w.oracle.visit(*o.Visit, o.Inside)
		w.each(func(f *follower) { f.Visit(w.now, *o.Visit, o.Inside) })
	case o.Anew:
		clear(w.oracle.visits)
		for _, v := range o.Visits {
			w.oracle.visit(v, true)
		}
		w.each(func(f *follower) { f.SetVisits(w.now, o.Visits) })
	case o.Room != "":
		w.oracle.reconcile(w.now, o.Room, o.Joined)
		w.each(func(f *follower) { f.Reconcile(w.now, o.Room, o.Joined) })
	default:
		w.each(func(*follower) {})
	}
	w.each(func(f *follower) { f.look(); f.save() })
}

// batch gives one response to all. Times in it are relative to the step.
func (w *world) batch(b state.Batch) {
	b.At = w.now
	b.Rooms = slices.Clone(b.Rooms)
	for i := range b.Rooms {
		f := &b.Rooms[i]
		f.Evidence, f.Calls = slices.Clone(f.Evidence), slices.Clone(f.Calls)
		for j := range f.Evidence {
			f.Evidence[j].At = w.now.Add(time.Duration(f.Evidence[j].At.UnixMilli()) * time.Millisecond)
		}
		for j := range f.Calls {
			if ms := f.Calls[j].Until.UnixMilli(); ms > 0 {
				f.Calls[j].Until = w.now.Add(time.Duration(ms) * time.Millisecond)
			}
		}
	}
	w.oracle.apply(b)
	w.plain.apply(w.now, b)
	w.reborn.apply(w.now, b)
	w.mixed.apply(w.now, shuffled(w.rng, b))
}

// shuffled returns the same observations in another order: only the order of
// member events matters, within their room.
func shuffled(rng *rand.Rand, b state.Batch) state.Batch {
	b.Rooms, b.Presence = slices.Clone(b.Rooms), slices.Clone(b.Presence)
	mix(rng, b.Rooms)
	mix(rng, b.Presence)
	for i := range b.Rooms {
		f := &b.Rooms[i]
		f.Evidence, f.Calls = slices.Clone(f.Evidence), slices.Clone(f.Calls)
		mix(rng, f.Evidence)
		mix(rng, f.Calls)
		if f.Typing != nil {
			list := slices.Clone(*f.Typing)
			mix(rng, list)
			f.Typing = &list
		}
	}
	return b
}

func mix[T any](rng *rand.Rand, s []T) {
	rng.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}

// restart replaces the reborn engine by one restored from its saved rows. The
// others only go through the same loss of sight.
func (w *world) restart() {
	asOf := w.oracle.asOf
	w.oracle.setSync(w.now, spaces.SyncLost, asOf)
	w.each(func(f *follower) { f.SetSync(w.now, spaces.SyncLost, asOf); f.save() })
	old := w.reborn
	w.reborn = newFollower(w.cfg)
	w.reborn.database = old.database
	w.reborn.SetPresenceSupport(w.now, !w.oracle.noPresence)
	if w.rng.IntN(2) == 0 {
		w.reborn.SetLinks(w.now, w.links)
	}
	early := w.rng.IntN(2) == 0
	if early {
		w.reborn.SetVisits(w.now, slices.Collect(maps.Keys(w.oracle.visits)))
	}
	w.reborn.Restore(w.now, old.rows())
	w.reborn.SetLinks(w.now, w.links)
	w.reborn.SetSync(w.now, spaces.SyncLost, asOf)
	if !early {
		w.reborn.SetVisits(w.now, slices.Collect(maps.Keys(w.oracle.visits)))
	}
	w.reborn.look()
	if fault := w.reborn.compare(w.oracle); fault != "" {
		w.reborn.broken = "right after Restore: " + fault
	}
}

// follower drives one engine the way the aggregator does: it ticks when
// NextTick says so, publishes what TakeChanged names, saves what TakeRows gives.
type follower struct {
	*state.Engine
	rooms    map[spaces.Slug]spaces.RoomPresence
	users    map[string]spaces.UserPresence
	city     *spaces.CityPresence
	database database
	broken   string
}

type database struct {
	members map[state.Member]bool
	people  map[string]json.RawMessage
	rooms   map[string]json.RawMessage
}

func newFollower(cfg state.Config) *follower {
	return &follower{
		Engine: state.New(cfg), rooms: map[spaces.Slug]spaces.RoomPresence{}, users: map[string]spaces.UserPresence{},
		database: newDatabase(),
	}
}

func newDatabase() database {
	return database{map[state.Member]bool{}, map[string]json.RawMessage{}, map[string]json.RawMessage{}}
}

func (f *follower) tickUntil(now time.Time) {
	for {
		next, ok := f.NextTick()
		if !ok || next.After(now) {
			return
		}
		f.Tick(next)
		if again, ok := f.NextTick(); ok && !again.After(next) {
			f.broken = "NextTick does not move on after Tick"
			return
		}
	}
}

func (f *follower) apply(now time.Time, b state.Batch) {
	f.tickUntil(now)
	f.Apply(b)
}

// look publishes what changed.
func (f *follower) look() {
	c := f.TakeChanged()
	for _, slug := range c.Removed {
		delete(f.rooms, slug)
	}
	for _, slug := range c.Rooms {
		if value, ok := f.Room(slug); ok {
			f.rooms[slug] = value
		} else {
			delete(f.rooms, slug)
		}
	}
	for _, id := range c.Users {
		if value, ok := f.User(id); ok {
			f.users[id] = value
		} else {
			delete(f.users, id)
		}
	}
	if c.City {
		f.city = nil
		if value, ok := f.City(); ok {
			f.city = &value
		}
	}
}

func (f *follower) save() {
	rows := f.TakeRows()
	if rows.Reset {
		f.database = newDatabase()
	}
	for _, m := range rows.Gone {
		delete(f.database.members, m)
	}
	for _, m := range rows.Members {
		f.database.members[m] = true
	}
	put(f.database.people, rows.People)
	put(f.database.rooms, rows.Rooms)
}

func put(table, rows map[string]json.RawMessage) {
	for key, text := range rows {
		if string(text) == "null" {
			delete(table, key)
		} else {
			table[key] = text
		}
	}
}

func (f *follower) rows() state.Rows {
	return state.Rows{Members: slices.Collect(maps.Keys(f.database.members)), People: f.database.people, Rooms: f.database.rooms}
}

// compare returns how the follower differs from the oracle, "" for not at all.
func (f *follower) compare(o *oracle) string {
	if f.broken != "" {
		return f.broken
	}
	for _, slug := range allSlugs {
		want, known := o.Room(slug)
		got, ok := f.Room(slug)
		got.LastEventTS, got.ReceivedTS = 0, 0
		if ok != known || known && !reflect.DeepEqual(got, want) {
			return fmt.Sprintf("Room(%s)\n got %+v %v\nwant %+v %v", slug, got, ok, want, known)
		}
		published, ok := f.rooms[slug]
		if published = plainRoom(published); ok != known || known && !reflect.DeepEqual(published, plainRoom(want)) {
			return fmt.Sprintf("published room %s: a change was not named\n got %+v %v\nwant %+v %v", slug, published, ok, want, known)
		}
	}
	return cmp.Or(f.compareCity(o), f.compareUsers(o))
}

func plainRoom(p spaces.RoomPresence) spaces.RoomPresence {
	p.AsOf, p.LastEventTS, p.ReceivedTS = 0, 0, 0
	return p
}

func (f *follower) compareCity(o *oracle) string {
	want, known := o.City()
	got, ok := f.City()
	if ok != known || known && !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("City()\n got %+v %v\nwant %+v %v", got, ok, want, known)
	}
	if (f.city != nil) != known {
		return "published city: a change was not named"
	}
	if known {
		published := *f.city
		if published.AsOf, want.AsOf = 0, 0; !reflect.DeepEqual(published, want) {
			return fmt.Sprintf("published city: a change was not named\n got %+v\nwant %+v", published, want)
		}
	}
	return ""
}

func (f *follower) compareUsers(o *oracle) string {
	for _, id := range allUsers {
		want, known := o.User(id)
		got, ok := f.User(id)
		if ok != known || got != want {
			return fmt.Sprintf("User(%s)\n got %+v %v\nwant %+v %v", id, got, ok, want, known)
		}
		published, ok := f.users[id]
		if ok != known || published.Status != want.Status || published.Source != want.Source {
			return fmt.Sprintf("published user %s: a change was not named\n got %+v %v\nwant %+v %v", id, published, ok, want, known)
		}
	}
	return ""
}
