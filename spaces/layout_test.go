package spaces_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"presence/spaces"
)

// TestLayoutProperties lays out cities that grow from nothing to crowded, with
// places that collide, and checks what the map relies on.
func TestLayoutProperties(t *testing.T) {
	t.Parallel()
	zones := []string{"central", "north", "south", "west", "east", "moon", "mars", "a", "b", "c", ""}
	for seed := range uint64(150) {
		random := rand.New(rand.NewPCG(seed, 1))
		links := make([]spaces.Link, random.IntN(60))
		for i := range links {
			links[i] = spaces.Link{Slug: spaces.Slug(fmt.Sprintf("room-%d", i)), Zone: zones[random.IntN(len(zones))]}
			if random.IntN(3) == 0 {
				links[i].Map = spaces.Rect{X: random.IntN(12), Y: random.IntN(6), W: random.IntN(9), H: random.IntN(5)}
			}
		}
		checkLayout(t, fmt.Sprintf("seed %d", seed), links)
	}
}

func checkLayout(t *testing.T, name string, links []spaces.Link) {
	t.Helper()
	grid, places := spaces.Layout(links)
	if grid.X != 0 || grid.Y != 0 || grid.W < 6 || grid.H < 3 {
		t.Fatalf("%s: grid %+v", name, grid)
	}
	if len(places) != len(links) {
		t.Fatalf("%s: %d places for %d links", name, len(places), len(links))
	}
	checkApart(t, name, grid, places)
	checkKept(t, name, links, places)

	shuffled := slices.Clone(links)
	rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	again, same := spaces.Layout(shuffled)
	if again != grid || !maps.Equal(same, places) {
		t.Fatalf("%s: another order of the links, another map", name)
	}
}

func checkApart(t *testing.T, name string, grid spaces.Rect, places map[spaces.Slug]spaces.Rect) {
	t.Helper()
	taken := map[[2]int]spaces.Slug{}
	for slug, r := range places {
		if !r.Placed() || r.X < 0 || r.Y < 0 || r.X+r.W > grid.W || r.Y+r.H > grid.H {
			t.Fatalf("%s: %s at %+v is not on the grid %+v", name, slug, r, grid)
		}
		for x := r.X; x < r.X+r.W; x++ {
			for y := r.Y; y < r.Y+r.H; y++ {
				if other, collides := taken[[2]int{x, y}]; collides {
					t.Fatalf("%s: %s and %s overlap at %d,%d", name, slug, other, x, y)
				}
				taken[[2]int{x, y}] = slug
			}
		}
	}
}

// checkKept: a placed room stays where people put it, unless a room with an
// earlier slug that also stays is there.
func checkKept(t *testing.T, name string, links []spaces.Link, places map[spaces.Slug]spaces.Rect) {
	t.Helper()
	links = slices.Clone(links)
	slices.SortFunc(links, func(a, b spaces.Link) int { return strings.Compare(string(a.Slug), string(b.Slug)) })
	var kept []spaces.Rect
	for _, l := range links {
		if !l.Map.Placed() || slices.ContainsFunc(kept, l.Map.Overlaps) {
			continue
		}
		kept = append(kept, l.Map)
		if places[l.Slug] != l.Map {
			t.Fatalf("%s: %s was placed at %+v and is at %+v", name, l.Slug, l.Map, places[l.Slug])
		}
	}
}

// TestLayoutDaarion is the map of the original city, with the room that its
// migration 014 puts on top of another.
func TestLayoutDaarion(t *testing.T) {
	t.Parallel()
	at := func(slug, zone string, x, y, w, h int) spaces.Link {
		return spaces.Link{Slug: spaces.Slug(slug), Zone: zone, Map: spaces.Rect{X: x, Y: y, W: w, H: h}}
	}
	links := []spaces.Link{
		at("general", "central", 2, 0, 2, 2), at("welcome", "west", 0, 0, 2, 1), at("builders", "east", 4, 0, 2, 1),
		at("science", "west", 0, 1, 2, 1), at("energy", "east", 4, 1, 2, 1), at("leadership-hall", "central", 2, 0, 2, 1),
	}
	checkLayout(t, "city", links)
	grid, places := spaces.Layout(links)
	if grid != (spaces.Rect{W: 6, H: 3}) || places["leadership-hall"] != (spaces.Rect{X: 2, Y: 2, W: 2, H: 1}) {
		t.Fatalf("grid %+v, leadership-hall %+v", grid, places["leadership-hall"])
	}
}

