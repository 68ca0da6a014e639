package hub

import (
	"cmp"
	"math"
	"slices"

	"presence/spaces"
)

// leafSize is how many people share a leaf at most. Smaller leaves fit closer
// around what a client needs, and cost more frames.
const leafSize = 16

// index is who stands near whom: a tree that halves people along the axis on
// which they are furthest apart, until few are left.
type index struct {
	leaves [][]*person
	nodes  []node
	order  []*person    // leaves are parts of it
	places []spaces.Vec // where those in order are: a search reads thousands

	// Scratch of a search.
	best  []candidate
	stamp []uint32 // by leaf
	round uint32
}

// node of the tree. The root is the first.
type node struct {
	low, high   spaces.Vec
	left, right int32 // 0: none
	leaf, first int32 // of a node without children: first is of order
}

// candidate is somebody near.
type candidate struct {
	away float64 // squared
	leaf int32
	who  int32 // of order
}

// all is an index in which everybody is near everybody.
func (x *index) all(people []*person) {
	x.nodes = x.nodes[:0]
	x.leaves = append(x.leaves[:0], people)
}

// build sorts those whose place is known into leaves.
func (x *index) build(people []*person) {
	clear(x.order)
	x.order, x.nodes, x.leaves = x.order[:0], x.nodes[:0], x.leaves[:0]
	for _, p := range people {
		if p.placed {
			x.order = append(x.order, p)
		}
	}
	if len(x.order) > 0 {
		x.split(0, len(x.order))
	}
	if grow := len(x.leaves) - len(x.stamp); grow > 0 {
		x.stamp = append(x.stamp, make([]uint32, grow)...)
	}
	x.places = x.places[:0]
	for _, p := range x.order {
		x.places = append(x.places, p.place.pose.Position)
	}
}

// split puts a part of order into a node.
func (x *index) split(first, end int) int32 {
	part := x.order[first:end]
	at := int32(len(x.nodes))
	low, high := bounds(part)
	x.nodes = append(x.nodes, node{low: low, high: high})
	if len(part) <= leafSize {
		x.nodes[at].leaf, x.nodes[at].first = int32(len(x.leaves)), int32(first)
		x.leaves = append(x.leaves, part)
		return at
	}
	half := len(part) / 2
	selectNth(part, half, widest(low, high))
	left, right := x.split(first, first+half), x.split(first+half, end)
	x.nodes[at].left, x.nodes[at].right = left, right
	return at
}

func bounds(part []*person) (low, high spaces.Vec) {
	low, high = part[0].place.pose.Position, part[0].place.pose.Position
	for _, p := range part[1:] {
		at := p.place.pose.Position
		low.X, high.X = min(low.X, at.X), max(high.X, at.X)
		low.Y, high.Y = min(low.Y, at.Y), max(high.Y, at.Y)
		low.Z, high.Z = min(low.Z, at.Z), max(high.Z, at.Z)
	}
	return low, high
}

// axis reads one coordinate.
type axis func(p *person) float64

func onX(p *person) float64 { return p.place.pose.Position.X }
func onY(p *person) float64 { return p.place.pose.Position.Y }
func onZ(p *person) float64 { return p.place.pose.Position.Z }

func widest(low, high spaces.Vec) axis {
	x, y, z := high.X-low.X, high.Y-low.Y, high.Z-low.Z
	switch {
	case x >= y && x >= z:
		return onX
	case z >= y:
		return onZ
	}
	return onY
}

// selectNth orders part so that nobody before n is further along the axis than
// anybody from n on (Hoare's quickselect).
func selectNth(part []*person, n int, along axis) {
	for len(part) > 1 {
		pivot := along(part[len(part)/2])
		i, j := 0, len(part)-1
		for i <= j {
			for along(part[i]) < pivot {
				i++
			}
			for along(part[j]) > pivot {
				j--
			}
			if i <= j {
				part[i], part[j] = part[j], part[i]
				i++
				j--
			}
		}
		switch {
		case n <= j:
			part = part[:j+1]
		case n >= i:
			part, n = part[i:], n-i
		default:
			return
		}
	}
}

// gather puts the people nearest to a viewer into best.
func (x *index) gather(v *viewer, count int) {
	x.best = x.best[:0]
	if len(x.nodes) > 0 {
		x.search(0, v.person.place.pose.Position, count+1) // itself is the nearest
	}
}

// nearest appends to dst[:0] the people nearest to a viewer, in order.
func (x *index) nearest(v *viewer, count int, dst []*person) []*person {
	dst = dst[:0]
	x.gather(v, count)
	slices.SortFunc(x.best, func(a, b candidate) int { return cmp.Compare(a.away, b.away) })
	for _, c := range x.best {
		if who := x.order[c.who]; who != v.person {
			dst = append(dst, who)
		}
	}
	return dst
}

