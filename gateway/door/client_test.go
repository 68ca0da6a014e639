package door_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"presence/gateway/wire"
)

// said is one event that a client heard.
type said struct {
	name string
	data json.RawMessage
}

// client is a small client of one of the doors: it reads everything in order,
// and a test waits for what it expects.
type client struct {
	t     testing.TB
	ws    *websocket.Conn
	id    string // its session
	heard []said // not yet waited for
	next  int    // of an acknowledgement

	decode func([]byte) (said, bool)
	encode func(name string, payload any) []byte
}

func dial(t testing.TB, address string, subprotocols ...string) *client {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), strings.Replace(address, "http", "ws", 1), &websocket.DialOptions{Subprotocols: subprotocols})
	ok(t, err)
	ws.SetReadLimit(1 << 22)
	t.Cleanup(func() { _ = ws.CloseNow() })
	return &client{t: t, ws: ws}
}

// socketio connects over Socket.IO, WebSocket only. auth is the handshake's
// object; empty: none.
func (w *world) socketio(auth string) *client {
	w.t.Helper()
	c := dial(w.t, w.base+"/socket.io/?EIO=4&transport=websocket")
	c.decode = func(b []byte) (said, bool) {
		if string(b) == "2" {
			c.write([]byte("3"))
			return said{}, false
		}
		return decodeSocketIO(b)
	}
	c.encode = func(name string, payload any) []byte {
		return append(append([]byte("42["+quoted(name)+","), encoded(payload)...), ']')
	}
	c.write([]byte("40" + auth))
	var hello struct{ SID string }
	c.want("connect", &hello)
	c.id = hello.SID
	return c
}

func decodeSocketIO(b []byte) (said, bool) {
	text := string(b)
	switch {
	case strings.HasPrefix(text, "40"):
		return said{"connect", b[2:]}, true
	case strings.HasPrefix(text, "41"):
		return said{"disconnect", nil}, true
	case strings.HasPrefix(text, "44"):
		return said{"connect_error", b[2:]}, true
	case strings.HasPrefix(text, "43"):
		at := strings.IndexByte(text, '[')
		return said{"ack " + text[2:at], b[at+1 : len(b)-1]}, true
	case strings.HasPrefix(text, "42"):
		var args []json.RawMessage
		var name string
		if json.Unmarshal(b[2:], &args) != nil || len(args) != 2 || json.Unmarshal(args[0], &name) != nil {
			return said{"malformed", b}, true
		}
		return said{name, args[1]}, true
	}
	return said{}, false
}

// raw connects as the wallet script does.
func (w *world) raw() *client { return dial(w.t, w.base+"/socket.io/").typed() }

// native connects with our own protocol.
func (w *world) native(token string) *client {
	return dial(w.t, w.base+"/ws/space", wire.SubprotocolSpace, wire.BearerPrefix+token).typed()
}

// typed makes a client of a door that speaks JSON objects with "type".
func (c *client) typed() *client {
	c.decode = func(b []byte) (said, bool) {
		var m struct{ Type string }
		if json.Unmarshal(b, &m) != nil {
			return said{"binary", b}, true
		}
		return said{m.Type, b}, true
	}
	c.encode = func(_ string, payload any) []byte { return encoded(payload) }
	return c
}

// uws connects as networked-aframe's uws adapter does.
func (w *world) uws(query string) *client {
	c := dial(w.t, w.base+"/naf"+query)
	c.decode = func(b []byte) (said, bool) {
		var m struct {
			Event string
			Data  json.RawMessage
		}
		if json.Unmarshal(b, &m) != nil {
			return said{"malformed", b}, true
		}
		return said{m.Event, m.Data}, true
	}
	c.encode = func(name string, payload any) []byte {
		return encoded(map[string]any{"event": name, "data": json.RawMessage(encoded(payload))})
	}
	return c
}

// encoded is JSON of a value, or the JSON text itself.
func encoded(payload any) []byte {
	if text, isText := payload.(string); isText {
		return []byte(text)
	}
	b, err := json.Marshal(payload)
	if err != nil {
		panic(err)
	}
	return b
}

func quoted(s string) string { return string(encoded(json.RawMessage(fmt.Sprintf("%q", s)))) }

func (c *client) write(b []byte) {
	c.t.Helper()
	ok(c.t, c.ws.Write(c.t.Context(), websocket.MessageText, b))
}

// emit sends an event. payload is JSON text or a value; the wallet script's
// objects are given whole.
func (c *client) emit(name string, payload any) {
	c.t.Helper()
	c.write(c.encode(name, payload))
}

// ask sends an event of Socket.IO and reads its acknowledgement.
func (c *client) ask(name string, payload any, into any) {
	c.t.Helper()
	c.next++
	c.write([]byte(fmt.Sprintf("42%d[%s,%s]", c.next, quoted(name), encoded(payload))))
	c.want(fmt.Sprintf("ack %d", c.next), into)
}

// want waits for an event of this name, passing over others, which can be
// waited for afterwards.
func (c *client) want(name string, into any) {
	c.t.Helper()
	c.until(name, func(data json.RawMessage) bool {
		if into != nil {
			if err := json.Unmarshal(data, into); err != nil {
				c.t.Fatalf("%s %s: %v", name, data, err)
			}
		}
		return true
	})
}

// until waits for an event of this name that holds accepts.
func (c *client) until(name string, holds func(json.RawMessage) bool) {
	c.t.Helper()
	for i, s := range c.heard {
		if s.name == name && holds(s.data) {
			c.heard = append(c.heard[:i:i], c.heard[i+1:]...)
			return
		}
	}
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	for {
		_, b, err := c.ws.Read(ctx)
		if err != nil {
			c.t.Fatalf("waiting for %s: %v; heard %s", name, err, c.all())
		}
		s, understood := c.decode(b)
		switch {
		case !understood:
		case s.name == name && holds(s.data):
			return
		default:
			c.heard = append(c.heard, s)
		}
	}
}

// ended waits for the end of the socket and returns its close code.
func (c *client) ended() websocket.StatusCode {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	for {
		_, b, err := c.ws.Read(ctx)
		if err != nil {
			return websocket.CloseStatus(err)
		}
		if s, understood := c.decode(b); understood {
			c.heard = append(c.heard, s)
		}
	}
}

// never checks that no event of this name came before one that a test causes
// last.
func (c *client) never(name string) {
	c.t.Helper()
	for _, s := range c.heard {
		if s.name == name {
			c.t.Errorf("heard %s %s", s.name, s.data)
		}
	}
}

func (c *client) all() string {
	var b strings.Builder
	for _, s := range c.heard {
		fmt.Fprintf(&b, "\n  %s %.200s", s.name, s.data)
	}
	return b.String()
}

func (c *client) close() {
	c.t.Helper()
	_ = c.ws.Close(websocket.StatusNormalClosure, "")
}
