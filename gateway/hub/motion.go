package hub

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/fnv"

	"presence/gateway/wire"
	"presence/spaces"
)

// What gateways tell each other about a space, by the first byte. All gateways
// of a city run the same version but for the minutes of an upgrade; a message
// of another kind is ignored.
const (
	peerMotion = 1 // records: name uint64, a pose as in the native protocol, and the doors' own words, each with its length (uvarint) before it
	peerActs   = 2 // a JSON list of peerAct
)

// maxMotion is when a message is full: far below what NATS takes.
const maxMotion = 256 << 10

// motion is a message under way.
type motion struct{ payload []byte }

// nameOf is a session's name between gateways. Two of the few thousand in a
// space share one about never, and then see each other's places.
func nameOf(session string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(session)) // never fails
	return h.Sum64()
}

func (m *motion) append(session string, at *place) {
	if len(m.payload) == 0 {
		m.payload = append(m.payload, peerMotion)
	}
	b := binary.LittleEndian.AppendUint64(m.payload, nameOf(session))
	b = wire.AppendPose(b, 0, &at.pose)
	b = appendSized(b, at.dlux)
	m.payload = appendSized(b, at.naf)
}

// take returns the message and begins another.
func (m *motion) take() []byte {
	full := m.payload
	m.payload = nil
	return full
}

func appendSized(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

var errMotion = errors.New("the message ends inside a record")

// readMotion gives each record of a message to do. The doors' words are parts of
// the payload.
func readMotion(payload []byte, do func(name uint64, at place)) error {
	for b := payload[1:]; len(b) > 0; {
		if len(b) < 8 {
			return errMotion
		}
		name := binary.LittleEndian.Uint64(b)
		record, n := wire.DecodePose(b[8:])
		if n == 0 {
			return errMotion
		}
		at := place{pose: record.Pose}
		var ok bool
		if at.dlux, b, ok = cutSized(b[8+n:]); !ok {
			return errMotion
		}
		if at.naf, b, ok = cutSized(b); !ok {
			return errMotion
		}
		do(name, at)
	}
	return nil
}

func cutSized(b []byte) (part, rest []byte, ok bool) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return nil, nil, false
	}
	if size == 0 {
		return nil, b[n:], true
	}
	end := n + int(size)
	return b[n:end:end], b[end:], true
}

// same reports whether nothing about a place is new.
func (p *place) same(o *place) bool {
	return p.pose.Position == o.pose.Position && p.pose.Rotation == o.pose.Rotation &&
		sameHand(p.pose.Left, o.pose.Left) && sameHand(p.pose.Right, o.pose.Right) &&
		bytes.Equal(p.dlux, o.dlux) && bytes.Equal(p.naf, o.naf)
}

func sameHand(a, b *spaces.Hand) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
