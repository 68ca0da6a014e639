//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// spaceJoin is what enters the measured space.
const spaceJoin = `{"type":"join","id":1,"space":"global:lobby:main"}`

// nativeSpace is a client of presence.space.v1.
var nativeSpace = dialect{
	request: func(token string) []byte {
		return upgradeRequest("/ws/space", "Sec-WebSocket-Protocol: presence.space.v1\r\nAuthorization: Bearer "+token+"\r\n")
	},
	greeted: func(string) []byte { return clientFrame(opText, []byte(spaceJoin)) },
}

// Sizes of presence.space.v1's binary frames: type, flags and the tick's time
// in front, then for each mover a reference and a head.
const (
	posesHead = 6
	refSize   = 2
	poseSize  = refSize + 10
)

// nativeSpeech reads and writes binary poses. refs holds the index of each
// mover by its reference, plus one.
func nativeSpeech() speech {
	refs := make([]int32, 1<<16)
	return speech{
		pose: func(b []byte, at place, step int) []byte {
			b = append(appendHead(b, opBinary, 2+poseSize-refSize), 1, 0)
			if step == 0 { // back to the start of the walk
				b[len(b)-1] = 4
			}
			for _, metres := range [...]float64{at.x, 1.6, at.z} {
				b = binary.LittleEndian.AppendUint16(b, uint16(int16(math.Round(metres*100))))
			}
			return binary.LittleEndian.AppendUint32(b, upright)
		},
		hear: func(m *movers, c *client, f frame, seen func(mover, step int)) error {
			switch {
			case f.op == opText && bytes.HasPrefix(f.payload, []byte(`{"type":"joined"`)):
				m.entered++
				return noteRef(refs, c.index, f.payload)
			case f.op == opText && bytes.HasPrefix(f.payload, []byte(`{"type":"error"`)):
				return fmt.Errorf("the server refused: %s", f.payload)
			case f.op == opBinary && f.payload[0] == 2:
				readPoses(m, refs, f.payload[posesHead:], seen)
			}
			return nil
		},
	}
}

// upright is the rotation of somebody who looks straight on: w is dropped, the
// other components are zero.
const upright = 3<<30 | 512<<20 | 512<<10 | 512

// noteRef finds the reference of who joined without reading the members, of
// whom there may be thousands.
func noteRef(refs []int32, index int, joined []byte) error {
	_, self, _ := bytes.Cut(joined, []byte(`"self":{`))
	_, digits, found := bytes.Cut(self, []byte(`"ref":`))
	ref, err := strconv.ParseUint(string(digits[:max(bytes.IndexAny(digits, ",}"), 0)]), 10, 16)
	if err != nil || !found {
		return fmt.Errorf("no reference in %.200s: %w", joined, err)
	}
	refs[ref] = int32(index) + 1
	return nil
}

func readPoses(m *movers, refs []int32, b []byte, seen func(mover, step int)) {
	for ; len(b) >= poseSize; b = b[poseSize:] {
		mover := int(refs[binary.LittleEndian.Uint16(b)]) - 1
		if mover < 0 {
			continue
		}
		x := float64(int16(binary.LittleEndian.Uint16(b[refSize:]))) / 100
		if step, ok := m.stepOf(mover, x); ok {
			seen(mover, step)
		}
	}
}
