package wire

import "encoding/binary"

// Opcodes of RFC 6455 5.2 that a server sends, with the FIN bit set: the
// gateway never fragments.
const (
	finText  = 0x81
	finClose = 0x88
	finPing  = 0x89
)

// maxControl is the longest payload of a control frame (RFC 6455 5.5).
const maxControl = 125

// PingFrame is a whole WebSocket ping without payload. Shared; never changed.
var PingFrame = []byte{finPing, 0}

// PongMessage is the whole text frame that answers the first city client's
// bare text "ping". Shared; never changed.
var PongMessage = AppendFrame(nil, []byte("pong"))

// AppendFrame appends payload as one whole unmasked text frame, ready to be
// written to any number of sockets.
func AppendFrame(dst, payload []byte) []byte {
	dst = append(dst, finText)
	switch n := len(payload); {
	case n <= maxControl:
		dst = append(dst, byte(n))
	case n <= 0xffff:
		dst = append(dst, 126)
		dst = binary.BigEndian.AppendUint16(dst, uint16(n))
	default:
		dst = append(dst, 127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	return append(dst, payload...)
}

// IsClose reports whether a whole server frame is a close frame.
func IsClose(frame []byte) bool { return len(frame) > 0 && frame[0] == finClose }
