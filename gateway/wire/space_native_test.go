package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
)

// native decodes the only frame of an event.
func native(t *testing.T, e wire.SpaceEvent) map[string]any {
	t.Helper()
	frame := (wire.Native{}).Event(nil, e)
	var message map[string]any
	count := 0
	for payload, binary := range wire.SplitFrames(frame) {
		count++
		if err := json.Unmarshal(payload, &message); err != nil || binary {
			t.Fatalf("%s: %v", payload, err)
		}
	}
	if count != 1 {
		t.Fatalf("%d frames for %+v", count, e)
	}
	return message
}

// nativeExample is an event and the fields its message has.
type nativeExample struct {
	event  wire.SpaceEvent
	fields string
}

var (
	exampleSession = spaces.Session{
		ID: "s1", Subject: "hive:alice", Account: "alice", Name: `Ali"ce ☺`, Door: spaces.DoorNative,
		Avatar: json.RawMessage(`{"hat":"red"}`), Voice: true, ConnectedAt: time.UnixMilli(1_800_000_000_000),
	}
	exampleMember = wire.Member{Session: exampleSession, Ref: 7, Pose: &spaces.Pose{Position: spaces.Vec{X: 1.5, Y: -0.0305, Z: -326.9}, Rotation: spaces.Quat{W: 1}}}
	exampleGuest  = wire.Member{Session: spaces.Session{ID: "s2", Subject: "guest:b", Guest: true, Door: spaces.DoorNAF}, Ref: 8}
)

// nativeExamples has an event for each type of message but hello.
func nativeExamples() map[string]nativeExample {
	now := time.UnixMilli(1_800_000_000_000)
	alice, bob := exampleMember, exampleGuest
	key := spaces.Key{Type: spaces.TypeGlobal, ID: spaces.Lobby, Subspace: spaces.MainSubspace}
	space := spaces.Space{Key: key, Title: "Lobby", Kind: spaces.KindLobby, Owner: "hive:alice", Settings: spaces.DefaultSettings(spaces.TypeGlobal)}
	e := spaces.ChatEvent{Seq: 3, Kind: spaces.ChatNew, Message: spaces.Message{ID: 9, Key: key, Content: "مرحبا", Mentions: []string{}, Reactions: []spaces.Reaction{}}}
	return map[string]nativeExample{
		"joined": {
			wire.Joined{Key: key, Space: space, Role: spaces.SpaceGuest, CanWrite: true, Self: alice, Members: []wire.Member{alice, bob}, ChatSeq: 5, Tick: 50 * time.Millisecond, At: now},
			"can_write chat_seq description kind members now nsfw owner role self settings space tick_ms title type",
		},
		"waiting":        {wire.Waiting{Key: key, Position: 1, Length: 2, Seats: 3}, "length position seats space type"},
		"left":           {wire.Left{Key: key, Reason: "x"}, "reason space type"},
		"member.joined":  {wire.MemberJoined{Member: alice}, "member type"},
		"member.changed": {wire.MemberChanged{Member: bob}, "member type"},
		"member.left":    {wire.MemberLeft{Member: alice}, "ref session type"},
		"chat":           {wire.Chat{Key: key, Event: e}, "event type"},
		"typing":         {wire.Typing{Key: key}, "sessions type"},
		"signal":         {wire.Signal{From: alice, Kind: "offer", Data: json.RawMessage(`{}`)}, "data from kind type"},
		"emote":          {wire.Emote{From: alice, Emote: "wave"}, "emote from type"},
		"entity":         {wire.Entity{From: alice, Kind: wire.EntityAFrame, Data: json.RawMessage(`{}`)}, "data from type"},
		"custom":         {wire.Entity{From: alice, Kind: wire.EntityCustom, Type: "x", Data: json.RawMessage(`[1]`)}, "data from name type"},
		"ack":            {wire.Ack{Request: json.RawMessage(`"a"`), Body: struct{ Now int }{1}}, "Now id type"},
		"error":          {wire.Refused{Request: json.RawMessage(`1`), Op: "join", Err: spaces.Invalid("space", "no")}, "code field fix id message op type"},
	}
}

