package city

import (
	"slices"
	"strings"
	"time"

	"presence/spaces"
)

// place works out where every room is drawn. Public rooms are placed first and
// as if there were no others, so that no hole and no shift of the map tells
// anybody of a private room; private rooms take what is left.
func (t *table) place(now time.Time) {
	t.replace = false
	links := t.links()
	public := slices.DeleteFunc(slices.Clone(links), func(l spaces.Link) bool { return !l.Public })
	grid, places := layoutOf(public)
	if len(public) < len(links) {
		_, places = layoutOf(pinned(links, places))
	}
	t.grid = grid
	for _, l := range links {
		it := t.items[l.Slug]
		if it.place == places[l.Slug] {
			continue
		}
		it.place = places[l.Slug]
		t.touch(now, it)
		it.linkSeq = it.seq
	}
}

// pinned returns the links with every room that has a place put there for good,
// those first: of two rooms that overlap the later one gives way.
func pinned(links []spaces.Link, places map[spaces.Slug]spaces.Rect) []spaces.Link {
	var first, rest []spaces.Link
	for _, l := range links {
		if place, ok := places[l.Slug]; ok {
			l.Map = place
			first = append(first, l)
		} else {
			rest = append(rest, l)
		}
	}
	return append(first, rest...)
}

// links returns all links, sorted by slug.
func (t *table) links() []spaces.Link {
	links := make([]spaces.Link, 0, len(t.items))
	for _, it := range t.items {
		if it.link != nil {
			links = append(links, *it.link)
		}
	}
	slices.SortFunc(links, func(a, b spaces.Link) int { return strings.Compare(string(a.Slug), string(b.Slug)) })
	return links
}

// gridFor returns the size of the map that holds these rooms and every public
// one.
func (t *table) gridFor(items []*item) spaces.Rect {
	grid := t.grid
	for _, it := range items {
		grid.W = max(grid.W, it.place.X+it.place.W)
		grid.H = max(grid.H, it.place.Y+it.place.H)
	}
	return grid
}
