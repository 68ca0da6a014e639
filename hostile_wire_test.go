package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// wire is a connection on which anything can be said.
type wire struct {
	net.Conn
	*bufio.Reader
}

// connect opens a connection and says something.
func (s *siege) connect(t *testing.T, text string) wire {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	w := wire{conn, bufio.NewReader(conn)}
	w.say(text)
	return w
}

// say writes; a server that has had enough may close meanwhile, which shows in
// what it answered.
func (w wire) say(text string) { _, _ = io.WriteString(w.Conn, text) }

const upgrade = "GET /ws/city/presence HTTP/1.1\r\nHost: city\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: Bearer %s\r\n\r\n"

// socket opens a WebSocket and reads its snapshot.
func (s *siege) socket(t *testing.T, token string) wire {
	t.Helper()
	w := s.connect(t, fmt.Sprintf(upgrade, token))
	resp, err := http.ReadResponse(w.Reader, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("open a socket: %v %+v", err, resp)
	}
	if opcode, snapshot := w.read(t); opcode != opText || !strings.Contains(snapshot, `"type":"snapshot"`) {
		t.Fatalf("first frame: opcode %d %s", opcode, snapshot)
	}
	return w
}

// Opcodes of RFC 6455 with FIN.
const (
	opText   = 0x81
	opBinary = 0x82
	opClose  = 0x88
	opPing   = 0x89
)

// read returns the next frame of the server.
func (w wire) read(t *testing.T) (opcode byte, payload string) {
	t.Helper()
	var head [2]byte
	if _, err := io.ReadFull(w.Reader, head[:]); err != nil {
		t.Fatalf("the server said nothing: %v", err)
	}
	size := uint64(head[1])
	switch size {
	case 126:
		var long [2]byte
		_, _ = io.ReadFull(w.Reader, long[:])
		size = uint64(binary.BigEndian.Uint16(long[:]))
	case 127:
		var long [8]byte
		_, _ = io.ReadFull(w.Reader, long[:])
		size = binary.BigEndian.Uint64(long[:])
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(w.Reader, text); err != nil {
		t.Fatalf("the server broke off inside a frame: %v", err)
	}
	return head[0], string(text)
}

// closed reads until the server closes and returns code and reason.
func (w wire) closed(t *testing.T) (int, string) {
	t.Helper()
	for {
		opcode, payload := w.read(t)
		if opcode == opClose {
			return int(binary.BigEndian.Uint16([]byte(payload))), payload[2:]
		}
	}
}

// hangUp leaves without a close frame.
func (s *siege) hangUp(w wire) {
	_ = w.Close()
	s.expect("presence_city_left_total")
}

// reply reads until the server answers this client in particular.
func (w wire) reply(t *testing.T) string {
	t.Helper()
	for {
		opcode, payload := w.read(t)
		if opcode == opClose {
			t.Fatalf("closed: %s", payload[2:])
		}
		if opcode == opText && !strings.Contains(payload, `"room_slug"`) {
			return payload
		}
	}
}

// frame is a client's frame with a mask of zeros, which leaves the payload
// readable. first holds FIN, reserved bits and opcode.
func frame(first byte, payload string) string {
	head := []byte{first}
	switch n := len(payload); {
	case n < 126:
		head = append(head, 0x80|byte(n))
	case n <= 0xffff:
		head = binary.BigEndian.AppendUint16(append(head, 0x80|126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 0x80|127), uint64(n))
	}
	return string(head) + "\x00\x00\x00\x00" + payload
}
