package spaces

// cell is one cell of the city grid.
type cell struct{ x, y int }

// cityPlan is a grid that fills up. It belongs to one call of [Layout].
type cityPlan struct {
	w, h    int
	taken   []bool // by row, then column
	places  map[Slug]Rect
	anchors map[string]cell // where each zone grows from
	corners int             // anchors given to zones without a compass point
	reached map[search]int  // the first ring around an anchor that may hold a free place
}

// search is a room size looked for around a zone's anchor.
type search struct {
	zone string
	w, h int
}

func newCityPlan(grid Rect, rooms int) *cityPlan {
	return &cityPlan{
		w: grid.W, h: grid.H,
		taken: make([]bool, grid.W*grid.H), places: make(map[Slug]Rect, rooms),
		anchors: map[string]cell{}, reached: map[search]int{},
	}
}

func (p *cityPlan) take(slug Slug, r Rect) {
	for y := r.Y; y < r.Y+r.H; y++ {
		for x := r.X; x < r.X+r.W; x++ {
			p.taken[y*p.w+x] = true
		}
	}
	p.places[slug] = r
}

// anchor chooses where a zone grows: amid the rooms that people placed in it,
// else at its compass point, else at the next corner. Even columns let tiles
// two cells wide lie without gaps.
func (p *cityPlan) anchor(zone string, fixed []Link) {
	at, found := middle(zone, fixed)
	point := compass(zone)
	switch {
	case found:
	case point.order < compass("").order:
		at = cell{point.x * (p.w - 1) / 2, point.y * (p.h - 1) / 2}
	default:
		at = p.corner()
	}
	at.x -= at.x % freeSize.W
	p.anchors[zone] = at
}

// middle is the mean of the centres of a zone's rooms, and false without any.
func middle(zone string, fixed []Link) (cell, bool) {
	var sum cell
	count := 0
	for _, l := range fixed {
		if l.Zone == zone {
			sum.x += 2*l.Map.X + l.Map.W - 1
			sum.y += 2*l.Map.Y + l.Map.H - 1
			count += 2
		}
	}
	if count == 0 {
		return cell{}, false
	}
	return cell{sum.x / count, sum.y / count}, true
}

// corner goes round the corners, then round points a quarter in, so that
// zones nobody has heard of keep apart.
func (p *cityPlan) corner() cell {
	corner, lap := p.corners%4, p.corners/4%3
	p.corners++
	x, y := lap*p.w/8, lap*p.h/8
	if corner&1 != 0 {
		x = p.w - 1 - x
	}
	if corner&2 != 0 {
		y = p.h - 1 - y
	}
	return cell{x, y}
}

// settle gives a room the free place nearest to its zone's anchor, ring by
// ring, or a new row below everything.
func (p *cityPlan) settle(l Link) {
	w, h := l.Map.W, l.Map.H
	key := search{l.Zone, w, h}
	for ring := p.reached[key]; ring < max(p.w, p.h); ring++ {
		if place, found := p.freeInRing(p.anchors[l.Zone], ring, w, h); found {
			p.reached[key] = ring
			p.take(l.Slug, place)
			return
		}
	}
	p.take(l.Slug, p.grow(w, h))
}

// grow adds rows below and returns a place on them. Every search begins anew,
// because near rings may reach into the new rows.
func (p *cityPlan) grow(w, h int) Rect {
	place := Rect{X: 0, Y: p.h, W: w, H: h}
	p.h += h
	p.taken = append(p.taken, make([]bool, p.w*h)...)
	clear(p.reached)
	return place
}

// freeInRing returns the free place nearest to around whose first cell lies on
// a ring, which is all cells at one Chebyshev distance.
func (p *cityPlan) freeInRing(around cell, ring, w, h int) (best Rect, found bool) {
	nearest := 0
	p.eachInRing(around, ring, func(c cell) {
		place := Rect{X: c.x, Y: c.y, W: w, H: h}
		distance := (c.x-around.x)*(c.x-around.x) + (c.y-around.y)*(c.y-around.y)
		if (!found || distance < nearest) && p.fits(place) {
			best, nearest, found = place, distance, true
		}
	})
	return best, found
}

func (p *cityPlan) eachInRing(around cell, ring int, do func(cell)) {
	for y := max(0, around.y-ring); y <= min(p.h-1, around.y+ring); y++ {
		step := max(1, 2*ring)
		if y == around.y-ring || y == around.y+ring {
			step = 1
		}
		for x := around.x - ring; x <= around.x+ring; x += step {
			if x >= 0 && x < p.w {
				do(cell{x, y})
			}
		}
	}
}

func (p *cityPlan) fits(r Rect) bool {
	if r.X+r.W > p.w || r.Y+r.H > p.h {
		return false
	}
	for y := r.Y; y < r.Y+r.H; y++ {
		for x := r.X; x < r.X+r.W; x++ {
			if p.taken[y*p.w+x] {
				return false
			}
		}
	}
	return true
}
