package wire

import (
	"encoding/binary"
	"math"
	"time"

	"presence/spaces"
)

// MaxRef is the greatest short name of a member in binary frames: what the 14
// bits of a record hold.
const MaxRef = 1<<14 - 1

// The binary messages of presence.space.v1, little endian throughout.
//
//	client: 0x01, flags, head, then a hand for each hand flag, left first
//	server: 0x02, 0x00, uint32 low bits of the tick's Unix ms, records to the end
//	record: uint16 ref and hand bits, head, hands
//	head:   position 3 x int16 in centimetres, rotation uint32
//	hand:   position from the head 3 x int16 in millimetres, rotation uint32
//
// testdata/pose_vectors.json says the same in examples, for every language.
const (
	clientPose = 0x01
	serverPose = 0x02

	flagLeft     = 1 << 0
	flagRight    = 1 << 1
	flagTeleport = 1 << 2

	recordLeft  = 1 << 14
	recordRight = 1 << 15

	posesHead = 6  // bytes of a server message before its records
	pointSize = 10 // bytes of a head or a hand
	centi     = 100
	milli     = 1000
)

// RefPose is one record of a server message.
type RefPose struct {
	Ref  uint16
	Pose spaces.Pose
}

// AppendClientPose appends the message by which a client says where it is.
func AppendClientPose(dst []byte, p *spaces.Pose) []byte {
	flags := byte(0)
	if p.Left != nil {
		flags |= flagLeft
	}
	if p.Right != nil {
		flags |= flagRight
	}
	if p.Teleport {
		flags |= flagTeleport
	}
	return appendPose(append(dst, clientPose, flags), p)
}

// DecodeClientPose reads what a client says. The error is a [spaces.Error] that
// names the part at fault; whether the pose is one anybody may have is
// [spaces.Pose.Sane]'s to say.
func DecodeClientPose(b []byte) (spaces.Pose, error) {
	if len(b) < 2 || b[0] != clientPose {
		return spaces.Pose{}, incomingError(ErrUnknown, "binary", "the only binary message understood from a client begins with 1: a pose")
	}
	flags := b[1]
	if flags&^(flagLeft|flagRight|flagTeleport) != 0 {
		return spaces.Pose{}, incomingError(ErrMalformed, "binary.flags", "the bits of a pose's flags are 0 left hand, 1 right hand and 2 teleport; all others must be 0")
	}
	left, right := flags&flagLeft != 0, flags&flagRight != 0
	if len(b) != 2+poseSize(left, right) {
		return spaces.Pose{}, incomingError(ErrMalformed, "binary", "a pose has 12 bytes, and 10 more for each hand that its flags name")
	}
	p := readPose(b[2:], left, right)
	p.Teleport = flags&flagTeleport != 0
	return p, nil
}

// AppendPoses begins a server message; records follow with [AppendPose].
func AppendPoses(dst []byte, at time.Time) []byte {
	dst = append(dst, serverPose, 0)
	return binary.LittleEndian.AppendUint32(dst, uint32(at.UnixMilli()))
}

// AppendPose appends one record: where the member of that name is.
func AppendPose(dst []byte, ref uint16, p *spaces.Pose) []byte {
	if p.Left != nil {
		ref |= recordLeft
	}
	if p.Right != nil {
		ref |= recordRight
	}
	return appendPose(binary.LittleEndian.AppendUint16(dst, ref), p)
}

// DecodePoses reads a server message: the low 32 bits of its Unix ms, and the
// records.
func DecodePoses(b []byte) (at uint32, records []RefPose, err error) {
	if len(b) < posesHead || b[0] != serverPose || b[1] != 0 {
		return 0, nil, incomingError(ErrMalformed, "binary", "a message with poses begins with 2, 0 and four bytes of time")
	}
	at = binary.LittleEndian.Uint32(b[2:])
	for b = b[posesHead:]; len(b) > 0; {
		r, n := DecodePose(b)
		if n == 0 {
			return 0, nil, incomingError(ErrMalformed, "binary", "the message ends inside a record")
		}
		records = append(records, r)
		b = b[n:]
	}
	return at, records, nil
}

