package engineio

import (
	"bytes"
	"encoding/base64"
	"errors"
	"unicode/utf8"

	"presence/gateway/wire"
)

// The first byte of a packet.
const (
	kindOpen    = '0'
	kindClose   = '1'
	kindPing    = '2'
	kindPong    = '3'
	kindMessage = '4'
	kindUpgrade = '5'
	kindNoop    = '6'
)

const (
	separator    = 0x1e // between the packets of a polling payload
	binaryMarker = 'b'  // before a binary message, in base64, in a polling payload
)

// finBinary begins a whole binary frame (RFC 6455 5.2).
const finBinary = 0x82

// Frames that never change.
var (
	pingFrame  = wire.AppendFrame(nil, []byte{kindPing})
	probeFrame = wire.AppendFrame(nil, []byte(probePong))
)

const (
	probePing = "2probe"
	probePong = "3probe"
)

var errPacket = errors.New("not an Engine.IO packet")

// packet is one thing a client said.
type packet struct {
	kind   byte
	binary bool
	data   []byte
}

// Message is one Engine.IO message.
type Message struct {
	Data   []byte // UTF-8 unless Binary
	Binary bool
}

// AppendMessage appends m as one whole frame, ready for [Session.Write] of any
// number of sessions.
func AppendMessage(dst []byte, m Message) []byte {
	if m.Binary {
		start := len(dst)
		dst = wire.AppendFrame(dst, m.Data)
		dst[start] = finBinary
		return dst
	}
	text := append(make([]byte, 0, 1+len(m.Data)), kindMessage)
	return wire.AppendFrame(dst, append(text, m.Data...))
}

// decodePacket reads what a WebSocket brought in one message.
func decodePacket(data []byte, isBinary bool) (packet, error) {
	switch {
	case isBinary:
		return packet{kind: kindMessage, binary: true, data: data}, nil
	case len(data) == 0 || data[0] < kindOpen || data[0] > kindNoop || !utf8.Valid(data):
		// Text that is no UTF-8 would, relayed, break the connections of others.
		return packet{}, errPacket
	default:
		return packet{kind: data[0], data: data[1:]}, nil
	}
}

// decodePayload reads what one POST brought. One bad packet spoils all of it.
func decodePayload(body []byte) ([]packet, error) {
	packets := make([]packet, 0, bytes.Count(body, []byte{separator})+1)
	for part := range bytes.SplitSeq(body, []byte{separator}) {
		p, err := decodePart(part)
		if err != nil {
			return nil, err
		}
		packets = append(packets, p)
	}
	return packets, nil
}

func decodePart(part []byte) (packet, error) {
	if len(part) == 0 || part[0] != binaryMarker {
		return decodePacket(part, false)
	}
	data, err := base64.StdEncoding.AppendDecode(nil, part[1:])
	if err != nil {
		return packet{}, errPacket
	}
	return decodePacket(data, true)
}

// encodePayload takes whole frames apart for a poll.
func encodePayload(frames [][]byte) []byte {
	payload := make([]byte, 0, size(frames))
	for _, f := range frames {
		for data, isBinary := range wire.SplitFrames(f) {
			if !isBinary {
				payload = appendPacket(payload, data...)
				continue
			}
			payload = base64.StdEncoding.AppendEncode(appendPacket(payload, binaryMarker), data)
		}
	}
	return payload
}

func appendPacket(payload []byte, packet ...byte) []byte {
	if len(payload) > 0 {
		payload = append(payload, separator)
	}
	return append(payload, packet...)
}
