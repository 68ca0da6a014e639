package door_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
)

// packet is what a networked-aframe client is told.
type packet struct {
	From, Type string
	Data       json.RawMessage
}

type entity struct {
	NetworkID   string `json:"networkId"`
	Owner       string
	Creator     string
	Template    string
	IsFirstSync bool `json:"isFirstSync"`
	Components  map[string]json.RawMessage
}

// joinRoom enters and waits until it is inside.
func (c *client) joinRoom(room string) {
	c.t.Helper()
	c.emit("joinRoom", map[string]string{"room": room})
	var connected struct {
		JoinedTime int64
		SocketID   string `json:"socketId"`
	}
	c.want("connectSuccess", &connected)
	if connected.JoinedTime == 0 || connected.SocketID == "" {
		c.t.Errorf("connectSuccess %+v", connected)
	}
	c.id = connected.SocketID
}

// occupants waits until exactly these are inside.
func (c *client) occupants(ids ...string) {
	c.t.Helper()
	c.until("occupantsChanged", func(data json.RawMessage) bool {
		var m struct{ Occupants map[string]int64 }
		ok(c.t, json.Unmarshal(data, &m))
		for _, id := range ids {
			if m.Occupants[id] == 0 {
				return false
			}
		}
		return len(m.Occupants) == len(ids)
	})
}

// packet waits for data of a type from somebody.
func (c *client) packet(from, kind string, holds func(json.RawMessage) bool) {
	c.t.Helper()
	c.until("broadcast", func(data json.RawMessage) bool {
		var p packet
		ok(c.t, json.Unmarshal(data, &p))
		return p.From == from && p.Type == kind && holds(p.Data)
	})
}

// sees waits for an entity of somebody that holds accepts, in u or um.
func (c *client) sees(from string, holds func(entity) bool) {
	c.t.Helper()
	c.until("broadcast", func(data json.RawMessage) bool {
		var p packet
		ok(c.t, json.Unmarshal(data, &p))
		if p.From != from {
			return false
		}
		var all struct{ D []entity }
		switch p.Type {
		case "u":
			all.D = make([]entity, 1)
			ok(c.t, json.Unmarshal(p.Data, &all.D[0]))
		case "um":
			ok(c.t, json.Unmarshal(p.Data, &all))
		}
		return slices.ContainsFunc(all.D, holds)
	})
}

// avatar is the first update of an avatar at x.
func avatar(id, owner string, x float64) string {
	return fmt.Sprintf(`{"type":"u","data":{"networkId":%q,"owner":%q,"creator":%q,"lastOwnerTime":1,"template":"#avatar-template","persistent":false,"parent":null,"components":{"0":{"x":%g,"y":1.6,"z":-3},"1":{"x":0,"y":90,"z":0},"2":"#ff0000"},"isFirstSync":true}}`, id, owner, owner, x)
}

func placedAt(x float64) func(entity) bool {
	return func(e entity) bool {
		var p struct{ X float64 }
		return json.Unmarshal(e.Components["0"], &p) == nil && p.X == x
	}
}

// TestNAF plays two scenes, one over each adapter: occupants, avatars, custom
// data to all and to one, and the end.
func TestNAF(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.uws(""), w.socketio("")
	a.joinRoom("post:alice/gallery:main")
	a.occupants(a.id)
	b.joinRoom("post:alice/gallery")
	a.occupants(a.id, b.id)
	b.occupants(a.id, b.id)

	a.emit("broadcast", avatar("a1", a.id, 1))
	b.sees(a.id, func(e entity) bool {
		return placedAt(1)(e) && e.NetworkID == "a1" && e.Template == "#avatar-template" && e.IsFirstSync && string(e.Components["2"]) == `"#ff0000"`
	})
	// Only what changed comes, but all of it reaches who comes later.
	a.emit("broadcast", fmt.Sprintf(`{"type":"um","data":{"d":[{"networkId":"a1","owner":%q,"creator":%q,"lastOwnerTime":1,"template":"#avatar-template","persistent":false,"parent":null,"components":{"0":{"x":2,"y":1.6,"z":-3}},"isFirstSync":false}]}}`, a.id, a.id))
	b.sees(a.id, placedAt(2))
	late := w.uws("")
	late.joinRoom("post:alice/gallery")
	late.sees(a.id, func(e entity) bool { return placedAt(2)(e) && e.IsFirstSync && len(e.Components) == 3 })

	// Things other than the avatar, in order.
	for i := range 5 {
		a.emit("broadcast", fmt.Sprintf(`{"type":"u","data":{"networkId":"ball","owner":%q,"creator":%q,"lastOwnerTime":1,"template":"#ball","persistent":true,"parent":null,"components":{"0":{"x":%d,"y":0,"z":0}},"isFirstSync":true}}`, a.id, a.id, 100+i))
	}
	for i := range 5 {
		b.sees(a.id, func(e entity) bool {
			if e.NetworkID == "ball" && !placedAt(float64(100+i))(e) {
				t.Errorf("ball %d is %s", i, e.Components["0"])
			}
			return e.NetworkID == "ball"
		})
	}
	a.emit("send", fmt.Sprintf(`{"from":"forged","to":%q,"type":"whisper","data":{"n":1}}`, b.id))
	b.packet(a.id, "whisper", func(d json.RawMessage) bool { return string(d) == `{"n":1}` })
	a.emit("broadcast", `{"from":"forged","type":"shout","data":[1,2]}`)
	b.packet(a.id, "shout", func(d json.RawMessage) bool { return string(d) == `[1,2]` })
	late.packet(a.id, "shout", func(json.RawMessage) bool { return true })
	for _, s := range late.heard {
		if s.name == "broadcast" && json.Valid(s.data) {
			var p packet
			ok(t, json.Unmarshal(s.data, &p))
			if p.Type == "whisper" {
				t.Error("a message for one was heard by another")
			}
		}
	}

	a.emit("broadcast", `{"type":"r","data":{"networkId":"ball"}}`)
	b.packet(a.id, "r", func(d json.RawMessage) bool { return string(d) == `{"networkId":"ball"}` })
	late.close()
	b.occupants(a.id, b.id)
	a.close()
	b.occupants(b.id)
}

