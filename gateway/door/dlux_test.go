package door_test

import (
	"encoding/json"
	"testing"
)

const lobbyJoin = `{"spaceType":"global","spaceId":"lobby","userAccount":"admin"}`

type user struct {
	SocketID    string  `json:"socketId"`
	UserAccount *string `json:"userAccount"`
	DisplayName string  `json:"display_name"`
	Position    *struct{ X, Y, Z float64 }
}

type joined struct {
	Success  bool
	SocketID string `json:"socketId"`
	Subspace string
	Users    []user
}

// join enters the lobby and waits until it is inside.
func (c *client) join(payload string) joined {
	c.t.Helper()
	c.emit("join-space", payload)
	var j joined
	c.want("space-joined", &j)
	c.id = j.SocketID
	return j
}

// TestRows exercises every row of the first server's events from one client to
// another, over Socket.IO.
func TestRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.socketio(`{"token":"` + w.token("hive:alice") + `"}`)
	a.join(`{"spaceType":"global","spaceId":"lobby","position":{"x":1,"y":1.6,"z":2},"avatar_data":{"hat":"red"}}`)
	b := w.socketio("")

	var joinedAs struct {
		Success bool
		Space   string
	}
	b.ask("join-space", lobbyJoin, &joinedAs)
	if !joinedAs.Success || joinedAs.Space != "global:lobby:main" {
		t.Errorf("acknowledged %+v", joinedAs)
	}
	var there joined
	b.want("space-joined", &there)
	if !there.Success || there.Subspace != "main" || len(there.Users) != 2 || there.SocketID != b.id {
		t.Fatalf("joined %+v", there)
	}
	for _, u := range there.Users {
		switch u.SocketID {
		case a.id:
			if u.UserAccount == nil || *u.UserAccount != "alice" || u.Position == nil || u.Position.Z != 2 {
				t.Errorf("alice is shown as %+v", u)
			}
		case b.id:
			if u.UserAccount != nil {
				t.Errorf("a claimed account was believed: %s", *u.UserAccount)
			}
		}
	}
	var arrival struct {
		user
		Timestamp int64
	}
	a.want("user-joined", &arrival)
	if arrival.SocketID != b.id || arrival.UserAccount != nil || arrival.Timestamp == 0 {
		t.Errorf("user-joined %+v", arrival)
	}

	testMovement(t, a, b)
	testChat(t, a, b)
	testSignalling(t, a, b)

	b.emit("emote", `{"emote":"wave"}`)
	var emote struct {
		SocketID, Emote string
	}
	a.want("emote", &emote)
	if emote.Emote != "wave" || emote.SocketID != b.id {
		t.Errorf("emote %+v", emote)
	}
	b.emit("typing", `{"typing":true}`)
	a.until("typing", func(data json.RawMessage) bool {
		var typing struct{ Users []user }
		ok(t, json.Unmarshal(data, &typing))
		return len(typing.Users) == 1 && typing.Users[0].SocketID == b.id
	})
	b.emit("custom", `{"name":"dice","data":{"six":6}}`)
	var custom struct {
		SocketID, Name string
		Data           struct{ Six int }
	}
	a.want("custom", &custom)
	if custom.SocketID != b.id || custom.Name != "dice" || custom.Data.Six != 6 {
		t.Errorf("custom %+v", custom)
	}

	b.emit("leave-space", `{}`)
	b.want("space-left", nil)
	var leaver user
	a.want("user-left", &leaver)
	if leaver.SocketID != b.id {
		t.Errorf("user-left %+v", leaver)
	}
	b.join(lobbyJoin)
	a.want("user-joined", nil)
	b.close()
	a.want("user-left", &leaver)
	if leaver.SocketID != b.id {
		t.Errorf("after a disconnect, user-left %+v", leaver)
	}
}

type moved struct {
	user
	EntityData struct {
		Position struct{ X, Y, Z float64 }
		Rotation struct{ X, Y, Z float64 }
		Hat      string
		Entities map[string]int
	} `json:"entityData"`
	Timestamp int64
}

func testMovement(t *testing.T, a, b *client) {
	t.Helper()
	a.emit("aframe-update", `{"position":{"x":3,"y":1.6,"z":-4},"rotation":{"x":0,"y":90,"z":0},"hat":"red"}`)
	b.until("aframe-update", func(data json.RawMessage) bool {
		var m moved
		ok(t, json.Unmarshal(data, &m))
		if m.EntityData.Position.X != 3 { // where alice arrived
			return false
		}
		if m.SocketID != a.id || m.UserAccount == nil || *m.UserAccount != "alice" || m.EntityData.Hat != "red" || m.EntityData.Rotation.Y != 90 || m.Timestamp == 0 {
			t.Errorf("aframe-update %s", data)
		}
		return true
	})
	// Beyond the avatar: all of them, in order.
	for i := range 5 {
		a.emit("aframe-update", map[string]any{"entities": map[string]int{"box": i}})
	}
	for i := range 5 {
		b.until("aframe-update", func(data json.RawMessage) bool {
			var m moved
			ok(t, json.Unmarshal(data, &m))
			if m.EntityData.Entities == nil {
				return false
			}
			if m.EntityData.Entities["box"] != i {
				t.Errorf("entity update %d: %s", i, data)
			}
			return true
		})
	}
}