// TestNativeEvents: every event is one JSON text with the fields that the
// protocol names.
func TestNativeEvents(t *testing.T) {
	t.Parallel()
	alice, bob := exampleMember, exampleGuest
	for name, c := range nativeExamples() {
		m := native(t, c.event)
		var fields []string
		for f := range m {
			fields = append(fields, f)
		}
		slices.Sort(fields)
		if got := strings.Join(fields, " "); m["type"] != name || got != c.fields {
			t.Errorf("%s is %v: %s, want %s", name, m["type"], got, c.fields)
		}
	}
	m := native(t, wire.MemberJoined{Member: alice})["member"].(map[string]any)
	if m["name"] != `Ali"ce ☺` || !reflect.DeepEqual(m["pose"].(map[string]any)["p"], []any{1.5, -0.0305, -326.9}) || m["avatar"].(map[string]any)["hat"] != "red" || m["ref"] != 7.0 {
		t.Errorf("a member is %v", m)
	}
	if m := native(t, wire.MemberJoined{Member: bob})["member"].(map[string]any); m["avatar"] != nil || m["guest"] != true || m["pose"] != nil {
		t.Errorf("a guest is %v", m)
	}
	if m := native(t, wire.Refused{Op: "x", Err: errors.New("secret of the database")}); m["code"] != "internal" || strings.Contains(m["message"].(string), "secret") {
		t.Errorf("a fault of ours is %v", m)
	}
	if m := native(t, wire.Ack{Request: json.RawMessage(`1`)}); len(m) != 2 {
		t.Errorf("an empty answer is %v", m)
	}
	for _, silent := range []wire.SpaceEvent{wire.Ack{Body: 1}, wire.Roster{}, wire.Entity{Kind: wire.EntityNAF}} {
		if b := (wire.Native{}).Event(nil, silent); len(b) > 0 {
			t.Errorf("%+v is told as %q", silent, b)
		}
	}
}

// TestNativePoses: all movers are in one binary frame, whatever its length.
func TestNativePoses(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 10, 200, 6000} {
		movers := make([]wire.Mover, n)
		for i := range movers {
			movers[i] = wire.Mover{Ref: uint16(i + 1), Pose: spaces.Pose{Rotation: spaces.Quat{W: 1}}}
			if i%3 == 0 {
				movers[i].Pose.Left = &spaces.Hand{Rotation: spaces.Quat{W: 1}}
			}
		}
		frames := 0
		for payload, binary := range wire.SplitFrames((wire.Native{}).Poses([]byte{}, time.UnixMilli(77), movers)) {
			frames++
			at, records, err := wire.DecodePoses(payload)
			if err != nil || !binary || at != 77 || len(records) != n || records[n-1].Ref != uint16(n) {
				t.Fatalf("%d movers: %v, %d, %d records", n, err, at, len(records))
			}
		}
		if frames != 1 {
			t.Fatalf("%d movers are in %d frames", n, frames)
		}
	}
}

