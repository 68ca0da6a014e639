package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"maunium.net/go/mautrix/event"
)

// TestPeopleInVRAreInTheCity: somebody in Matrix and somebody in the room's
// space are both in its count, on the real stack, and the latter leaves it with
// their socket.
func TestPeopleInVRAreInTheCity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.register("ann")
	w.room(ann, "general")
	w.room(ann, "council")
	w.writeLinks(oneRoom)
	p := w.start("--matrix-password=password-of-presence_daemon")
	setPresence(t, ann, event.PresenceOnline)
	feed := p.feed(p.guest())
	feed.until("general", "ann is there", func(r roomCounts) bool { return r.Online == 1 && r.VR == 0 })

	visitor := p.visit(p.guest(), "city:general:garden")
	feed.until("general", "a guest is in VR", func(r roomCounts) bool { return r.Online == 2 && r.VR == 1 })
	_ = visitor.CloseNow()
	feed.until("general", "the guest is gone", func(r roomCounts) bool { return r.Online == 1 && r.VR == 0 })
}

// visit enters a space by the native door.
func (p *program) visit(token, space string) *websocket.Conn {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(p.base, "http")+"/ws/space", &websocket.DialOptions{
		HTTPHeader:   http.Header{"Authorization": {"Bearer " + token}},
		Subprotocols: []string{"presence.space.v1"},
	})
	if err != nil {
		p.t.Fatalf("open /ws/space: %v", err)
	}
	p.t.Cleanup(func() { _ = conn.CloseNow() })
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"type":"join","id":1,"space":"`+space+`"}`)); err != nil {
		p.t.Fatalf("join %s: %v", space, err)
	}
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			p.t.Fatalf("join %s: %v", space, err)
		}
		if strings.Contains(string(data), `"type":"joined"`) {
			return conn
		}
	}
}
