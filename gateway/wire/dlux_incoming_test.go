package wire_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"presence/gateway/wire"
	"presence/spaces"
)

// refusal checks that err may be shown, and names the field.
func refusal(t *testing.T, err error, field string) {
	t.Helper()
	e, ok := errors.AsType[*spaces.Error](err)
	if !ok || e.Field != field {
		t.Errorf("error %v, want one about %q", err, field)
	}
}

func TestDecodeJoinSpace(t *testing.T) {
	t.Parallel()
	j, err := wire.DecodeJoinSpace([]byte(`{"spaceType":"post","spaceId":"alice/gallery","userAccount":"root","position":{"x":1,"y":2,"z":3},"rotation":{"x":0,"y":90,"z":0},"avatar_data":{"a":1},"nsfw":true,"room":"alice/gallery:main","type":"join-space"}`))
	if err != nil {
		t.Fatal(err)
	}
	if j.Key.String() != "post:alice/gallery:main" || !j.NSFW || string(j.Avatar) != `{"a":1}` || j.Pose == nil || j.Pose.Position.Z != 3 {
		t.Errorf("decoded %+v", j)
	}
	if j, err := wire.DecodeJoinSpace([]byte(`{"spaceType":"document","spaceId":12,"subspace":"b","position":null}`)); err != nil || j.Key.String() != "document:12:b" || j.Pose != nil {
		t.Errorf("document: %+v, %v", j, err)
	}
	for payload, field := range map[string]string{
		``:                                       "",
		`"lobby"`:                                "",
		`{`:                                      "",
		`{"spaceType":7}`:                        "spaceType",
		`{"spaceType":"moon","spaceId":"a"}`:     "spaceType",
		`{"spaceType":"global","spaceId":{}}`:    "spaceId",
		`{"spaceType":"post","spaceId":"alice"}`: "spaceId",
		`{"spaceType":"global"}`:                 "spaceId",
		`{"spaceType":"global","spaceId":"lobby","subspace":"a b"}`:                                                "subspace",
		`{"spaceType":"global","spaceId":"lobby","room":"other:main"}`:                                             "room",
		`{"spaceType":"global","spaceId":"lobby","position":{"x":1}}`:                                              "position",
		`{"spaceType":"global","spaceId":"lobby","position":{"x":1,"y":2,"z":1e300}}`:                              "position",
		`{"spaceType":"global","spaceId":"lobby","position":{"x":1,"y":2,"z":3},"rotation":[1,2]}`:                 "rotation",
		`{"spaceType":"global","spaceId":"lobby","avatar_data":"` + strings.Repeat("a", wire.MaxAvatarData) + `"}`: "avatar_data",
	} {
		_, err := wire.DecodeJoinSpace([]byte(payload))
		refusal(t, err, field)
	}
}

func TestDecodeAFrame(t *testing.T) {
	t.Parallel()
	last := spaces.FromEuler(spaces.Vec{Y: 30})
	for payload, want := range map[string]struct {
		pose, entities bool
	}{
		`{"position":{"x":1,"y":2,"z":3}}`:                                {true, false},
		`{"position":{"x":1,"y":2,"z":3},"entities":{}}`:                  {true, false},
		`{"position":{"x":1,"y":2,"z":3},"entities":{"box":{"x":1}}}`:     {true, true},
		`{"position":{"x":1,"y":2,"z":3},"entities":{"avatar":{"x":1}}}`:  {true, false},
		`{"position":{"x":1,"y":2,"z":3},"entities":{"avatar":1,"b":2}}`:  {true, true},
		`{"entityId":"box","position":{"x":1,"y":2,"z":3}}`:               {false, true},
		`{"id":"box","position":"anything"}`:                              {false, true},
		`{"animation":"wave"}`:                                            {false, false},
		`{"position":{"x":1,"y":2,"z":3},"rotation":{"x":0,"y":0,"z":0}}`: {true, false},
	} {
		u, err := wire.DecodeAFrame([]byte(payload), last)
		if err != nil || (u.Pose != nil) != want.pose || u.Entities != want.entities {
			t.Errorf("%s: %+v, %v", payload, u, err)
		}
		if u.Pose != nil && !strings.Contains(payload, "rotation") && u.Pose.Rotation != last {
			t.Errorf("%s: the rotation was not kept", payload)
		}
	}
	_, err := wire.DecodeAFrame([]byte(`{"position":{"x":null,"y":0,"z":0}}`), last)
	refusal(t, err, "position")
	_, err = wire.DecodeAFrame([]byte(`{"a":"`+strings.Repeat("a", wire.MaxEntity)+`"}`), last)
	if spaces.ErrorCode(err) != spaces.CodeTooLarge {
		t.Errorf("a large payload: %v", err)
	}
	_, err = wire.DecodeAFrame([]byte(`{"voice_enabled":"yes"}`), last)
	refusal(t, err, "voice_enabled")
}

