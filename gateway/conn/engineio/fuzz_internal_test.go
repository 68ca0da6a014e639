package engineio

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

// FuzzPayload: whatever a client posts, what is taken from it can be sent to
// others unchanged.
func FuzzPayload(f *testing.F) {
	for _, seed := range []string{"", "4hello", "4a\x1e4b\x1ebAQIDBA==", "b", "b!", "4\xff", "1", "2probe", "\x1e", "41\x1e"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		packets, err := decodePayload(body)
		if err != nil {
			return
		}
		var frames [][]byte
		var messages []packet
		for _, p := range packets {
			if p.kind != kindMessage {
				continue
			}
			if !p.binary && !utf8.Valid(p.data) {
				t.Fatalf("text that is none was taken: %q", p.data)
			}
			messages = append(messages, p)
			frames = append(frames, AppendMessage(nil, Message{p.data, p.binary}))
		}
		if len(messages) == 0 {
			return
		}
		again, err := decodePayload(encodePayload(frames))
		if err != nil || len(again) != len(messages) {
			t.Fatalf("%d packets became %d: %v", len(messages), len(again), err)
		}
		for i, p := range again {
			if p.binary != messages[i].binary || !bytes.Equal(p.data, messages[i].data) {
				t.Fatalf("%q became %q", messages[i].data, p.data)
			}
		}
	})
}

// FuzzPacket: no message makes the decoder panic, and what is taken for text is
// text.
func FuzzPacket(f *testing.F) {
	f.Add([]byte("4hello"), false)
	f.Add([]byte{0xff}, true)
	f.Add([]byte{}, false)
	f.Fuzz(func(t *testing.T, data []byte, isBinary bool) {
		p, err := decodePacket(data, isBinary)
		if err == nil && p.binary != isBinary {
			t.Fatalf("%q: binary %v", data, p.binary)
		}
		if err == nil && !p.binary && (p.kind < kindOpen || p.kind > kindNoop || !utf8.Valid(p.data)) {
			t.Fatalf("%q was taken", data)
		}
	})
}
