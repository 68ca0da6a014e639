package city

import "presence/spaces"

// layoutOf puts placed rooms where they are and the rest in rows below.
func layoutOf(links []spaces.Link) (grid spaces.Rect, places map[spaces.Slug]spaces.Rect) {
	places = map[spaces.Slug]spaces.Rect{}
	grid = spaces.Rect{W: 6}
	for _, l := range links {
		if l.Map.Placed() {
			places[l.Slug] = l.Map
			grid.W, grid.H = max(grid.W, l.Map.X+l.Map.W), max(grid.H, l.Map.Y+l.Map.H)
		}
	}
	x := 0
	for _, l := range links {
		if !l.Map.Placed() {
			if x%grid.W == 0 {
				grid.H++
			}
			places[l.Slug] = spaces.Rect{X: x % grid.W, Y: grid.H - 1, W: 1, H: 1}
			x++
		}
	}
	return grid, places
}