// leavesFor appends to dst[:0] the leaves that hold the people nearest to a
// viewer, about nearShared of them. First it is tried how far they were the last
// time: to find out who is nearest takes ten times longer.
func (x *index) leavesFor(v *viewer, dst []int32) []int32 {
	dst = dst[:0]
	if len(x.nodes) == 0 {
		for leaf := range x.leaves {
			dst = append(dst, int32(leaf))
		}
		return dst
	}
	from := v.person.place.pose.Position
	for range tries {
		var count int
		dst, count = x.within(0, from, v.reach, dst[:0])
		if count >= min(fewShared, len(x.order)) && count <= mostShared {
			return dst
		}
		v.reach *= nearShared / float64(max(count, 1)) // as many more as the circle has more ground
	}
	x.gather(v, nearShared)
	v.reach = x.best[0].away
	return x.leavesOfBest(dst[:0])
}

// leavesOfBest appends each leaf that holds a candidate. Of hundreds who stand
// on one spot these are not all.
func (x *index) leavesOfBest(dst []int32) []int32 {
	x.round++
	for _, c := range x.best {
		if x.stamp[c.leaf] != x.round {
			x.stamp[c.leaf] = x.round
			dst = append(dst, c.leaf)
		}
	}
	return dst
}

const (
	fewShared  = nearShared * 9 / 10 // are enough, and
	mostShared = nearShared * 9 / 8  // not too many
	tries      = 3
)

// within appends the leaves below a node that hold anybody within reach, which
// is squared, and counts these people.
func (x *index) within(at int32, from spaces.Vec, reach float64, dst []int32) (leaves []int32, count int) {
	n := &x.nodes[at]
	if n.away(from) > reach {
		return dst, 0
	}
	if n.left == 0 {
		for _, p := range x.places[n.first:][:len(x.leaves[n.leaf])] {
			if squared(p, from) <= reach {
				count++
			}
		}
		if count > 0 {
			dst = append(dst, n.leaf)
		}
		return dst, count
	}
	dst, left := x.within(n.left, from, reach, dst)
	dst, right := x.within(n.right, from, reach, dst)
	return dst, left + right
}

// search collects the nearest people below a node into best, a heap whose first
// is the furthest.
func (x *index) search(at int32, from spaces.Vec, count int) {
	n := &x.nodes[at]
	if n.left == 0 {
		for i := range int32(len(x.leaves[n.leaf])) {
			x.consider(candidate{squared(x.places[n.first+i], from), n.leaf, n.first + i}, count)
		}
		return
	}
	first, second := n.left, n.right
	near, far := x.nodes[first].away(from), x.nodes[second].away(from)
	if far < near {
		first, second, near, far = second, first, far, near
	}
	if near < x.furthest(count) {
		x.search(first, from, count)
	}
	if far < x.furthest(count) {
		x.search(second, from, count)
	}
}

// furthest is what somebody must be nearer than to count.
func (x *index) furthest(count int) float64 {
	if len(x.best) < count {
		return math.Inf(1)
	}
	return x.best[0].away
}

func (x *index) consider(c candidate, count int) {
	switch {
	case len(x.best) < count:
		x.best = append(x.best, c)
		for i := len(x.best) - 1; i > 0; {
			up := (i - 1) / 2
			if x.best[up].away >= x.best[i].away {
				return
			}
			x.best[up], x.best[i] = x.best[i], x.best[up]
			i = up
		}
	case c.away < x.best[0].away:
		x.best[0] = c
		x.sink()
	}
}

// sink puts the first of the heap where it belongs.
func (x *index) sink() {
	for i := 0; ; {
		top := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(x.best); child++ {
			if x.best[child].away > x.best[top].away {
				top = child
			}
		}
		if top == i {
			return
		}
		x.best[i], x.best[top] = x.best[top], x.best[i]
		i = top
	}
}

// away is the squared distance from a point to a node's box.
func (n *node) away(from spaces.Vec) float64 {
	dx := max(n.low.X-from.X, 0, from.X-n.high.X)
	dy := max(n.low.Y-from.Y, 0, from.Y-n.high.Y)
	dz := max(n.low.Z-from.Z, 0, from.Z-n.high.Z)
	return dx*dx + dy*dy + dz*dz
}

func squared(a, b spaces.Vec) float64 {
	dx, dy, dz := a.X-b.X, a.Y-b.Y, a.Z-b.Z
	return dx*dx + dy*dy + dz*dz
}