func TestDecodeChat(t *testing.T) {
	t.Parallel()
	d, err := wire.DecodeChatMessage([]byte(`{"content":"hi","message_type":"emoji","type":"ignored","parent_message_id":"12","reply_to":3,"client_id":"c","user_account":"root"}`))
	if want := (spaces.Draft{Content: "hi", Type: spaces.MessageEmoji, ParentID: 12, ReplyTo: 3, ClientID: "c"}); err != nil || d != want {
		t.Errorf("decoded %+v, %v", d, err)
	}
	if d, err := wire.DecodeChatMessage([]byte(`{"type":"chat-message","user":"root","message":"hi","timestamp":1}`)); err != nil || d.Content != "hi" {
		t.Errorf("wallet script: %+v, %v", d, err)
	}
	for payload, field := range map[string]string{
		`{"content":{"toString":"x"}}`: "content",
		`{"content":["x"]}`:            "content",
		`{"content":null}`:             "content",
		`{}`:                           "content",
		`{"content":"x","parent_message_id":"seven"}`: "parent_message_id",
		`{"content":"x","parent_message_id":{}}`:      "parent_message_id",
		`{"content":"x","reply_to":-1}`:               "reply_to",
		`{"content":"x","client_id":"naf:1"}`:         "client_id",
	} {
		_, err := wire.DecodeChatMessage([]byte(payload))
		refusal(t, err, field)
	}
	c, err := wire.DecodeChatChange([]byte(`{"messageId":"9","reaction":"👍"}`))
	if want := (wire.ChatChange{MessageID: 9, Reaction: "👍", On: true}); err != nil || c != want {
		t.Errorf("decoded %+v, %v", c, err)
	}
	if c, err := wire.DecodeChatChange([]byte(`{"messageId":9,"reaction":"👍","on":false}`)); err != nil || c.On {
		t.Errorf("taken back: %+v, %v", c, err)
	}
	_, err = wire.DecodeChatChange([]byte(`{"reaction":"👍"}`))
	refusal(t, err, "messageId")
}

func TestDecodeSignal(t *testing.T) {
	t.Parallel()
	s, err := wire.DecodeSignal([]byte(`{"targetSocketId":"sid-a","offer":{"sdp":"x"}}`), wire.SignalOffer)
	if err != nil || s.To != "sid-a" || string(s.Data) != `{"sdp":"x"}` {
		t.Errorf("decoded %+v, %v", s, err)
	}
	for payload, field := range map[string]string{
		``:                                 "",
		`null`:                             "",
		`{"offer":{}}`:                     "targetSocketId",
		`{"targetSocketId":{},"offer":{}}`: "targetSocketId",
		`{"targetSocketId":"sid-a"}`:       "offer",
	} {
		_, err := wire.DecodeSignal([]byte(payload), wire.SignalOffer)
		refusal(t, err, field)
	}
}