// DecodePose reads the record at the start of b and returns its length, 0 when
// b ends inside it.
func DecodePose(b []byte) (r RefPose, n int) {
	if len(b) < 2 {
		return RefPose{}, 0
	}
	head := binary.LittleEndian.Uint16(b)
	left, right := head&recordLeft != 0, head&recordRight != 0
	if n = 2 + poseSize(left, right); len(b) < n {
		return RefPose{}, 0
	}
	return RefPose{Ref: head & MaxRef, Pose: readPose(b[2:], left, right)}, n
}

func poseSize(left, right bool) int {
	n := pointSize
	if left {
		n += pointSize
	}
	if right {
		n += pointSize
	}
	return n
}

func appendPose(dst []byte, p *spaces.Pose) []byte {
	dst = packPoint(dst, p.Position, p.Rotation, centi)
	if p.Left != nil {
		dst = packPoint(dst, p.Left.Position, p.Left.Rotation, milli)
	}
	if p.Right != nil {
		dst = packPoint(dst, p.Right.Position, p.Right.Rotation, milli)
	}
	return dst
}

func readPose(b []byte, left, right bool) (p spaces.Pose) {
	p.Position, p.Rotation = unpackPoint(b, centi)
	if left {
		b = b[pointSize:]
		p.Left = new(spaces.Hand)
		p.Left.Position, p.Left.Rotation = unpackPoint(b, milli)
	}
	if right {
		p.Right = new(spaces.Hand)
		p.Right.Position, p.Right.Rotation = unpackPoint(b[pointSize:], milli)
	}
	return p
}

func packPoint(dst []byte, at spaces.Vec, r spaces.Quat, scale float64) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, uint16(quantise(at.X*scale)))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(quantise(at.Y*scale)))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(quantise(at.Z*scale)))
	return binary.LittleEndian.AppendUint32(dst, packRotation(r))
}

func unpackPoint(b []byte, scale float64) (spaces.Vec, spaces.Quat) {
	axis := func(i int) float64 { return float64(int16(binary.LittleEndian.Uint16(b[i:]))) / scale }
	return spaces.Vec{X: axis(0), Y: axis(2), Z: axis(4)}, unpackRotation(binary.LittleEndian.Uint32(b[6:]))
}

// quantise rounds half up, as JavaScript's Math.round does and Go's does not.
func quantise(f float64) int16 {
	return int16(min(max(math.Floor(f+0.5), math.MinInt16), math.MaxInt16))
}

// packRotation is "smallest three": the largest component is left out, for the
// other three say what it is but for its sign, and a quaternion and its
// negative are the same rotation. Bits 31-30 say which it was (x, y, z, w), the
// others follow in that order with ten bits each.
func packRotation(q spaces.Quat) uint32 {
	c := [4]float64{q.X, q.Y, q.Z, q.W}
	largest := 0
	for i, f := range c {
		if math.Abs(f) > math.Abs(c[largest]) {
			largest = i
		}
	}
	scale := math.Sqrt2 * 0.5 / math.Sqrt(c[0]*c[0]+c[1]*c[1]+c[2]*c[2]+c[3]*c[3])
	if c[largest] < 0 {
		scale = -scale
	}
	packed := uint32(largest)
	for i, f := range c {
		if i != largest {
			packed = packed<<10 | uint32(min(max(math.Floor((f*scale+0.5)*1023+0.5), 0), 1023))
		}
	}
	return packed
}

func unpackRotation(packed uint32) spaces.Quat {
	var c [4]float64
	largest, shift, rest := int(packed>>30), 20, 1.0
	for i := range c {
		if i == largest {
			continue
		}
		c[i] = (float64(packed>>shift&1023)/1023*2 - 1) / math.Sqrt2
		rest -= c[i] * c[i]
		shift -= 10
	}
	c[largest] = math.Sqrt(max(rest, 0))
	if rest < 0 { // no quaternion packs to this
		n := 1 / math.Sqrt(1-rest)
		c[0], c[1], c[2], c[3] = c[0]*n, c[1]*n, c[2]*n, c[3]*n
	}
	return spaces.Quat{X: c[0], Y: c[1], Z: c[2], W: c[3]}
}
