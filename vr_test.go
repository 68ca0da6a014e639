package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
)

// TestPeopleInVRAreInTheCity: somebody in Matrix and somebody in the room's
// space are both in its count, on the real stack, and the latter leaves it with
// their socket. Somebody who is in both is one person.
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

	token := p.matrixLogin(ann)
	var space struct{ Role string }
	if p.get("/api/spaces/city/general", token, &space); space.Role != "admin" {
		t.Errorf("who may do everything in the room is %q in its space", space.Role)
	}
	p.visit(token, "city:general:garden")
	feed.until("general", "ann is in VR as well", func(r roomCounts) bool { return r.Online == 1 && r.VR == 1 })
}

// matrixLogin returns our token for somebody whom the homeserver vouches for.
func (p *program) matrixLogin(c *mautrix.Client) string {
	p.t.Helper()
	proof, err := c.RequestOpenIDToken(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	body, err := json.Marshal(proof)
	if err != nil {
		p.t.Fatal(err)
	}
	var answer struct {
		Token  string
		Viewer struct{ Subject string }
	}
	_, text := p.post("/api/auth/matrix", "", string(body))
	if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.Viewer.Subject != "matrix:"+string(c.UserID) {
		p.t.Fatalf("log in with Matrix: %s, %v", text, err)
	}
	return answer.Token
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
