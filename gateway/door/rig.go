package door

import (
	"encoding/json"

	"presence/gateway/wire"
	"presence/spaces"
)

// maxParts is how many entities are remembered as candidates for the avatar.
const maxParts = 8

// rig finds a client's avatar among its entities: a root, and often a head that
// is its child (a camera in a rig that walks). A child may be announced before
// its parent, so whatever could be part of the avatar is remembered merged.
type rig struct {
	owner      string
	parts      map[string]*wire.NAFEntity // by network id
	root, head *wire.NAFEntity
}

// take merges an update and reports whether it is the avatar's.
func (r *rig) take(e wire.NAFEntity) bool {
	if e.Persistent || e.Creator != r.owner {
		return false
	}
	part := r.parts[e.NetworkID]
	switch {
	case part != nil:
		part.Merge(e)
	case len(r.parts) >= maxParts:
		return false
	default:
		if r.parts == nil {
			r.parts = map[string]*wire.NAFEntity{}
		}
		part = &e
		r.parts[e.NetworkID] = part
	}
	r.assemble(part)
	return part == r.root || part == r.head
}

// assemble looks for the avatar as long as it is not whole.
func (r *rig) assemble(newest *wire.NAFEntity) {
	if _, placed := newest.Pose(); !placed {
		return
	}
	if r.root == nil && newest.Parent == nil {
		r.root = newest
		for _, part := range r.parts {
			r.adopt(part)
		}
		return
	}
	r.adopt(newest)
}

func (r *rig) adopt(part *wire.NAFEntity) {
	if r.root == nil || r.head != nil || part.Parent == nil || *part.Parent != r.root.NetworkID {
		return
	}
	if _, placed := part.Pose(); placed {
		r.head = part
	}
}

// drop forgets an entity that is gone.
func (r *rig) drop(networkID string) {
	switch part := r.parts[networkID]; {
	case part == nil:
		return
	case part == r.root:
		r.root, r.head = nil, nil
	case part == r.head:
		r.head = nil
	}
	delete(r.parts, networkID)
}

// pose is where the head is: the rig's own place when it has none.
func (r *rig) pose() (spaces.Pose, bool) {
	if r.root == nil {
		return spaces.Pose{}, false
	}
	base, ok := r.root.Pose()
	if !ok || r.head == nil {
		return base, ok
	}
	head, ok := r.head.Pose()
	if !ok {
		return base, true
	}
	at := rotate(base.Rotation, head.Position)
	return spaces.Pose{
		Position: spaces.Vec{X: base.Position.X + at.X, Y: base.Position.Y + at.Y, Z: base.Position.Z + at.Z},
		Rotation: multiply(base.Rotation, head.Rotation),
	}, true
}

// avatar is what clients of the same kind are told of it; nil when it is too
// large.
func (r *rig) avatar() json.RawMessage { return wire.NAFAvatar(r.root, r.head) }

// template is what the avatar is drawn with: the head's, because a rig is
// usually nothing to look at.
func (r *rig) template() string {
	if r.head != nil {
		return r.head.Template
	}
	return r.root.Template
}

func multiply(a, b spaces.Quat) spaces.Quat {
	return spaces.Quat{
		X: a.W*b.X + a.X*b.W + a.Y*b.Z - a.Z*b.Y,
		Y: a.W*b.Y - a.X*b.Z + a.Y*b.W + a.Z*b.X,
		Z: a.W*b.Z + a.X*b.Y - a.Y*b.X + a.Z*b.W,
		W: a.W*b.W - a.X*b.X - a.Y*b.Y - a.Z*b.Z,
	}
}

// rotate turns a point about the origin.
func rotate(q spaces.Quat, p spaces.Vec) spaces.Vec {
	turned := multiply(multiply(q, spaces.Quat{X: p.X, Y: p.Y, Z: p.Z}), spaces.Quat{X: -q.X, Y: -q.Y, Z: -q.Z, W: q.W})
	return spaces.Vec{X: turned.X, Y: turned.Y, Z: turned.Z}
}