func TestDecodeRaw(t *testing.T) {
	t.Parallel()
	m, err := wire.DecodeRaw([]byte(`{"type":"chess-move","from":"e2","socketId":"forged","userAccount":"root","room":"alice/gallery:main"}`))
	if err != nil || m.Type != "chess-move" || m.Room != "alice/gallery:main" {
		t.Fatalf("decoded %+v, %v", m, err)
	}
	c, err := m.Custom()
	if err != nil || c.Name != "chess-move" || string(c.Data) != `{"from":"e2","room":"alice/gallery:main"}` {
		t.Errorf("custom %+v, %v", c, err)
	}
	for payload, field := range map[string]string{`[]`: "", `{}`: "type", `{"type":1}`: "type", `{"type":"a b"}`: "type"} {
		_, err := wire.DecodeRaw([]byte(payload))
		refusal(t, err, field)
	}
	for _, word := range []string{"user-left", "space-joined", "chat-error"} {
		m, err := wire.DecodeRaw([]byte(`{"type":"` + word + `"}`))
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Custom()
		refusal(t, err, "type")
	}
}

// FuzzDLUX feeds every decoder of the first server's doors: none may panic,
// what is accepted is valid, and what is refused may be shown.
func FuzzDLUX(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{}`, `[]`, `{"spaceType":"post","spaceId":"alice/gallery","subspace":"main","position":{"x":1,"y":2,"z":3}}`,
		`{"position":{"x":1,"y":2,"z":3},"rotation":{"x":1e308,"y":0,"z":0},"entities":{"a":1}}`,
		`{"content":"hi","parent_message_id":7}`, `{"messageId":9,"reaction":"x","on":false}`, `{"targetSocketId":"a","offer":{}}`,
		`{"type":"chess-move","room":"a/b:main","socketId":1}`, `{"name":"x","data":[1]}`, `{"typing":true,"emote":"wave"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		show := func(err error) bool {
			if _, ok := errors.AsType[*spaces.Error](err); err != nil && !ok {
				t.Errorf("an error that may not be shown: %v", err)
			}
			return err == nil
		}
		if j, err := wire.DecodeJoinSpace(b); show(err) {
			if again, err := spaces.ParseKeyText(j.Key.String()); err != nil || again != j.Key {
				t.Errorf("key %v", j.Key)
			}
		}
		if u, err := wire.DecodeAFrame(b, spaces.Quat{W: 1}); show(err) && !json.Valid(b) {
			t.Errorf("accepted %q as %+v", b, u)
		}
		_, err := wire.DecodeChatMessage(b)
		show(err)
		_, err = wire.DecodeChatChange(b)
		show(err)
		if s, err := wire.DecodeSignal(b, wire.SignalCandidate); show(err) && !json.Valid(s.Data) {
			t.Errorf("accepted %q", s.Data)
		}
		_, err = wire.DecodeTyping(b)
		show(err)
		_, err = wire.DecodeEmote(b)
		show(err)
		if c, err := wire.DecodeCustom(b); show(err) {
			checkCustom(t, c)
		}
		if m, err := wire.DecodeRaw(b); show(err) {
			if c, err := m.Custom(); show(err) {
				checkCustom(t, c)
			}
		}
	})
}

// checkCustom checks that everybody who receives c can read it, and that it
// says who it is from.
func checkCustom(t *testing.T, c wire.Custom) {
	t.Helper()
	e := wire.Entity{From: alice(), Kind: wire.EntityCustom, Type: c.Name, Data: c.Data}
	for _, text := range payloads(t, wire.DLUX{Raw: true}.Event(nil, e)) {
		var m struct {
			Type     string `json:"type"`
			SocketID string `json:"socketId"`
		}
		if err := json.Unmarshal([]byte(text), &m); err != nil || m.SocketID != "sid-a" {
			t.Errorf("%s: %v", text, err)
		}
	}
}
