package door_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"presence/spaces"
)

// refused waits for an event that says no, and checks its words.
func (c *client) refused(event string, words ...string) {
	c.t.Helper()
	var e struct{ Error, Code string }
	c.want(event, &e)
	for _, word := range words {
		if !strings.Contains(e.Error, word) {
			c.t.Errorf("%s %q does not say %q", event, e.Error, word)
		}
	}
	if e.Error == "" || e.Code == "" || e.Code == "internal" {
		c.t.Errorf("%s %+v", event, e)
	}
}

// TestFaults holds ours against what broke the first server: each case is one
// of its faults that sockets could share.
func TestFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.socketio(""), w.socketio("")
	a.join(lobbyJoin)
	b.join(lobbyJoin)
	stillThere := func(what string) {
		t.Helper()
		a.emit("emote", `{"emote":"wave"}`)
		b.want("emote", nil)
		t.Log(what + ": the others go on")
	}

	// One packet stopped the server.
	for _, packet := range []string{
		`42["webrtc-offer"]`, `42["webrtc-answer"]`, `42["webrtc-ice-candidate"]`, `42["webrtc-offer",null]`,
		`42["webrtc-offer",{"targetSocketId":{"toString":1},"offer":{}}]`, `42["aframe-update"]`, `42["join-space"]`,
		`42["joinRoom"]`, `42["send"]`, `42["broadcast",null]`, `42["leave-space-not"]`, `42["__proto__",{}]`,
	} {
		a.write([]byte(packet))
		a.refused("space-error")
	}
	for _, packet := range []string{`42["chat-message"]`, `42["chat-reaction",[]]`, `42["chat-edit",7]`, `42["chat-delete",{}]`} {
		a.write([]byte(packet))
		a.refused("chat-error")
	}
	stillThere("packets without sense")

	// Signalling reached whole rooms, and spaces the sender was not in.
	c := w.socketio("")
	c.join(`{"spaceType":"post","spaceId":"alice/gallery"}`)
	for _, target := range []string{"global:lobby:main", b.id} {
		c.emit("webrtc-offer", map[string]any{"targetSocketId": target, "offer": "x"})
		c.refused("space-error")
	}
	stillThere("signalling across spaces")
	b.never("webrtc-offer")

	// An object as content was stored as JSON text.
	a.emit("chat-message", `{"content":{"html":"<b>"}}`)
	a.refused("chat-error", "content", "text")
	// People could write as the system.
	a.emit("chat-message", `{"content":"maintenance at noon","message_type":"system"}`)
	a.refused("chat-error")
	// An unknown parent was a generic error.
	a.emit("chat-message", `{"content":"x","parent_message_id":999999}`)
	a.refused("chat-error", "parent")
	// Large updates were multiplied to the room.
	a.emit("aframe-update", map[string]any{"entities": strings.Repeat("x", 20<<10)})
	a.refused("space-error", "16 KB")
	// A place that is none was stored and relayed.
	a.emit("aframe-update", `{"position":{"x":1e9,"y":0,"z":0}}`)
	a.refused("space-error", "position")
	a.emit("aframe-update", `{"position":{"x":1,"y":"<script>","z":0}}`)
	a.refused("space-error", "position")
	stillThere("bad payloads")
	b.never("aframe-update")
	b.never("chat-message")

	// Private and missing things could be entered.
	for join, words := range map[string]string{
		`{"spaceType":"document","spaceId":"4711"}`:              "not found",
		`{"spaceType":"post","spaceId":"alice/gone"}`:            "not found",
		`{"spaceType":"post","spaceId":"alice/night"}`:           "not safe for work",
		`{"spaceType":"moon","spaceId":"lobby"}`:                 "spaceType",
		`{"spaceType":"global","spaceId":"lobby","subspace":""}`: "",
	} {
		d := w.socketio("")
		d.emit("join-space", join)
		if words == "" {
			d.want("space-joined", nil)
			continue
		}
		d.refused("space-error", words)
	}
	a.want("user-joined", nil)

	// What came before a join was dropped without a word.
	d := w.socketio("")
	d.emit("chat-message", `{"content":"hello?"}`)
	d.refused("chat-error", "you are in no space")
	var failed struct {
		Success bool
		Error   string
	}
	d.ask("aframe-update", `{"position":{"x":0,"y":0,"z":0}}`, &failed)
	if failed.Success || failed.Error == "" {
		t.Errorf("acknowledged %+v", failed)
	}
}

// TestLeavingLeavesChat: changing space left the old space's chat audible.
func TestLeavingLeavesChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.socketio(""), w.socketio("")
	a.join(lobbyJoin)
	b.join(lobbyJoin)
	b.join(`{"spaceType":"post","spaceId":"alice/gallery"}`)
	a.want("user-left", nil)
	a.emit("chat-message", `{"content":"between us"}`)
	a.want("chat-message", nil)
	a.emit("emote", `{"emote":"wave"}`)
	a.join(`{"spaceType":"post","spaceId":"alice/gallery"}`)
	b.want("user-joined", nil) // after everything that a said before
	b.never("chat-message")
	b.never("emote")
}

