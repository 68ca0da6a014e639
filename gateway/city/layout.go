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
	grid, places := spaces.Layout(public)
	t.grid = grid
	if len(public) < len(links) {
		_, places = spaces.Layout(pinned(links, places))
	}
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

// pinned returns the links with every public room put where it already is. A
// private room that somebody placed on top of one gives way.
func pinned(links []spaces.Link, public map[spaces.Slug]spaces.Rect) []spaces.Link {
	links = slices.Clone(links)
	for i, l := range links {
		if l.Public {
			links[i].Map = public[l.Slug]
			continue
		}
		for _, place := range public {
			if l.Map.Overlaps(place) {
				links[i].Map = spaces.Rect{}
			}
		}
	}
	return links
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
