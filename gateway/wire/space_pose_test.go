package wire_test

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
)

var update = flag.Bool("update", false, "write testdata anew")

// poseVectors are the binary messages by example, for every language that
// speaks them.
type poseVectors struct {
	About  string       `json:"about"`
	Client []poseVector `json:"client"` // pose -> hex; hex -> decoded
	Server struct {
		UnixMS  int64          `json:"unix_ms"`
		Records []recordVector `json:"records"`
		Hex     string         `json:"hex"`
		Time    uint32         `json:"time"` // as decoded
	} `json:"server"`
	BadClient []badVector `json:"bad_client"`
	BadServer []badVector `json:"bad_server"`
}

type poseVector struct {
	Name    string   `json:"name"`
	Pose    poseJSON `json:"pose"`
	Hex     string   `json:"hex"`
	Decoded poseJSON `json:"decoded"`
}

type recordVector struct {
	Ref     uint16   `json:"ref"`
	Pose    poseJSON `json:"pose"`
	Decoded poseJSON `json:"decoded"`
}

type badVector struct {
	Why string `json:"why"`
	Hex string `json:"hex"`
}

type poseJSON struct {
	P        [3]float64 `json:"p"`
	R        [4]float64 `json:"r"`
	Left     *handJSON  `json:"left,omitempty"`
	Right    *handJSON  `json:"right,omitempty"`
	Teleport bool       `json:"teleport,omitempty"`
}

type handJSON struct {
	P [3]float64 `json:"p"`
	R [4]float64 `json:"r"`
}

func poseOf(j poseJSON) *spaces.Pose {
	p := &spaces.Pose{Position: vecOf(j.P), Rotation: quatOf(j.R), Teleport: j.Teleport}
	if j.Left != nil {
		p.Left = &spaces.Hand{Position: vecOf(j.Left.P), Rotation: quatOf(j.Left.R)}
	}
	if j.Right != nil {
		p.Right = &spaces.Hand{Position: vecOf(j.Right.P), Rotation: quatOf(j.Right.R)}
	}
	return p
}

func jsonOf(p *spaces.Pose) poseJSON {
	j := poseJSON{P: listVec(p.Position), R: listQuat(p.Rotation), Teleport: p.Teleport}
	if p.Left != nil {
		j.Left = &handJSON{listVec(p.Left.Position), listQuat(p.Left.Rotation)}
	}
	if p.Right != nil {
		j.Right = &handJSON{listVec(p.Right.Position), listQuat(p.Right.Rotation)}
	}
	return j
}

func vecOf(v [3]float64) spaces.Vec     { return spaces.Vec{X: v[0], Y: v[1], Z: v[2]} }
func quatOf(q [4]float64) spaces.Quat   { return spaces.Quat{X: q[0], Y: q[1], Z: q[2], W: q[3]} }
func listVec(v spaces.Vec) [3]float64   { return [3]float64{v.X, v.Y, v.Z} }
func listQuat(q spaces.Quat) [4]float64 { return [4]float64{q.X, q.Y, q.Z, q.W} }

