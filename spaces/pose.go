package spaces

import "math"

// Vec is a point or a direction in metres, y up, as A-Frame has it.
type Vec struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	Z float64 `json:"z"`
}

// Quat is a unit quaternion.
type Quat struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	Z float64 `json:"z"`
	W float64 `json:"w"`
}

// Hand is one controller or hand.
type Hand struct {
	Position Vec // from the head, along the space's own axes
	Rotation Quat
}

// Pose is where a mover's head is, and its hands when it has some. Left and
// Right are nil for somebody without tracked hands.
type Pose struct {
	Position    Vec
	Rotation    Quat
	Left, Right *Hand
	Teleport    bool // jumped here rather than moved
}

// Bound is how far from the origin anybody may be on each axis, in metres: what
// 16 bits hold in centimetres.
const Bound = 327.0

// Sane reports whether every number is finite, every point is within [Bound]
// and every rotation is one.
func (p Pose) Sane() bool {
	if !p.Position.sane() || !p.Rotation.sane() {
		return false
	}
	for _, h := range []*Hand{p.Left, p.Right} {
		if h != nil && (!h.Position.sane() || !h.Rotation.sane()) {
			return false
		}
	}
	return true
}

func (v Vec) sane() bool { return within(v.X, Bound) && within(v.Y, Bound) && within(v.Z, Bound) }

func (q Quat) sane() bool {
	n := q.X*q.X + q.Y*q.Y + q.Z*q.Z + q.W*q.W
	return n > 0.9 && n < 1.1 // NaN and infinities fail both
}

func within(f, bound float64) bool { return math.Abs(f) <= bound } // false for NaN

// Distance is between two points.
func (v Vec) Distance(o Vec) float64 {
	dx, dy, dz := v.X-o.X, v.Y-o.Y, v.Z-o.Z
	return math.Sqrt(dx*dx + dy*dy + dz*dz)
}

// Euler returns A-Frame's rotation in degrees: pitch x, yaw y, roll z, applied
// in the order YXZ.
func (q Quat) Euler() Vec {
	const deg = 180 / math.Pi
	x, y, z, w := q.X, q.Y, q.Z, q.W
	m23 := 2 * (y*z - w*x)
	pitch := math.Asin(math.Max(-1, math.Min(1, -m23)))
	if math.Abs(m23) < 0.9999999 {
		return Vec{
			X: pitch * deg,
			Y: math.Atan2(2*(x*z+w*y), 1-2*(x*x+y*y)) * deg,
			Z: math.Atan2(2*(x*y+w*z), 1-2*(x*x+z*z)) * deg,
		}
	}
	return Vec{X: pitch * deg, Y: math.Atan2(-2*(x*z-w*y), 1-2*(y*y+z*z)) * deg}
}

// FromEuler is the inverse of [Quat.Euler].
func FromEuler(v Vec) Quat {
	const half = math.Pi / 360
	c1, s1 := math.Cos(v.X*half), math.Sin(v.X*half)
	c2, s2 := math.Cos(v.Y*half), math.Sin(v.Y*half)
	c3, s3 := math.Cos(v.Z*half), math.Sin(v.Z*half)
	return Quat{
		X: s1*c2*c3 + c1*s2*s3,
		Y: c1*s2*c3 - s1*c2*s3,
		Z: c1*c2*s3 - s1*s2*c3,
		W: c1*c2*c3 + s1*s2*s3,
	}
}