// TestUnprovenIsGuest: identity was self-declared.
func TestUnprovenIsGuest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	watcher := w.socketio("")
	watcher.join(lobbyJoin)
	liar := w.socketio(`{"userAccount":"alice"}`)
	liar.join(`{"spaceType":"global","spaceId":"lobby","userAccount":"alice"}`)
	var u user
	watcher.want("user-joined", &u)
	if u.UserAccount != nil || !strings.HasPrefix(u.DisplayName, "Guest-") {
		t.Errorf("shown as %+v", u)
	}
	liar.emit("chat-message", `{"content":"I am alice","user_account":"alice","display_name":"alice","guest_id":"x"}`)
	var r row
	watcher.want("chat-message", &r)
	if r.UserAccount != nil || r.DisplayName != u.DisplayName {
		t.Errorf("written as %+v", r)
	}
	// A credential that proves nothing is no guest either.
	bad := dial(t, w.base+"/socket.io/?EIO=4&transport=websocket")
	bad.decode = decodeSocketIO
	bad.write([]byte(`40{"token":"nonsense"}`))
	var refusal struct{ Message string }
	bad.want("connect_error", &refusal)
	if refusal.Message == "" || strings.Contains(refusal.Message, "nonsense") {
		t.Errorf("connect_error %+v", refusal)
	}
}

// TestForeignOrigin: nothing checked where a WebSocket came from.
func TestForeignOrigin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/socket.io/?EIO=4&transport=websocket", "/socket.io/", "/naf"} {
		for origin, welcome := range map[string]bool{"https://evil.example": false, "https://dlux.io": true, w.base: true} {
			ws, resp, err := websocket.Dial(t.Context(), strings.Replace(w.base, "http", "ws", 1)+path,
				&websocket.DialOptions{HTTPHeader: http.Header{"Origin": {origin}}})
			if welcome != (err == nil) {
				t.Errorf("%s from %s: %v", path, origin, err)
			}
			if err != nil && resp.StatusCode != http.StatusForbidden {
				t.Errorf("%s from %s: status %d", path, origin, resp.StatusCode)
			}
			if err == nil {
				_ = ws.CloseNow()
			}
		}
	}
	resp, err := http.Get(w.base + "/socket.io/")
	ok(t, err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("neither Socket.IO nor a WebSocket: status %d", resp.StatusCode)
	}
}

// TestRightsEnd: sockets end with their token and with their login, inside a
// space and outside of any.
func TestRightsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	short, long := w.token("hive:alice"), w.longToken("hive:bob")
	inside, outside, other := w.socketio(`{"token":"`+short+`"}`), w.socketio(`{"token":"`+short+`"}`), w.socketio(`{"token":"`+long+`"}`)
	inside.join(lobbyJoin)
	other.join(lobbyJoin)
	w.later.Store(int64(time.Hour))
	inside.ended()
	outside.ended()

	other.want("user-left", nil) // and who may stay, stays

	viewer, _, err := w.identity.Viewer(t.Context(), long)
	ok(t, err)
	outside = w.socketio(`{"token":"` + long + `"}`)
	w.identity.Revoked(viewer.Login)
	other.ended()
	outside.ended()
}

// TestWaiting: a space that is full makes people wait, tells them where they
// stand, and lets them in by itself.
func TestWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := content[0].Key()
	settings := spaces.DefaultSettings(spaces.TypePost)
	settings.MaxUsers = 1
	ok(t, w.store.PutSettings(t.Context(), key, settings, "hive:alice", time.Now()))
	const gallery = `{"spaceType":"post","spaceId":"alice/gallery"}`
	a, b := w.socketio(""), w.socketio("")
	a.join(gallery)
	b.emit("join-space", gallery)
	var queued struct {
		Queued bool
		Info   struct{ Position int } `json:"queue_info"`
	}
	b.want("space-queued", &queued)
	if !queued.Queued || queued.Info.Position != 1 {
		t.Errorf("space-queued %+v", queued)
	}
	a.close()
	b.want("space-joined", nil)
}

// TestKick: who is sent away hears why, and hears nothing afterwards.
func TestKick(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.socketio(""), w.socketio("")
	a.join(lobbyJoin)
	b.join(lobbyJoin)
	w.hub.Kick(t.Context(), spaces.Key{Type: spaces.TypeGlobal, ID: "lobby", Subspace: "main"},
		func(s spaces.Session) bool { return s.ID == b.id }, "be kind")
	var left struct{ Reason string }
	b.want("space-left", &left)
	if left.Reason != "be kind" {
		t.Errorf("space-left %+v", left)
	}
	var said struct{ Error string }
	b.want("space-error", &said)
	a.want("user-left", nil)
	b.emit("chat-message", `{"content":"but"}`)
	b.refused("chat-error")
}

// TestPace: one client cannot make the server look for spaces all day.
func TestPace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.socketio("")
	for range 30 {
		a.emit("join-space", `{"spaceType":"post","spaceId":"alice/gone"}`)
	}
	a.until("space-error", func(data json.RawMessage) bool {
		var e struct{ Code spaces.Code }
		ok(t, json.Unmarshal(data, &e))
		return e.Code == spaces.CodeRateLimited
	})
}