// TestPoseVectors compares the codec with the examples that its TypeScript twin
// is compared with. Write them anew with -update after a change of the format.
func TestPoseVectors(t *testing.T) {
	t.Parallel()
	const file = "testdata/pose_vectors.json"
	if *update {
		b, err := json.MarshalIndent(makeVectors(t), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(b, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v poseVectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	for _, c := range v.Client {
		message := wire.AppendClientPose(nil, poseOf(c.Pose))
		if hex.EncodeToString(message) != c.Hex {
			t.Errorf("%s encodes to %x, want %s", c.Name, message, c.Hex)
		}
		p, err := wire.DecodeClientPose(message)
		if err != nil || !alike(jsonOf(&p), c.Decoded) {
			t.Errorf("%s decodes to %+v, %v, want %+v", c.Name, jsonOf(&p), err, c.Decoded)
		}
	}
	checkServerVector(t, v)
	for _, bad := range v.BadClient {
		if p, err := wire.DecodeClientPose(unhex(t, bad.Hex)); spaces.ErrorCode(err) != spaces.CodeInvalid {
			t.Errorf("%s gives %+v, %v", bad.Why, p, err)
		}
	}
	for _, bad := range v.BadServer {
		if _, r, err := wire.DecodePoses(unhex(t, bad.Hex)); err == nil {
			t.Errorf("%s gives %+v", bad.Why, r)
		}
	}
}

func checkServerVector(t *testing.T, v poseVectors) {
	t.Helper()
	message := wire.AppendPoses(nil, time.UnixMilli(v.Server.UnixMS))
	for _, r := range v.Server.Records {
		message = wire.AppendPose(message, r.Ref, poseOf(r.Pose))
	}
	if hex.EncodeToString(message) != v.Server.Hex {
		t.Errorf("the server's message is %x, want %s", message, v.Server.Hex)
	}
	at, records, err := wire.DecodePoses(message)
	if err != nil || at != v.Server.Time || len(records) != len(v.Server.Records) {
		t.Fatalf("%d, %d records, %v", at, len(records), err)
	}
	for i, r := range records {
		if want := v.Server.Records[i]; r.Ref != want.Ref || !alike(jsonOf(&r.Pose), want.Decoded) {
			t.Errorf("record %d is %+v, want %+v", i, r, want)
		}
	}
}

// alike allows for the last bits of another order of multiplication.
func alike(a, b poseJSON) bool {
	flat := func(p poseJSON) []float64 {
		all := append(p.P[:], p.R[:]...)
		for _, h := range []*handJSON{p.Left, p.Right} {
			if h != nil {
				all = append(append(all, h.P[:]...), h.R[:]...)
			}
		}
		return all
	}
	x, y := flat(a), flat(b)
	if len(x) != len(y) || a.Teleport != b.Teleport {
		return false
	}
	for i := range x {
		if math.Abs(x[i]-y[i]) > 1e-9 {
			return false
		}
	}
	return true
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func makeVectors(t *testing.T) (v poseVectors) {
	t.Helper()
	v.About = "Binary messages of presence.space.v1. A pose encodes to hex exactly; hex decodes to decoded within 1e-9. Positions in metres, hands from the head, rotations as quaternions x, y, z, w. Made by: go test ./gateway/wire -run TestPoseVectors -update"
	for _, c := range examplePoses() {
		message := wire.AppendClientPose(nil, poseOf(c.Pose))
		p, err := wire.DecodeClientPose(message)
		if err != nil {
			t.Fatal(err)
		}
		c.Hex, c.Decoded = hex.EncodeToString(message), jsonOf(&p)
		v.Client = append(v.Client, c)
	}
	v.Server.UnixMS = 1_800_000_123_456
	message := wire.AppendPoses(nil, time.UnixMilli(v.Server.UnixMS))
	for i, c := range v.Client {
		c.Pose.Teleport, c.Decoded.Teleport = false, false // viewers are not told
		r := recordVector{Ref: uint16(1 + i*1000%wire.MaxRef), Pose: c.Pose, Decoded: c.Decoded}
		v.Server.Records = append(v.Server.Records, r)
		message = wire.AppendPose(message, r.Ref, poseOf(r.Pose))
	}
	at, _, err := wire.DecodePoses(message)
	if err != nil {
		t.Fatal(err)
	}
	v.Server.Hex, v.Server.Time = hex.EncodeToString(message), at
	v.BadClient = []badVector{
		{"nothing", ""},
		{"one byte", "01"},
		{"a server's message", "0200"},
		{"no head", "0100"},
		{"a byte short", "01000000000000000000ff"},
		{"a byte too many", "0100000000000000c0070180ff00"},
		{"a hand is missing", "0101000000000000000000c0"},
		{"an unknown flag", "01080000000000000000000000"},
	}
	v.BadServer = []badVector{
		{"nothing", ""},
		{"no time", "0200"},
		{"a client's message", "010000000000"},
		{"an unknown second byte", "020100000000"},
		{"half a ref", "02000000000001"},
		{"half a record", "0200000000000100ffff"},
		{"a hand is missing", "0200000000000140000000000000c0070180"},
	}
	return v
}

func examplePoses() []poseVector {
	const h = math.Sqrt2 / 2
	hand := func(x, y, z float64) *handJSON { return &handJSON{P: [3]float64{x, y, z}, R: [4]float64{0, 0, 0, 1}} }
	all := []poseVector{
		{Name: "at the origin", Pose: poseJSON{R: [4]float64{0, 0, 0, 1}}},
		{Name: "standing, looking left", Pose: poseJSON{P: [3]float64{1.25, 1.6, -3.5}, R: [4]float64{0, h, 0, h}}},
		{Name: "the negative of the same rotation", Pose: poseJSON{P: [3]float64{1.25, 1.6, -3.5}, R: [4]float64{0, -h, 0, -h}}},
		{Name: "upside down", Pose: poseJSON{P: [3]float64{0, 1.6, 0}, R: [4]float64{1, 0, 0, 0}}},
		{Name: "z is largest, and negative", Pose: poseJSON{P: [3]float64{0, 0, 0}, R: [4]float64{0.1, 0.2, -0.9, 0.37416573867739417}}},
		{Name: "all equal: x is left out", Pose: poseJSON{R: [4]float64{0.5, 0.5, 0.5, 0.5}}},
		{Name: "not quite a unit", Pose: poseJSON{R: [4]float64{0, 0.5, 0, 0.9}}},
		{Name: "at the bounds", Pose: poseJSON{P: [3]float64{327, -327, 327}, R: [4]float64{0, 1, 0, 0}}},
		{Name: "beyond what fits", Pose: poseJSON{P: [3]float64{400, -400, 327.671}, R: [4]float64{0, 0, 0, 1}}},
		{Name: "halves round up, also below zero", Pose: poseJSON{P: [3]float64{0.005, -0.005, -0.015}, R: [4]float64{0, 0, 0, 1}}},
		{Name: "teleport", Pose: poseJSON{P: [3]float64{10, 1.6, 10}, R: [4]float64{0, 0, 0, 1}, Teleport: true}},
		{Name: "left hand", Pose: poseJSON{P: [3]float64{0, 1.6, 0}, R: [4]float64{0, 0, 0, 1}, Left: hand(-0.25, -0.4, -0.3)}},
		{Name: "right hand", Pose: poseJSON{P: [3]float64{0, 1.6, 0}, R: [4]float64{0, 0, 0, 1}, Right: hand(0.25, -0.4, -0.3)}},
		{Name: "both hands and teleport", Pose: poseJSON{P: [3]float64{0, 1.6, 0}, R: [4]float64{0, 0, 0, 1}, Left: hand(-0.2505, 32.767, -33), Right: hand(0.25, -0.4, -0.3), Teleport: true}},
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		all = append(all, poseVector{Name: "random", Pose: jsonOf(randomPose(random))})
	}
	return all
}

func randomPose(random *rand.Rand) *spaces.Pose {
	p := &spaces.Pose{Position: spaces.Vec{X: random.Float64()*600 - 300, Y: random.Float64() * 3, Z: random.Float64()*600 - 300}, Rotation: randomTurn(random)}
	if random.IntN(3) == 0 {
		p.Left = &spaces.Hand{Position: spaces.Vec{X: random.Float64() - 0.5, Y: random.Float64() - 1, Z: random.Float64() - 0.5}, Rotation: randomTurn(random)}
	}
	if random.IntN(3) == 0 {
		p.Right = &spaces.Hand{Position: spaces.Vec{X: random.Float64() - 0.5, Y: random.Float64() - 1, Z: random.Float64() - 0.5}, Rotation: randomTurn(random)}
	}
	return p
}

func randomTurn(random *rand.Rand) spaces.Quat {
	for {
		x, y, z, w := random.Float64()*2-1, random.Float64()*2-1, random.Float64()*2-1, random.Float64()*2-1
		if n := math.Sqrt(x*x + y*y + z*z + w*w); n > 0.1 && n <= 1 {
			return spaces.Quat{X: x / n, Y: y / n, Z: z / n, W: w / n}
		}
	}
}

// TestPosesKeepTheirPlace: what comes back is within half a grain of what went.
func TestPosesKeepTheirPlace(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		p := randomPose(random)
		got, err := wire.DecodeClientPose(wire.AppendClientPose(nil, p))
		if err != nil || !got.Sane() {
			t.Fatalf("%+v became %+v, %v", p, got, err)
		}
		if d := got.Position.Distance(p.Position); d > 0.0088 {
			t.Fatalf("%+v moved by %f m", p, d)
		}
		if turned := angle(p.Rotation, got.Rotation); turned > 0.004 {
			t.Fatalf("%+v turned by %f rad", p, turned)
		}
		if p.Left != nil && got.Left.Position.Distance(p.Left.Position) > 0.0009 {
			t.Fatalf("the left hand of %+v is at %+v", p, got.Left)
		}
	}
}

// angle between two rotations.
func angle(a, b spaces.Quat) float64 {
	dot := a.X*b.X + a.Y*b.Y + a.Z*b.Z + a.W*b.W
	return 2 * math.Acos(min(1, math.Abs(dot)))
}

// FuzzClientPose: whatever comes in is refused or a pose that encodes to the
// very same bytes, but for rotations that no quaternion packs to.
func FuzzClientPose(f *testing.F) {
	for _, c := range examplePoses() {
		f.Add(wire.AppendClientPose(nil, poseOf(c.Pose)))
	}
	f.Add([]byte{1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := wire.DecodeClientPose(b)
		if err != nil {
			if spaces.ErrorCode(err) != spaces.CodeInvalid {
				t.Fatalf("%x: %v", b, err)
			}
			return
		}
		again, err := wire.DecodeClientPose(wire.AppendClientPose(nil, &p))
		if err != nil || again.Position != p.Position || angle(again.Rotation, p.Rotation) > 0.01 {
			t.Fatalf("%x is %+v, then %+v, %v", b, p, again, err)
		}
	})
}

// FuzzPoses: a server's message is refused or as long as its records.
func FuzzPoses(f *testing.F) {
	f.Add(wire.AppendPose(wire.AppendPoses(nil, time.UnixMilli(1)), 7, &spaces.Pose{Rotation: spaces.Quat{W: 1}, Left: &spaces.Hand{}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, records, err := wire.DecodePoses(b)
		if err != nil {
			return
		}
		size := 6
		for _, r := range records {
			size += len(wire.AppendPose(nil, r.Ref, &r.Pose))
		}
		if size != len(b) {
			t.Fatalf("%x has %d bytes of records", b, size)
		}
	})
}
