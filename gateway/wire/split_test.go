package wire_test

import (
	"bytes"
	"strings"
	"testing"

	"presence/gateway/wire"
)

func TestSplitFrames(t *testing.T) {
	t.Parallel()
	payloads := []string{"", "one", strings.Repeat("x", 125), strings.Repeat("y", 126), strings.Repeat("z", 1<<16)}
	var frames []byte
	for _, p := range payloads {
		frames = wire.AppendFrame(frames, []byte(p))
	}
	frames = append(frames, 0x82, 1, 7)
	frames = append(frames, 0x81, 5, 'c', 'u', 't')
	var got []string
	for payload, isBinary := range wire.SplitFrames(frames) {
		if isBinary != (len(got) == len(payloads)) {
			t.Errorf("frame %d: binary %v", len(got), isBinary)
		}
		got = append(got, string(payload))
	}
	if want := append(payloads, "\x07"); len(got) != len(want) || strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%d frames", len(got))
	}
}

// FuzzSplitFrames: what is split are pieces of the input, in order.
func FuzzSplitFrames(f *testing.F) {
	f.Add(wire.AppendFrame(nil, []byte("hello")))
	f.Add([]byte{0x81, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{0x81, 126, 0})
	f.Fuzz(func(t *testing.T, frames []byte) {
		at := 0
		for payload := range wire.SplitFrames(frames) {
			i := bytes.Index(frames[at:], payload)
			if i < 0 {
				t.Fatal("a payload is no part of the frames")
			}
			at += i + len(payload)
		}
	})
}
