package wire

import (
	"encoding/binary"
	"iter"
)

// opBinary is the opcode of a binary frame (RFC 6455 5.2).
const opBinary = 0x02

// SplitFrames takes whole server frames that stand one after another apart
// again: each payload, and whether it is binary. It is how a client without a
// WebSocket gets what was encoded once for everybody. Bytes that are no whole
// frame end it.
func SplitFrames(frames []byte) iter.Seq2[[]byte, bool] {
	return func(yield func(payload []byte, isBinary bool) bool) {
		for len(frames) >= 2 {
			isBinary := frames[0]&0x0f == opBinary
			header, length := 2, int(frames[1]&0x7f)
			switch {
			case length == 126 && len(frames) >= 4:
				header, length = 4, int(binary.BigEndian.Uint16(frames[2:]))
			case length == 127 && len(frames) >= 10:
				header, length = 10, int(min(binary.BigEndian.Uint64(frames[2:]), 1<<31))
			}
			if len(frames) < header+length || !yield(frames[header:header+length], isBinary) {
				return
			}
			frames = frames[header+length:]
		}
	}
}
