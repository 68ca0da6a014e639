package wire

import (
	"encoding/binary"
	"math"
	"strconv"
)

// longestHeader of an unmasked frame: opcode, 127, and eight bytes of length.
const longestHeader = 10

// textFrame appends one whole text frame whose payload fill appends. The
// payload is written in place, because poses are encoded for every tick.
func textFrame(dst []byte, fill func([]byte) []byte) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, longestHeader)...)
	dst = fill(dst)
	payload := dst[start+longestHeader:]
	header := appendTextHeader(dst[start:start], len(payload))
	copy(dst[start+len(header):], payload)
	return dst[:start+len(header)+len(payload)]
}

func appendTextHeader(dst []byte, n int) []byte {
	dst = append(dst, finText)
	switch {
	case n <= maxControl:
		return append(dst, byte(n))
	case n <= 0xffff:
		return binary.BigEndian.AppendUint16(append(dst, 126), uint16(n))
	default:
		return binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
	}
}

// appendString appends s as a JSON string. Almost every name needs no escapes.
func appendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return append(dst, mustJSON(s)...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// appendText is appendString for what old clients expect to be null when there
// is none.
func appendText(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return appendString(dst, s)
}

// appendPoint appends {"x":…,"y":…,"z":…} to the millimetre (or thousandth of a
// degree), which is finer than anybody sees.
func appendPoint(dst []byte, x, y, z float64) []byte {
	dst = appendThousandths(append(dst, `{"x":`...), x)
	dst = appendThousandths(append(dst, `,"y":`...), y)
	dst = appendThousandths(append(dst, `,"z":`...), z)
	return append(dst, '}')
}

func appendThousandths(dst []byte, f float64) []byte {
	rounded := math.Round(f*1000) / 1000
	if rounded == 0 {
		rounded = 0 // no "-0"
	}
	return strconv.AppendFloat(dst, rounded, 'f', -1, 64)
}
