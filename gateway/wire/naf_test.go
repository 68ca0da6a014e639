package wire_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"presence/gateway/wire"
	"presence/spaces"
)

// TestNAFEvents holds the events to the names and fields that networked-
// aframe's adapters read, over both.
func TestNAFEvents(t *testing.T) {
	t.Parallel()
	chat := func(clientID string, kind spaces.ChatKind) wire.Chat {
		m := line()
		m.ClientID = clientID
		return wire.Chat{Key: lobby, Event: spaces.ChatEvent{Kind: kind, Message: m}}
	}
	const occupants = `{"occupants":{"sid-a":1772600767008,"sid-g":1772600767008}}`
	for name, c := range map[string]struct {
		event wire.SpaceEvent
		want  []string // name, then data
	}{
		"joined":            {wire.Joined{Key: lobby, Self: alice(), Members: []wire.Member{alice()}}, []string{"connectSuccess", `{"joinedTime":1772600767008,"socketId":"sid-a"}`}},
		"roster":            {wire.Roster{Members: slices.Values([]wire.Member{alice(), guest()})}, []string{"occupantsChanged", occupants}},
		"member joined":     {wire.MemberJoined{Member: guest()}, nil},
		"stranger left":     {wire.MemberLeft{Member: guest()}, []string{"broadcast", `{"from":"sid-g","type":"r","data":{"networkId":"presence-avatar-sid-g"}}`}},
		"left":              {wire.Left{Key: lobby}, []string{"occupantsChanged", `{"occupants":{}}`}},
		"kicked":            {wire.Left{Key: lobby, Reason: "be kind"}, []string{"occupantsChanged", `{"occupants":{}}`, "space-error", `{"error":"be kind"}`}},
		"entity":            {wire.Entity{From: alice(), Kind: wire.EntityNAF, Type: "u", Data: json.RawMessage(`{"networkId":"x"}`)}, []string{"broadcast", `{"from":"sid-a","type":"u","data":{"networkId":"x"}}`}},
		"custom":            {wire.Entity{From: alice(), Kind: wire.EntityCustom, Type: "dice", Data: json.RawMessage(`[6]`)}, []string{"broadcast", `{"from":"sid-a","type":"dice","data":[6]}`}},
		"forged nafUpdate":  {wire.Entity{From: alice(), Kind: wire.EntityCustom, Type: "u", Data: json.RawMessage(`{}`)}, nil},
		"forged chat":       {wire.Entity{From: alice(), Kind: wire.EntityCustom, Type: "chat", Data: json.RawMessage(`{"txt":"x","name":"root"}`)}, nil},
		"aframe":            {wire.Entity{From: alice(), Kind: wire.EntityAFrame, Data: json.RawMessage(`{}`)}, nil},
		"chat":              {chat("c", spaces.ChatNew), []string{"broadcast", `{"from":"guest:abcdef","type":"chat","data":{"txt":"سلام","name":"Guest-abcd"}}`}},
		"chat of this door": {chat("naf:1", spaces.ChatNew), nil},
		"edited":            {chat("c", spaces.ChatEdited), nil},
		"refused":           {wire.Refused{Op: "joinRoom", Err: spaces.NoSpace()}, []string{"space-error", `{"error":"Space not found or access denied","code":"not_found","event":"joinRoom"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var uws, socketio []string
			for i := 0; i < len(c.want); i += 2 {
				uws = append(uws, `{"event":"`+c.want[i]+`","data":`+c.want[i+1]+`}`)
				socketio = append(socketio, `42["`+c.want[i]+`",`+c.want[i+1]+`]`)
			}
			if got := payloads(t, wire.NAF{Template: "#avatar"}.Event(nil, c.event)); !slices.Equal(got, uws) {
				t.Errorf("uws:\n%s\nwant\n%s", got, uws)
			}
			if got := payloads(t, wire.NAF{SocketIO: true, Template: "#avatar"}.Event(nil, c.event)); !slices.Equal(got, socketio) {
				t.Errorf("socketio:\n%s\nwant\n%s", got, socketio)
			}
		})
	}
	if got := (wire.NAF{}).Event(nil, wire.MemberLeft{Member: guest()}); len(got) != 0 {
		t.Errorf("a viewer without a template heard of an avatar it was never shown: %s", got)
	}
}

func TestNAFPoses(t *testing.T) {
	t.Parallel()
	a, g := alice().Session, guest().Session
	movers := []wire.Mover{
		{Session: &a, Pose: *alice().Pose, NAF: json.RawMessage(`[{"networkId":"x"}]`)},
		{Session: &g, Pose: *alice().Pose},
	}
	own := `{"event":"broadcast","data":{"from":"sid-a","type":"um","data":{"d":[{"networkId":"x"}]}}}`
	stranger := `{"event":"broadcast","data":{"from":"sid-g","type":"u","data":{"networkId":"presence-avatar-sid-g","owner":"sid-g","creator":"sid-g","lastOwnerTime":1772600767008,"template":"#avatar","persistent":false,"parent":null,"components":{"0":{"x":1,"y":1.6,"z":-3},"1":{"x":0,"y":90,"z":0}},"isFirstSync":true}}}`
	if got := payloads(t, wire.NAF{Template: "#avatar"}.Poses(nil, moment, movers)); !slices.Equal(got, []string{own, stranger}) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	if got := payloads(t, wire.NAF{}.Poses(nil, moment, movers)); !slices.Equal(got, []string{own}) {
		t.Errorf("without a template: %s", got)
	}
}

// nafUpdate is what networked-aframe 0.14 sends for an avatar.
const nafUpdate = `{"networkId":"x1","owner":"sid-a","creator":"sid-a","lastOwnerTime":1772600767008.5,"template":"#avatar-template","persistent":false,"parent":null,"components":{"0":{"x":1,"y":1.6,"z":-3},"1":{"x":0,"y":90,"z":0},"2":"#ff0000"},"isFirstSync":true}`

func TestDecodeNAFUpdate(t *testing.T) {
	t.Parallel()
	all, err := wire.DecodeNAFUpdate("u", []byte(nafUpdate))
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	pose, ok := all[0].Pose()
	turned := spaces.FromEuler(spaces.Vec{Y: 90})
	if !ok || pose.Position != (spaces.Vec{X: 1, Y: 1.6, Z: -3}) || pose.Rotation != turned {
		t.Errorf("pose %+v", pose)
	}
	if got := string(wire.NAFUpdate("u", all)); got != nafUpdate {
		t.Errorf("spelled again: %s", got)
	}
	several, err := wire.DecodeNAFUpdate("um", []byte(`{"d":[{"networkId":"x1","owner":"sid-a","creator":"sid-a","components":{"0":{"x":2,"y":0,"z":0},"01":1,"a":2,"64":3,"3":[1e999],"4":null},"isFirstSync":false}]}`))
	if err != nil || len(several) != 1 || len(several[0].Components) != 2 {
		t.Fatalf("components that cannot be checked stayed: %+v, %v", several, err)
	}
	all[0].Merge(several[0])
	if got := string(all[0].Components["0"]) + string(all[0].Components["2"]); got != `{"x":2,"y":0,"z":0}"#ff0000"` {
		t.Errorf("merged: %s", got)
	}
	if avatar := string(wire.NAFAvatar(&all[0], nil)); !strings.HasPrefix(avatar, `[{"networkId":"x1"`) || !strings.Contains(avatar, `"isFirstSync":true`) {
		t.Errorf("avatar %s", avatar)
	}
	deep := strings.Repeat("[", 20) + strings.Repeat("]", 20)
	if nested, err := wire.DecodeNAFUpdate("u", []byte(`{"networkId":"a","owner":"b","components":{"0":`+deep+`}}`)); err != nil || len(nested[0].Components) != 0 {
		t.Errorf("nested: %+v, %v", nested, err)
	}
	many := make([]string, 65)
	for i := range many {
		many[i] = `"` + strconv.Itoa(i) + `":1`
	}
	for payload, field := range map[string]string{
		`[]`:                           "",
		`{"networkId":7}`:              "networkId",
		`{"networkId":"","owner":"a"}`: "networkId",
		`{"networkId":"presence-avatar-sid-g","owner":"a"}`: "networkId",
		`{"networkId":"a"}`: "owner",
		`{"networkId":"a","owner":"b","template":"` + strings.Repeat("x", 200) + `"}`:  "template",
		`{"networkId":"a","owner":"b","components":{` + strings.Join(many, ",") + `}}`: "components",
		`{"networkId":"` + strings.Repeat("x", wire.MaxEntity) + `"}`:                  "data",
	} {
		_, err := wire.DecodeNAFUpdate("u", []byte(payload))
		refusal(t, err, field)
	}
	_, err = wire.DecodeNAFUpdate("um", []byte(`{"d":[`+strings.Repeat(`{},`, 64)+`{}]}`))
	refusal(t, err, "d")
}

func TestDecodeNAFPacket(t *testing.T) {
	t.Parallel()
	p, err := wire.DecodeNAFPacket([]byte(`{"from":"forged","to":"sid-a","type":"chat","data":{"txt":"hi"}}`))
	if err != nil || p.To != "sid-a" || p.Type != "chat" {
		t.Errorf("decoded %+v, %v", p, err)
	}
	if text, ok := wire.DecodeNAFChat(p.Data); !ok || text != "hi" {
		t.Errorf("text %q, %v", text, ok)
	}
	if _, ok := wire.DecodeNAFChat([]byte(`{"txt":{}}`)); ok {
		t.Error("an object passed for text")
	}
	if p, err := wire.DecodeNAFPacket([]byte(`{"type":"ping"}`)); err != nil || string(p.Data) != "null" {
		t.Errorf("without data: %+v, %v", p, err)
	}
	_, err = wire.DecodeNAFPacket([]byte(`{"data":1}`))
	refusal(t, err, "type")
	_, err = wire.DecodeNAFRoom([]byte(`{}`))
	refusal(t, err, "room")
	_, err = wire.DecodeNAFRemove([]byte(`{"networkId":""}`))
	refusal(t, err, "networkId")
}

// FuzzNAF feeds the decoders of networked-aframe: none may panic, and what is
// accepted is valid when it is spelled again.
func FuzzNAF(f *testing.F) {
	for _, seed := range []string{``, `null`, nafUpdate, `{"d":[` + nafUpdate + `]}`, `{"event":"broadcast","data":{"type":"um","data":{"d":[]}}}`, `{"networkId":"x"}`, `{"room":"a"}`, `{"txt":"a"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		show := func(err error) bool {
			if _, ok := errors.AsType[*spaces.Error](err); err != nil && !ok {
				t.Errorf("an error that may not be shown: %v", err)
			}
			return err == nil
		}
		_, err := wire.DecodeNAFFrame(b)
		show(err)
		_, err = wire.DecodeNAFRoom(b)
		show(err)
		_, err = wire.DecodeNAFRemove(b)
		show(err)
		if p, err := wire.DecodeNAFPacket(b); show(err) && !json.Valid(p.Data) {
			t.Errorf("accepted %q", p.Data)
		}
		wire.DecodeNAFChat(b)
		for _, kind := range []string{"u", "um"} {
			all, err := wire.DecodeNAFUpdate(kind, b)
			if !show(err) || len(all) == 0 {
				continue
			}
			e := all[0]
			e.Merge(all[len(all)-1])
			e.Pose()
			if again := wire.NAFUpdate(kind, all); !json.Valid(again) {
				t.Errorf("spelled again: %q", again)
			}
			if avatar := wire.NAFAvatar(&e, nil); avatar != nil && !json.Valid(avatar) {
				t.Errorf("avatar %q", avatar)
			}
		}
	})
}