// TestNAFOwnership: nobody moves or removes what is not theirs.
func TestNAFOwnership(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.uws(""), w.uws("")
	a.joinRoom("global:lobby")
	b.joinRoom("global:lobby")
	a.emit("broadcast", avatar("a1", a.id, 1))
	b.sees(a.id, placedAt(1))
	for update, words := range map[string]string{
		avatar("b1", a.id, 5):                         "own",
		avatar("a1", b.id, 5):                         "avatar",
		`{"type":"r","data":{"networkId":"a1"}}`:      "own",
		`{"type":"r","data":{"networkId":"unknown"}}`: "own",
		avatar("presence-avatar-"+a.id, b.id, 5):      "networkId",
		avatar("b1", b.id, 1e5):                       "327 m",
	} {
		b.emit("broadcast", update)
		b.refused("space-error", words)
	}
	// A thing changes hands.
	thing := func(owner, creator string, x float64) string {
		return fmt.Sprintf(`{"type":"u","data":{"networkId":"ball","owner":%q,"creator":%q,"lastOwnerTime":1,"template":"#ball","persistent":true,"parent":null,"components":{"0":{"x":%g,"y":0,"z":0}},"isFirstSync":true}}`, owner, creator, x)
	}
	a.emit("broadcast", thing(a.id, a.id, 1))
	b.sees(a.id, func(e entity) bool { return e.NetworkID == "ball" })
	b.emit("broadcast", thing(b.id, a.id, 2))
	a.sees(b.id, func(e entity) bool { return e.NetworkID == "ball" && placedAt(2)(e) })
	a.emit("broadcast", `{"type":"r","data":{"networkId":"ball"}}`)
	a.refused("space-error", "own")
	a.emit("broadcast", avatar("a1", a.id, 3))
	b.sees(a.id, placedAt(3))
}

// TestNAFRig: a head in a rig is where the person looks from.
func TestNAFRig(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	watcher := w.socketio("")
	watcher.join(lobbyJoin)
	a := w.uws("")
	a.joinRoom("global:lobby")
	part := func(id, parent, position, rotation string) string {
		return fmt.Sprintf(`{"networkId":%q,"owner":%q,"creator":%q,"lastOwnerTime":1,"template":"#%s","persistent":false,"parent":%s,"components":{"0":%s,"1":%s},"isFirstSync":true}`, id, a.id, a.id, id, parent, position, rotation)
	}
	// The child is announced before its parent.
	a.emit("broadcast", `{"type":"u","data":`+part("head", `"rig"`, `{"x":0,"y":1.6,"z":-1}`, `{"x":0,"y":0,"z":0}`)+`}`)
	a.emit("broadcast", `{"type":"u","data":`+part("rig", `null`, `{"x":10,"y":0,"z":0}`, `{"x":0,"y":90,"z":0}`)+`}`)
	watcher.until("aframe-update", func(data json.RawMessage) bool {
		var m moved
		ok(t, json.Unmarshal(data, &m))
		p := m.EntityData.Position
		return p.X == 9 && p.Y == 1.6 && p.Z == 0 && m.EntityData.Rotation.Y == 90
	})
}

// TestNAFRooms: a room is named by its key, or as the DLUX front end does when
// that can mean one space only.
func TestNAFRooms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for room, enters := range map[string]bool{
		"global:lobby":                 true,
		"post:alice/gallery:main":      true,
		"alice-gallery-main":           true,
		"alice-gallery-main-garden":    true,
		"alice-bob-gallery-main":       false, // alice/bob-gallery or alice-bob/gallery
		"alice-gone-main":              false,
		"alice-gallery":                false,
		"default":                      false,
		"post:alice/nothing":           false,
		"":                             false,
		"a-a-a-a-a-a-a-a-a-a-a-a-main": false,
	} {
		c := w.uws("")
		if enters {
			c.joinRoom(room)
			continue
		}
		c.emit("joinRoom", map[string]string{"room": room})
		c.refused("space-error")
	}
	c := w.uws("")
	c.emit("joinRoom", `{"room":"post:alice/night"}`)
	c.refused("space-error", "not safe for work")
	c = w.uws("?nsfw=true")
	c.joinRoom("post:alice/night")
}
