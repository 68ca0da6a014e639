//go:build linux

package main

import "encoding/binary"

// WebSocket opcodes (RFC 6455, 5.2).
const (
	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10
)

// frame is one frame of a server: never masked, and of these servers never
// fragmented.
type frame struct {
	op      byte
	payload []byte // within the buffer it was parsed from
}

// nextFrame returns the first frame in b and its length in bytes, 0 when it is
// not there as a whole.
func nextFrame(b []byte) (f frame, n int) {
	if len(b) < 2 {
		return frame{}, 0
	}
	head, size := 2, int(b[1]&0x7f)
	switch size {
	case 126:
		if len(b) < 4 {
			return frame{}, 0
		}
		head, size = 4, int(binary.BigEndian.Uint16(b[2:]))
	case 127:
		if len(b) < 10 {
			return frame{}, 0
		}
		head, size = 10, int(binary.BigEndian.Uint32(b[6:])) // the upper half would mean over 4 GB
	}
	if len(b) < head+size {
		return frame{}, 0
	}
	return frame{op: b[0] & 0xf, payload: b[head : head+size]}, head + size
}

// clientFrame builds a masked frame of at most 65,535 bytes. The mask is zero,
// which is a mask like any other and costs the server the same.
func clientFrame(op byte, payload []byte) []byte {
	return append(appendHead(nil, op, len(payload)), payload...)
}

// appendHead begins such a frame.
func appendHead(dst []byte, op byte, size int) []byte {
	if dst = append(dst, 0x80|op); size < 126 {
		dst = append(dst, 0x80|byte(size))
	} else {
		dst = binary.BigEndian.AppendUint16(append(dst, 0x80|126), uint16(size))
	}
	return append(dst, 0, 0, 0, 0)
}