type row struct {
	ID          int64   `json:"id"`
	SpaceType   string  `json:"space_type"`
	SpaceID     string  `json:"space_id"`
	Subspace    string  `json:"subspace"`
	UserAccount *string `json:"user_account"`
	GuestID     *string `json:"guest_id"`
	MessageType string  `json:"message_type"`
	Content     string  `json:"content"`
	Parent      *int64  `json:"parent_message_id"`
	DisplayName string  `json:"display_name"`
	Timestamp   int64   `json:"timestamp"`
	IsEdited    bool    `json:"is_edited"`
	IsDeleted   bool    `json:"is_deleted"`
}

func testChat(t *testing.T, a, b *client) {
	t.Helper()
	var done struct {
		Success bool
		Message row
	}
	b.ask("chat-message", `{"content":"سلام دنیا","message_type":"text","user_account":"admin"}`, &done)
	for _, c := range []*client{a, b} { // the writer too
		var r row
		c.want("chat-message", &r)
		if r.ID != done.Message.ID || r.Content != "سلام دنیا" || r.UserAccount != nil || r.GuestID == nil || r.DisplayName == "" ||
			r.SpaceType != "global" || r.SpaceID != "lobby" || r.Subspace != "main" || r.MessageType != "text" || r.Timestamp == 0 {
			t.Errorf("chat-message %+v", r)
		}
	}
	a.emit("chat-message", map[string]any{"content": "reply", "parent_message_id": done.Message.ID})
	var reply row
	b.want("chat-message", &reply)
	if reply.Parent == nil || *reply.Parent != done.Message.ID || reply.UserAccount == nil || *reply.UserAccount != "alice" {
		t.Errorf("reply %+v", reply)
	}
	a.emit("chat-reaction", map[string]any{"messageId": done.Message.ID, "reaction": "👍"})
	var reaction struct {
		MessageID int64 `json:"messageId"`
		Reactions []struct {
			Reaction string
			Count    int
		}
	}
	b.want("chat-reaction", &reaction)
	if reaction.MessageID != done.Message.ID || len(reaction.Reactions) != 1 || reaction.Reactions[0].Reaction != "👍" {
		t.Errorf("chat-reaction %+v", reaction)
	}
	b.emit("chat-edit", map[string]any{"messageId": done.Message.ID, "content": "hello"})
	var edited row
	a.want("chat-edit", &edited)
	if edited.Content != "hello" || !edited.IsEdited {
		t.Errorf("chat-edit %+v", edited)
	}
	b.emit("chat-delete", map[string]any{"messageId": done.Message.ID})
	var deleted row
	a.want("chat-delete", &deleted)
	if deleted.Content != "" || !deleted.IsDeleted {
		t.Errorf("chat-delete %+v", deleted)
	}
}

func testSignalling(t *testing.T, a, b *client) {
	t.Helper()
	var signal struct {
		Offer, Answer, Candidate json.RawMessage
		FromSocketID             string  `json:"fromSocketId"`
		FromUser                 *string `json:"fromUser"`
	}
	a.emit("webrtc-offer", map[string]any{"targetSocketId": b.id, "offer": "sdp-1"})
	b.want("webrtc-offer", &signal)
	if string(signal.Offer) != `"sdp-1"` || signal.FromSocketID != a.id || signal.FromUser == nil || *signal.FromUser != "alice" {
		t.Errorf("webrtc-offer %+v", signal)
	}
	b.emit("webrtc-answer", map[string]any{"targetSocketId": a.id, "answer": "sdp-2"})
	a.want("webrtc-answer", &signal)
	if string(signal.Answer) != `"sdp-2"` || signal.FromSocketID != b.id {
		t.Errorf("webrtc-answer %+v", signal)
	}
	b.emit("webrtc-ice-candidate", map[string]any{"targetSocketId": a.id, "candidate": "c"})
	a.want("webrtc-ice-candidate", &signal)
	if string(signal.Candidate) != `"c"` || signal.FromSocketID != b.id {
		t.Errorf("webrtc-ice-candidate %+v", signal)
	}
}