// TestLayoutGroupsZones: in a city nobody has placed, a zone lies where its
// name says, and its rooms lie together.
func TestLayoutGroupsZones(t *testing.T) {
	t.Parallel()
	var links []spaces.Link
	for _, zone := range []string{"central", "north", "south", "west", "east"} {
		for i := range 4 {
			links = append(links, spaces.Link{Slug: spaces.Slug(fmt.Sprintf("%s-%d", zone, i)), Zone: zone})
		}
	}
	grid, places := spaces.Layout(links)
	centre := func(zone string) (x, y float64) {
		for i := range 4 {
			r := places[spaces.Slug(fmt.Sprintf("%s-%d", zone, i))]
			x += (float64(r.X) + float64(r.W)/2) / 4
			y += (float64(r.Y) + float64(r.H)/2) / 4
		}
		return x, y
	}
	_, north := centre("north")
	middleX, middleY := centre("central")
	_, south := centre("south")
	west, _ := centre("west")
	east, _ := centre("east")
	if north >= middleY || middleY >= south || west >= middleX || middleX >= east {
		t.Fatalf("grid %+v: north %v, central %v,%v, south %v, west %v, east %v\n%v", grid, north, middleX, middleY, south, west, east, places)
	}
}

func TestLayoutOfNothing(t *testing.T) {
	t.Parallel()
	if grid, places := spaces.Layout(nil); grid != (spaces.Rect{W: 6, H: 3}) || len(places) != 0 {
		t.Fatalf("grid %+v, places %v", grid, places)
	}
}

// TestLayoutExtremes: sizes no map should have neither overlap nor take for
// ever.
func TestLayoutExtremes(t *testing.T) {
	t.Parallel()
	huge := make([]spaces.Link, 60)
	for i := range huge {
		huge[i] = spaces.Link{Slug: spaces.Slug(fmt.Sprintf("r%d", i)), Map: spaces.Rect{W: 1000, H: 1000}}
	}
	checkLayout(t, "all huge", huge)
	checkLayout(t, "outlier", []spaces.Link{{Slug: "far", Map: spaces.Rect{X: 999, Y: 999, W: 1, H: 1}}, {Slug: "near"}})
	grid, places := spaces.Layout([]spaces.Link{
		{Slug: "a", Map: spaces.Rect{X: -5, W: 2, H: 2}}, {Slug: "b", Map: spaces.Rect{X: math.MaxInt, W: 1, H: 1}}, {Slug: "c", Map: spaces.Rect{W: -1, H: 3}},
	})
	checkApart(t, "not a place", grid, places)
	if _, places := spaces.Layout([]spaces.Link{{Slug: "twice"}, {Slug: "twice"}}); len(places) != 1 {
		t.Fatalf("places %v", places)
	}
}

func BenchmarkLayout(b *testing.B) {
	zones := []string{"central", "north", "south", "west", "east"}
	for _, count := range []int{12, 5000} {
		links := make([]spaces.Link, count)
		for i := range links {
			links[i] = spaces.Link{Slug: spaces.Slug(fmt.Sprintf("room-%d", i)), Zone: zones[i%len(zones)]}
		}
		b.Run(fmt.Sprintf("free=%d", count), func(b *testing.B) {
			for b.Loop() {
				spaces.Layout(links)
			}
		})
		for i := range links {
			links[i].Map = spaces.Rect{W: 1, H: 1} // as the original city's column defaults place them
		}
		b.Run(fmt.Sprintf("colliding=%d", count), func(b *testing.B) {
			for b.Loop() {
				spaces.Layout(links)
			}
		})
	}
}
