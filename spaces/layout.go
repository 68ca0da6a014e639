package spaces

import (
	"cmp"
	"slices"
)

const (
	// The grid of the DAARION web application's map; it grows as needed.
	minGridW = 6
	minGridH = 3
)

// freeSize is the size of a room that has no place of its own: two cells, as
// most rooms of the DAARION city have, so that a name fits on the tile.
var freeSize = Rect{W: 2, H: 1}

// Layout gives every link a place on the city map: no two places overlap, and
// all lie within grid, whose corner is 0,0. Links with a place keep it unless
// it overlaps that of a link with an earlier slug (the original city's own
// migrations place rooms on top of each other); all others get free cells near
// the rooms of their zone.
//
// The answer depends only on the set of links, not on their order. Of several
// links with one slug the first counts. 5,000 rooms take some ten milliseconds,
// so keep the answer until the links change.
func Layout(links []Link) (grid Rect, places map[Slug]Rect) {
	links = slices.Clone(links)
	slices.SortStableFunc(links, func(a, b Link) int { return cmp.Compare(a.Slug, b.Slug) })
	links = slices.CompactFunc(links, func(a, b Link) bool { return a.Slug == b.Slug })

	fixed, free := splitPlaced(links)
	plan := newCityPlan(gridFor(fixed, free), len(links))
	for _, l := range fixed {
		plan.take(l.Slug, l.Map)
	}
	for _, zone := range zonesOf(fixed, free) {
		plan.anchor(zone, fixed)
	}
	for _, l := range free {
		plan.settle(l)
	}
	return Rect{W: plan.w, H: plan.h}, plan.places
}

// splitPlaced returns the links that keep their place, and the others in the
// order in which they are given one: large ones first, while there is room for
// them, then one of each zone in turn, so that zones grow side by side.
func splitPlaced(links []Link) (fixed, free []Link) {
	for _, l := range links {
		overlaps := func(o Link) bool { return o.Map.Overlaps(l.Map) }
		if onMap(l.Map) && !slices.ContainsFunc(fixed, overlaps) {
			fixed = append(fixed, l)
			continue
		}
		// A place that is lost keeps its size, unless many such sizes could
		// make a map nobody can hold.
		if !l.Map.Placed() || l.Map.W > minGridW || l.Map.H > minGridH {
			l.Map = freeSize
		}
		free = append(free, l)
	}
	turn, next := make(map[Slug]int, len(free)), map[string]int{}
	for _, l := range free {
		turn[l.Slug] = next[l.Zone]
		next[l.Zone]++
	}
	slices.SortStableFunc(free, func(a, b Link) int {
		return cmp.Or(
			cmp.Compare(b.Map.W*b.Map.H, a.Map.W*a.Map.H),
			cmp.Compare(turn[a.Slug], turn[b.Slug]),
			cmp.Compare(compass(a.Zone).order, compass(b.Zone).order),
			cmp.Compare(a.Zone, b.Zone),
		)
	})
	return fixed, free
}

// onMap reports whether a place is one that a link may have. Each term is
// bounded alone, so that no sum overflows.
func onMap(r Rect) bool {
	return r.Placed() && r.X <= maxGrid && r.Y <= maxGrid && r.W <= maxGrid && r.H <= maxGrid && r.check() == nil
}

// gridFor is large enough for the places people chose, and for all rooms with
// a fifth of the cells left over, about twice as wide as high.
func gridFor(fixed, free []Link) Rect {
	grid, cells := Rect{W: minGridW, H: minGridH}, 0
	for _, l := range fixed {
		grid.W, grid.H = max(grid.W, l.Map.X+l.Map.W), max(grid.H, l.Map.Y+l.Map.H)
		cells += l.Map.W * l.Map.H
	}
	for _, l := range free {
		grid.W, grid.H = max(grid.W, l.Map.W), max(grid.H, l.Map.H)
		cells += l.Map.W * l.Map.H
	}
	for len(free) > 0 && grid.W*grid.H*4 < cells*5 {
		if grid.W < 2*grid.H && grid.W < maxGrid {
			grid.W += freeSize.W
		} else {
			grid.H++
		}
	}
	return grid
}

// zonesOf returns the zones that have a room to settle, compass zones first.
func zonesOf(fixed, free []Link) []string {
	var zones []string
	for _, l := range free {
		zones = append(zones, l.Zone)
	}
	slices.SortFunc(zones, func(a, b string) int {
		return cmp.Or(cmp.Compare(compass(a).order, compass(b).order), cmp.Compare(a, b))
	})
	return slices.Compact(zones)
}

// compassPoint says where on the map a zone lies, in halves of its width and
// height.
type compassPoint struct{ order, x, y int }

// compass puts the five zones of the DAARION city where their names say, and
// every other zone after them.
func compass(zone string) compassPoint {
	switch zone {
	case "central":
		return compassPoint{0, 1, 1}
	case "north":
		return compassPoint{1, 1, 0}
	case "south":
		return compassPoint{2, 1, 2}
	case "west":
		return compassPoint{3, 0, 1}
	case "east":
		return compassPoint{4, 2, 1}
	}
	return compassPoint{order: 5}
}