// TestDecodeNative: good requests, and the field at fault of bad ones.
func TestDecodeNative(t *testing.T) {
	t.Parallel()
	for text, op := range map[string]string{
		`{"type":"join","id":1,"space":"post:alice/gallery:main","pose":{"p":[1,2,3]},"avatar":{"a":1},"nsfw":true}`: "join",
		`{"type":"join","space":"global:lobby","pose":{"p":[1,2,3],"r":[0,0,0,1]},"unknown":1}`:                      "join",
		`{"type":"leave"}`:                                              "leave",
		`{"type":"avatar","avatar":{}}`:                                 "avatar",
		`{"type":"voice","on":true}`:                                    "voice",
		`{"type":"typing","on":false}`:                                  "typing",
		`{"type":"emote","emote":"wave"}`:                               "emote",
		`{"type":"signal","to":"x","kind":"offer","data":{}}`:           "signal",
		`{"type":"entity","data":[1]}`:                                  "entity",
		`{"type":"custom","name":"chess-move","data":null}`:             "custom",
		`{"type":"custom","name":"x","to":"y","data":1}`:                "custom",
		`{"type":"chat.send","id":"a","client_id":"c","content":"hi"}`:  "chat.send",
		`{"type":"chat.edit","message_id":1,"content":"ho"}`:            "chat.edit",
		`{"type":"chat.delete","message_id":1}`:                         "chat.delete",
		`{"type":"chat.react","message_id":1,"reaction":"👍","on":true}`: "chat.react",
		`{"type":"chat.history"}`:                                       "chat.history",
		`{"type":"chat.history","before":7,"limit":5}`:                  "chat.history",
		`{"type":"chat.since","seq":0}`:                                 "chat.since",
		`{"type":"chat.read","message_id":3}`:                           "chat.read",
		`{"type":"ping"}`:                                               "ping",
	} {
		r, err := wire.DecodeNative([]byte(text))
		if err != nil || r.Op != op || r.Body == nil {
			t.Errorf("%s is %+v, %v", text, r, err)
		}
	}
	for text, field := range map[string]string{
		``: "", `[]`: "", `1`: "", `"ping"`: "", `{"type":"ping"`: "", "{\"type\":\"ping\",\"x\":\"\xff\"}": "",
		`{}`: "type", `{"type":1}`: "type", `{"type":"dance"}`: "type",
		`{"type":"ping","id":{}}`: "id", `{"type":"ping","id":true}`: "id", `{"type":"ping","id":"` + strings.Repeat("x", 70) + `"}`: "id",
		`{"type":"join"}`: "space", `{"type":"join","space":1}`: "space", `{"type":"join","space":"x"}`: "space", `{"type":"join","space":"planet:x"}`: "space_type",
		`{"type":"join","space":"global:lobby","pose":{"p":[1]}}`: "pose", `{"type":"join","space":"global:lobby","pose":7}`: "pose",
		`{"type":"join","space":"global:lobby","avatar":"x"}`: "avatar",
		`{"type":"avatar"}`: "avatar", `{"type":"avatar","avatar":[]}`: "avatar",
		`{"type":"voice"}`: "on", `{"type":"voice","on":"yes"}`: "on", `{"type":"typing"}`: "on", `{"type":"emote"}`: "emote",
		`{"type":"signal","kind":"offer","data":{}}`: "to", `{"type":"signal","to":"x","kind":"offer"}`: "data",
		`{"type":"entity"}`: "data", `{"type":"custom","data":1}`: "name", `{"type":"custom","name":"x"}`: "data",
		`{"type":"chat.send"}`: "content", `{"type":"chat.edit","content":"x"}`: "message_id", `{"type":"chat.edit","message_id":1}`: "content",
		`{"type":"chat.delete","message_id":-1}`: "message_id", `{"type":"chat.react","message_id":1,"on":true}`: "reaction",
		`{"type":"chat.react","message_id":1,"reaction":"x"}`: "on", `{"type":"chat.since"}`: "seq", `{"type":"chat.read"}`: "message_id",
	} {
		r, err := wire.DecodeNative([]byte(text))
		var e *spaces.Error
		if !errors.As(err, &e) || e.Code != spaces.CodeInvalid || e.Field != field || e.Message == "" {
			t.Errorf("%s is %+v, %v; want a fault of %q", text, r, err, field)
		}
	}
	if r, _ := wire.DecodeNative([]byte(`{"type":"emote","id":"x1"}`)); string(r.ID) != `"x1"` || r.Op != "emote" {
		t.Errorf("the fault of a request with an id is about %+v", r)
	}
}

// FuzzNative: whatever a client says is refused with a reason or is a request
// whose id can be repeated.
func FuzzNative(f *testing.F) {
	for _, op := range wire.NativeRequests() {
		f.Add([]byte(`{"type":"` + op + `","id":1,"space":"global:lobby","message_id":1,"content":"x","on":true,"name":"n","to":"t","data":{},"seq":1,"reaction":"r","emote":"e","avatar":{},"pose":{"p":[1,2,3]}}`))
	}
	f.Add([]byte(`{"type":"ping","id":1e5}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := wire.DecodeNative(b)
		var answer wire.SpaceEvent = wire.Ack{Request: r.ID, Body: r.Body}
		if err != nil {
			if spaces.ErrorCode(err) != spaces.CodeInvalid {
				t.Fatalf("%q: %v", b, err)
			}
			answer = wire.Refused{Request: r.ID, Op: r.Op, Err: err}
		} else if r.Body == nil || r.Op == "" {
			t.Fatalf("%q is %+v", b, r)
		}
		if err == nil && len(r.ID) == 0 {
			return
		}
		native(t, answer)
	})
}

// TestRollOfJoined: who is inside reads the same whether it was encoded for one
// or for many.
func TestRollOfJoined(t *testing.T) {
	t.Parallel()
	joined := wire.Joined{Members: []wire.Member{{Session: spaces.Session{ID: "a"}, Ref: 1}, {Session: spaces.Session{ID: "b"}, Ref: 2, Pose: &spaces.Pose{}}}}
	alone := wire.Native{}.Event(nil, joined)
	joined.Roll = wire.Native{}.Roll(nil, joined.Members)
	if shared := (wire.Native{}).Event(nil, joined); !bytes.Equal(alone, shared) {
		t.Errorf("%s\n%s", alone, shared)
	}
}
