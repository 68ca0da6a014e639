package door_test

import (
	"encoding/json"
	"testing"

	"github.com/coder/websocket"

	"presence/gateway/wire"
	"presence/spaces"
)

// TestDoorsMeet puts one person through every door into one space: all see each
// other, see each other move, and read what each writes.
func TestDoorsMeet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	people := map[string]*client{
		"socketio": w.socketio(`{"token":"` + w.token("hive:alice") + `"}`),
		"raw":      w.raw(),
		"naf":      w.uws(""),
		"native":   w.native(w.token("hive:bob")),
	}
	people["socketio"].join(`{"spaceType":"post","spaceId":"alice/gallery"}`)
	people["raw"].join(scriptJoin)
	people["naf"].joinRoom("alice-gallery-main")
	people["native"].emit("", `{"type":"join","space":"post:alice/gallery"}`)
	var self struct {
		Self    struct{ Session string }
		Members []struct {
			Session, Door string
			Ref           uint16
		}
	}
	people["native"].want("joined", &self)
	people["native"].id = self.Self.Session
	if len(self.Members) != len(people) {
		t.Fatalf("inside are %+v", self.Members)
	}
	refs := map[string]uint16{}
	for _, m := range self.Members {
		refs[m.Session] = m.Ref
	}
	people["naf"].occupants(people["socketio"].id, people["raw"].id, people["naf"].id, people["native"].id)

	// Everybody moves; the scene first, because its own avatar's template is
	// what it shows the others in.
	move := map[string]func(c *client){
		"naf":      func(c *client) { c.emit("broadcast", avatar("n1", c.id, 1)) },
		"socketio": func(c *client) { c.emit("aframe-update", `{"position":{"x":2,"y":1.6,"z":0}}`) },
		"raw":      func(c *client) { c.emit("", `{"type":"aframe-update","position":{"x":3,"y":1.6,"z":0}}`) },
		"native": func(c *client) {
			c.binary(wire.AppendClientPose(nil, &spaces.Pose{Position: spaces.Vec{X: 4, Y: 1.6}, Rotation: spaces.Quat{W: 1}}))
		},
	}
	place := map[string]float64{"naf": 1, "socketio": 2, "raw": 3, "native": 4}
	for _, who := range []string{"naf", "socketio", "raw", "native"} {
		move[who](people[who])
		for viewer, c := range people {
			if viewer != who {
				c.seesAt(viewer, people[who].id, refs[people[who].id], place[who])
			}
		}
	}

	// Everybody writes, and so does somebody over REST.
	write := map[string]func(c *client){
		"naf":      func(c *client) { c.emit("broadcast", `{"type":"chat","data":{"txt":"from naf","name":"admin"}}`) },
		"socketio": func(c *client) { c.emit("chat-message", `{"content":"from socketio"}`) },
		"raw":      func(c *client) { c.emit("", `{"type":"chat-message","message":"from raw"}`) },
		"native":   func(c *client) { c.emit("", `{"type":"chat.send","client_id":"1","content":"from native"}`) },
	}
	for who, c := range people {
		write[who](c)
		for viewer, c := range people {
			if viewer != "naf" || who != "naf" { // a scene shows its own lines itself
				c.reads(viewer, "from "+who)
			}
		}
	}
	_, err := w.chat.Send(t.Context(), spaces.Viewer{Subject: "hive:carol", Name: "carol"}, content[0].Key(), spaces.Draft{Content: "from rest"})
	ok(t, err)
	for viewer, c := range people {
		c.reads(viewer, "from rest")
	}

	// An application's message crosses the doors as well.
	people["raw"].emit("", `{"type":"dice","six":6}`)
	people["naf"].packet(people["raw"].id, "dice", func(d json.RawMessage) bool { return string(d) == `{"six":6}` })
	people["socketio"].want("custom", nil)
	people["native"].want("custom", nil)

	// Leaving is seen at every door.
	people["socketio"].close()
	people["raw"].want("user-left", nil)
	people["native"].want("member.left", nil)
	people["naf"].packet(people["socketio"].id, "r", func(json.RawMessage) bool { return true })
	people["naf"].occupants(people["raw"].id, people["naf"].id, people["native"].id)
}

// seesAt waits until a client of a door sees somebody at x.
func (c *client) seesAt(door, session string, ref uint16, x float64) {
	c.t.Helper()
	switch door {
	case "naf":
		c.sees(session, placedAt(x))
	case "native":
		c.until("binary", func(b json.RawMessage) bool {
			_, poses, err := wire.DecodePoses(b)
			ok(c.t, err)
			for _, p := range poses {
				if p.Ref == ref && p.Pose.Position.X == x {
					return true
				}
			}
			return false
		})
	default:
		c.until("aframe-update", func(data json.RawMessage) bool {
			var m moved
			ok(c.t, json.Unmarshal(data, &m))
			return m.SocketID == session && m.EntityData.Position.X == x
		})
	}
}

// reads waits until a client of a door is shown a line.
func (c *client) reads(door, text string) {
	c.t.Helper()
	switch door {
	case "naf":
		c.until("broadcast", func(data json.RawMessage) bool {
			var p packet
			ok(c.t, json.Unmarshal(data, &p))
			var line struct{ Txt, Name string }
			return p.Type == "chat" && json.Unmarshal(p.Data, &line) == nil && line.Txt == text && line.Name != ""
		})
	case "native":
		c.until("chat", func(data json.RawMessage) bool {
			var m struct {
				Event struct{ Message struct{ Content string } }
			}
			ok(c.t, json.Unmarshal(data, &m))
			return m.Event.Message.Content == text
		})
	default:
		c.until("chat-message", func(data json.RawMessage) bool {
			var r row
			ok(c.t, json.Unmarshal(data, &r))
			return r.Content == text && r.DisplayName != "admin"
		})
	}
}

func (c *client) binary(b []byte) {
	c.t.Helper()
	ok(c.t, c.ws.Write(c.t.Context(), websocket.MessageBinary, b))
}
